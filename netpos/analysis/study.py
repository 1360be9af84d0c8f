"""A corpus made ready for analysis under the options of a run, and links cut from it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos import countries
from netpos.analysis import notes
from netpos.analysis.chosen import (
    NO_FILTERS,
    UNION,
    Marks,
    PinnedCorpus,
    counted_pairs,
    members_begun,
    technologies_of,
    whole_families,
)
from netpos.analysis.located import country_shares, home_countries
from netpos.analysis.technologies import Technology
from netpos.errors import InputError, OptionError
from netpos.graph import links as graph_links
from netpos.graph import residence
from netpos.graph.links import Citations, Mask, Shares, Spread
from netpos.indicators import markets, value
from netpos.indicators.residuals import Sampled
from netpos.indicators.trend import last_whole_year
from netpos.ingest.corpus import Corpus, open_corpus
from netpos.options import Options
from netpos.tables import Links

Span = tuple[int, int]
Kind = Literal["country", "organisation"]
_SELECTIONS, _KEEPING = 4, Lock()  # selections of pairs kept, by whatever thread
_AT_ONCE = 1 << 23  # pairs counted at a time
#: Pairs up to which time counts more than memory.
MOST_QUICK = 4_000_000
#: What of the families is held as long as the run lasts.
_HELD = ("family", "priority_year", "publication_year", "international")


@dataclass(frozen=True)
class Tables:
    """What a run reads of a corpus, all of it at once: the corpus may change on disk later.

    ``families`` has the columns of `_HELD`, ``outside`` the dates of documents outside, and
    ``applicants`` one row per family and applicant, with the user's aliases applied;
    ``seed_citations`` counts the citing families of each pair without the records of the context.
    """

    families: pl.DataFrame
    outside: pl.DataFrame
    applicants: pl.DataFrame
    seed_citations: NDArray[np.integer]
    counting: residence.Counting

    @property
    def rows(self) -> int:
        """Families and documents outside."""
        return self.families.height + self.outside.height

    @cached_property
    def organisations(self) -> Shares:
        """Organisations of each family, by the counting rule."""
        held = residence.family_organisations(self.applicants, counting=self.counting)
        return Shares.of(held, "organisation", self.rows)


@dataclass(frozen=True)
class Study:
    """Arrays over families (and documents outside the corpus behind them) for one run.

    ``member[technology]`` marks the seed families of a technology, ``ends`` those that can be an
    end of its links (with ``--design focal`` also families of the context); ``years`` is the year
    of each row by the chosen basis; ``shares`` holds countries by the counting rule,
    ``organisations`` organisations; ``located`` is the table of family, country, share, rule.
    ``pairs`` are the citations that the options leave, ``all_pairs`` all of them, for counts of
    citations per family and value.
    """

    corpus: Corpus
    options: Options
    tables: Tables
    technologies: tuple[Technology, ...]
    member: Marks
    ends: Marks
    years: NDArray[np.float64]
    located: pl.DataFrame
    shares: Shares
    pairs: Citations
    all_pairs: Citations
    data_date: dt.date
    warnings: tuple[str, ...]

    def __repr__(self) -> str:
        """Say in one line what is studied; the arrays have millions of numbers."""
        options = self.options
        return (
            f"Study({self.families:,} simple families, {len(self.technologies)} technologies, "
            f"{options.focal}, {options.first}-{options.last}, data of {self.data_date})"
        )

    @property
    def rows(self) -> int:
        """Families and documents outside."""
        return int(self.years.size)

    @property
    def is_large(self) -> bool:
        """Whether there are so many pairs that memory counts more than time."""
        return len(self.pairs) > MOST_QUICK

    @property
    def applicants(self) -> pl.DataFrame:
        """Applicants of each family; see `Tables`."""
        return self.tables.applicants

    @property
    def organisations(self) -> Shares:
        """Organisations of each family, by the counting rule."""
        return self.tables.organisations

    @property
    def families(self) -> int:
        """Families in the corpus."""
        return self.tables.families.height

    @property
    def names(self) -> list[str]:
        """Technologies in the order of their definitions, the union last."""
        return list(dict.fromkeys([*(t.id for t in self.technologies), UNION]))

    def _known(self, technology: str) -> None:
        if technology not in self.member:
            remedy = f"known: {', '.join(self.names)}"
            raise OptionError(f"technology '{technology}' is unknown", remedy=remedy)

    def drops_self_citations(self, kind: Kind = "country") -> bool:
        """Tell whether links between families that share an organisation are left out."""
        drop = {"default": kind == "organisation", "keep": False, "drop": True}
        return drop[self.options.self_citations]

    def links_mask(
        self,
        technology: str,
        span: Span,
        *,
        scope: graph_links.Scope | None = None,
        kind: Kind = "country",
        keep_self: bool = False,
    ) -> Mask:
        """Select the pairs that make up the links of a technology and span.

        Every table of links, every number made of links and every list of what is behind them
        starts from this mask.

        Parameters
        ----------
        technology, span
            Id of the technology (``all``: the union); first and last year of the citing families.
        scope
            Which ends must be in the technology; default that of the run.
        kind
            What the nodes are: it decides on self-citations where the run leaves them to it.
        keep_self
            Also those within an organisation, whatever the options say.

        Raises
        ------
        OptionError
            The technology or the scope is unknown.
        """
        self._known(technology)
        chosen = self._selected(technology, span, scope or self.options.scope).copy()
        if not keep_self and self.drops_self_citations(kind):
            chosen &= ~self.pairs.self_citation
        if kind == "organisation":
            chosen &= ~self.too_wide
        return chosen

    def _selected(self, technology: str, span: Span, scope: graph_links.Scope) -> Mask:
        """Select the pairs of a technology, span and scope."""
        kept, key = self._selections, (technology, span, scope)
        if (found := kept.get(key)) is None:
            member, years = self.ends[technology], self.years
            known = self._selected(technology, span, "citing") if scope == "closed" else None
            found = graph_links.select(self.pairs, member, years, span, scope=scope, known=known)
            with _KEEPING:
                while len(kept) >= (_SELECTIONS // 2 if self.is_large else _SELECTIONS):
                    kept.pop(next(iter(kept)))
                kept[key] = found
        return found

    @cached_property
    def _selections(self) -> dict[tuple[str, Span, graph_links.Scope], Mask]:
        """Keep the last selections, which tables of a technology ask for again."""
        return {}

    @cached_property
    def located_ends(self) -> tuple[Mask, Mask]:
        """Which pairs have a country at the citing and at the cited end."""
        of, located = graph_links.gathered, self.shares.located
        return of(located, self.pairs.citing), of(located, self.pairs.cited)

    def shares_of(self, kind: Kind) -> Shares:
        """Return countries or organisations of each family, by the counting rule."""
        return self.shares if kind == "country" else self.organisations

    def spread_of(self, kind: Kind) -> Spread:
        """Return pairs spread over countries or organisations."""
        return self.spread if kind == "country" else self.organisation_spread

    @cached_property
    def sampled(self) -> Sampled:
        """The corpus as a sample of organisations, for the errors of residuals."""
        return Sampled.of(self.pairs, self.spread, self.shares, self.organisations)

    def let_go(self, *names: str) -> None:
        """Forget what can be made again, which takes a moment; without a name all of it."""
        for name in names or ("sampled", "_selections", "spread", "located_ends", "too_wide"):
            self.__dict__.pop(name, None)

    @cached_property
    def counted(self) -> Mask:
        """Which pairs count between countries: all, or those between different organisations."""
        drops = self.drops_self_citations("country")
        every = np.broadcast_to(np.True_, len(self.pairs))  # takes no room
        return ~self.pairs.self_citation if drops else every

    @cached_property
    def memberships(self) -> pl.DataFrame | None:
        """Years of entry of countries in blocs as the user gave them; None: the shipped ones."""
        path = self.options.memberships
        return countries.memberships(Path(path)) if path else None

    @property
    def year_of_membership(self) -> int:
        """The reference year of memberships: that of the data date."""
        return self.data_date.year

    def in_span(self, span: Span) -> Mask:
        """Return rows whose year lies in the span."""
        return np.asarray((self.years >= span[0]) & (self.years <= span[1]))

    def may_lie_in_span(self, span: Span) -> Mask:
        """Return rows whose year lies in the span, and documents outside whose year may.

        A document outside without a date may lie in any span, with ``--year-by priority`` also one
        that was published in the span or later.
        """
        inside = self.in_span(span)
        published = self.publication_years[self.families :]
        early = published < span[0]
        late = published > span[1] if self.options.year_by == "publication" else early
        inside[self.families :] = ~(early | late)
        return inside

    def truncated(self, last: int) -> bool:
        """Tell whether the data end too early to know all families of a year.

        By year of publication a year is whole when it is over at the data date; by year of
        priority only 18 months later, when applications have been published.
        """
        return last > last_whole_year(self.data_date, self.options.year_by)

    def chosen(self, technology: str, span: Span) -> Mask:
        """Return seed families of a technology whose year lies in the span."""
        return np.asarray(self.member[technology] & self.in_span(span))

    def located_families(self, technology: str, span: Span) -> tuple[float, float]:
        """Return the number of families with a country, and of international ones among them."""
        chosen = self.chosen(technology, span) & self.shares.located
        return float(chosen.sum()), float(self.international[chosen].sum())

    @cached_property
    def spread(self) -> Spread:
        """Pairs spread over countries."""
        return Spread.of(self.pairs, self.shares)

    @cached_property
    def organisation_spread(self) -> Spread:
        """Pairs spread over organisations."""
        return Spread.of(self.pairs, self.organisations, left_out=self.too_wide)

    def spread_of_chosen(self, chosen: Mask) -> Spread:
        """Return some pairs spread over organisations: all of them take much memory."""
        return Spread.of(self.pairs, self.organisations, left_out=~chosen)

    @cached_property
    def too_wide(self) -> Mask:
        """Pairs between families of so many organisations that no links are made of them."""
        return graph_links.too_wide(self.pairs, self.organisations)

    @cached_property
    def citing_families(self) -> NDArray[np.int32]:
        """Distinct citing families per row, documents outside each counting as one.

        Those of the context count as what they would be without it: documents outside.
        """
        found, number = np.zeros(self.rows, dtype=np.int32), self.tables.seed_citations
        alike = not any(number.strides)  # without a context, see `prepare`
        for start in range(0, number.size, _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            each = None if alike else number[part]
            found += np.bincount(self.all_pairs.cited[part], each, self.rows).astype(np.int32)
        return found * number[0].astype(np.int32) if alike and number.size else found

    def _of_families(self, column: str) -> NDArray[np.float64]:
        out = np.full(self.rows, np.nan)
        out[: self.families] = _numbers(self.tables.families[column])
        return out

    @property
    def priority_years(self) -> NDArray[np.float64]:
        """Priority year per row, NaN for documents outside."""
        if self.options.year_by == "priority":
            return self.years
        return self._of_families("priority_year")

    @property
    def publication_years(self) -> NDArray[np.float64]:
        """Year of first publication per row, NaN where not known."""
        if self.options.year_by == "publication":
            return self.years
        out = self._of_families("publication_year")
        out[self.families :] = _numbers(self.tables.outside["date"].dt.year())
        return out

    @property
    def fields(self) -> dict[str, Mask]:
        """Families of each listed technology, without the union; no documents outside."""
        return {t.id: self.member.families(t.id) for t in self.technologies}

    @cached_property
    def offices_known(self) -> bool:
        """Whether any export lists the offices of the members of a family."""
        return bool(self.corpus.columns("families", "offices_known").to_series().any())

    @cached_property
    def international(self) -> NDArray[np.int8]:
        """1 for families at two or more offices, at EP or at WO."""
        out = np.zeros(self.rows, dtype=np.int8)
        out[: self.families] = self.tables.families["international"].cast(pl.Int8)
        return out

    def links(
        self,
        technology: str,
        span: Span,
        *,
        scope: graph_links.Scope | None = None,
        kind: Kind = "country",
        period: str | None = None,
    ) -> Links:
        """Cut the links of one technology and span."""
        chosen = self.links_mask(technology, span, scope=scope, kind=kind)
        found = graph_links.build(
            chosen,
            self.spread if kind == "country" else self.spread_of_chosen(chosen),
            self.shares_of(kind),
            self.member[technology],
            self.years,
            span,
            scope=scope or self.options.scope,
            kind=kind,
            always=self.options.focal if kind == "country" else None,
            measures={
                "families_international": self.international,
                "cited_by_families": self.citing_families,
            },
            technology=technology,
            period=period or f"{span[0]}-{span[1]}",
            counting=self.options.counting,
        )
        if kind == "country":
            return found
        nodes = found.nodes.join(
            self.home, left_on="node", right_on="organisation", how="left", maintain_order="left"
        )
        return replace(found, nodes=nodes)

    def valued_documents(self) -> Iterator[pl.DataFrame]:
        """Yield documents that can give a family markets, some families at a time: those of the
        context move no value.
        """
        columns = [name for name in markets.DOCUMENTS if name != "family"]
        for part in whole_families(self.corpus, "documents", *columns, "role"):
            yield part.filter(pl.col("role") == "seed").drop("role")

    @cached_property
    def valued(self) -> value.Valuation:
        """Value of every family; see `netpos.indicators.value`."""
        n = self.families  # documents outside the corpus are in no market
        return value.valuation(
            self.valued_documents(),
            self.citing_families[:n].astype(np.float64),
            self.priority_years[:n],
            self.fields,
            data_date=self.data_date,
        )

    @cached_property
    def home(self) -> pl.DataFrame:
        """Country of each organisation; see `home_countries`."""
        return home_countries(self)


def prepare(corpus: Corpus | Path | str, options: Options | None = None) -> Study:
    """Apply the options to a corpus.

    Parameters
    ----------
    corpus
        From `netpos.read`, or the folder of a corpus.
    options
        Default: those of the command line.

    Raises
    ------
    InputError
        The folder holds no corpus, or a file named in the options cannot be used.
    OptionError
        An option does not fit, or what is given is no corpus.
    """
    options = options or Options()
    if isinstance(corpus, str | Path):
        corpus = open_corpus(Path(corpus))
    if not isinstance(corpus, Corpus):
        problem = f"a {type(corpus).__name__} is no corpus"
        raise OptionError(problem, remedy="make one with netpos.read, or name its folder")
    options = options.model_copy(
        update={"focal": countries.check_focal(options.focal, unions=True)}
    )
    corpus = PinnedCorpus(corpus.manifest, corpus.folder, corpus.tables)
    technologies = technologies_of(options.technologies)
    families = corpus.columns("families", *_HELD, "documents", "family_size", "role")
    outside, n = corpus.columns("outside", "date"), families.height
    with members_begun(corpus, options, technologies, n + outside.height) as marks:
        located, shares, applicants = country_shares(corpus, options)
        counts = corpus.columns("citations", "seed_citations").to_series()
        seed_citations = counts.shrink_dtype().to_numpy()  # of one byte where that suffices
        if counts.n_unique() == 1:  # without a context they are all 1
            seed_citations = np.broadcast_to(seed_citations[0], seed_citations.size)
        del counts
        held = families.select(_HELD)
        tables = Tables(held, outside, applicants, seed_citations, options.counting)
        of_outside = _numbers(outside["date"].dt.year())
        published = np.concatenate([_numbers(families["publication_year"]), of_outside])
        years = published
        if options.year_by == "priority":  # of documents outside none is known
            years = np.full(tables.rows, np.nan)
            years[:n] = _numbers(families["priority_year"])
        data_date = _data_date(corpus, options)
        pairs = counted_pairs(corpus, options, published, data_date, lambda: tables.organisations)
        all_pairs = pairs
        if any(getattr(options, name) != value for name, value in NO_FILTERS.items()):
            unfiltered = options.model_copy(update=NO_FILTERS)
            all_pairs = counted_pairs(corpus, unfiltered, published, data_date)
        member, ends = marks()
    return Study(
        corpus,
        options,
        tables,
        technologies,
        member,
        ends,
        years,
        located,
        shares,
        pairs,
        all_pairs,
        data_date,
        tuple(notes.warnings(corpus, families, options, member, years, technologies)),
    )


def _numbers(column: pl.Series) -> NDArray[np.float64]:
    """Return a column of numbers, NaN where it has none."""
    return column.cast(pl.Float64).fill_null(float("nan")).to_numpy()


def _data_date(corpus: Corpus, options: Options) -> dt.date:
    if options.data_date:
        return dt.date.fromisoformat(options.data_date)
    latest = corpus.manifest.get("newest")
    if latest is None:
        raise InputError("no record has a publication date", remedy="pass --data-date YYYY-MM-DD")
    return dt.date.fromisoformat(latest)
