"""A corpus made ready for analysis under the options of a run, and links cut from it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos import countries
from netpos.analysis.technologies import Technology, family_technologies, load_technologies
from netpos.errors import InputError, OptionError
from netpos.graph import links as graph_links
from netpos.graph import residence
from netpos.graph.links import Citations, Mask, Shares, Spread, gathered
from netpos.ingest.applicants import apply_aliases
from netpos.ingest.citations import OFFICE_BITS
from netpos.ingest.corpus import Corpus, reading
from netpos.ingest.derive import merge_parties
from netpos.ingest.user_tables import read_aliases, read_residences
from netpos.options import EXPORT, Options
from netpos.tables import Links, rounded

Span = tuple[int, int]
#: What is read of the parties.
_OF_PARTIES = ("family", "role", "applicant", "residence", "person", "share")
#: What of the families is held as long as the run lasts.
_HELD = ("family", "priority_year", "publication_year", "international")
#: Rows of the symbols read at a time: as many as a corpus writes at a time.
_AT_ONCE = 1 << 20
#: The union of the listed technologies, each family once.
UNION = "all"


def _pieces(corpus: Corpus, name: str, *columns: str) -> Iterator[pl.DataFrame]:
    """Rows of a table in their order, some at a time, of some columns."""
    table = corpus.scan(name).select(columns)
    for start in range(0, int(table.select(pl.len()).collect().item()), _AT_ONCE):
        yield table.slice(start, _AT_ONCE).collect()


class _Unchanged(Corpus):
    """A corpus whose tables, read later than the study was made, are those it was made from."""

    def table(self, name: str) -> pl.DataFrame:
        """Read a whole table.

        Raises
        ------
        InputError
            Another run is changing the corpus, or has changed it since it was opened.
        """
        if name in self.tables:
            return self.tables[name]
        with reading(self):
            return super().table(name)

    def scan(self, name: str) -> pl.LazyFrame:
        """Read a table lazily; raises as `table` does."""
        if name in self.tables:
            return self.tables[name].lazy()
        with reading(self):
            return super().scan(name)


@dataclass(frozen=True)
class Tables:
    """What a run reads of a corpus, all of it at once: the corpus may change on disk later.

    ``families`` has the columns of `_HELD`, ``outside`` the dates of documents outside, and
    ``applicants`` one row per family and applicant, with the user's aliases applied.
    """

    families: pl.DataFrame
    outside: pl.DataFrame
    applicants: pl.DataFrame
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
    member: Mapping[str, Mask]
    ends: Mapping[str, Mask]
    years: NDArray[np.float64]
    located: pl.DataFrame
    shares: Shares
    pairs: Citations
    all_pairs: Citations
    data_date: dt.date
    warnings: tuple[str, ...]

    @property
    def rows(self) -> int:
        """Families and documents outside."""
        return int(self.years.size)

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
        return [t.id for t in self.technologies] + [UNION]

    def _known(self, technology: str) -> None:
        if technology not in self.member:
            known = ", ".join(self.names)
            raise OptionError(f"technology '{technology}' is unknown", remedy=f"known: {known}")

    def _drops_self_citations(self, kind: str) -> bool:
        drop = {"default": kind == "organisation", "keep": False, "drop": True}
        return drop[self.options.self_citations]

    def links_mask(self, technology: str, span: Span, *, kind: str = "country") -> Mask:
        """Which pairs make up the links of a technology and span."""
        self._known(technology)
        chosen = graph_links.select(
            self.pairs, self.ends[technology], self.years, span, scope=self.options.scope
        )
        if self._drops_self_citations(kind):
            chosen &= ~self.pairs.self_citation
        return chosen

    @property
    def year_of_membership(self) -> int:
        """The reference year of memberships: that of the data date."""
        return self.data_date.year

    def in_span(self, span: Span) -> Mask:
        """Rows whose year lies in the span."""
        return np.asarray((self.years >= span[0]) & (self.years <= span[1]))

    def chosen(self, technology: str, span: Span) -> Mask:
        """Seed families of a technology whose year lies in the span."""
        return np.asarray(self.member[technology] & self.in_span(span))

    def located_families(self, technology: str, span: Span) -> tuple[float, float]:
        """Number of families with a country, and of international ones among them."""
        chosen = self.chosen(technology, span) & self.shares.located
        return float(chosen.sum()), float(self.international[chosen].sum())

    @cached_property
    def spread(self) -> Spread:
        """Pairs spread over countries."""
        return Spread.of(self.pairs, self.shares)

    @cached_property
    def organisation_spread(self) -> Spread:
        """Pairs spread over organisations."""
        return Spread.of(self.pairs, self.organisations)

    @cached_property
    def citing_families(self) -> NDArray[np.float64]:
        """Distinct citing families per row, documents outside each counting as one."""
        return np.bincount(self.all_pairs.cited, minlength=self.rows).astype(np.float64)

    def _of_families(self, column: str) -> NDArray[np.float64]:
        out = np.full(self.rows, np.nan)
        values = self.tables.families[column].cast(pl.Float64)
        out[: self.families] = values.fill_null(float("nan")).to_numpy()
        return out

    @cached_property
    def priority_years(self) -> NDArray[np.float64]:
        """Priority year per row, NaN for documents outside."""
        return self._of_families("priority_year")

    @cached_property
    def publication_years(self) -> NDArray[np.float64]:
        """Year of first publication per row, NaN where not known."""
        out = self._of_families("publication_year")
        outside = self.tables.outside["date"].dt.year().cast(pl.Float64)
        out[self.families :] = outside.fill_null(float("nan")).to_numpy()
        return out

    @property
    def fields(self) -> dict[str, Mask]:
        """Families of each listed technology, without the union."""
        return {name: mask for name, mask in self.member.items() if name != UNION}

    @cached_property
    def international(self) -> NDArray[np.float64]:
        """1 for families at two or more offices, at EP or at WO."""
        out = np.zeros(self.rows)
        out[: self.families] = self.tables.families["international"].cast(pl.Float64)
        return out

    def links(
        self,
        technology: str,
        span: Span,
        *,
        scope: graph_links.Scope | None = None,
        kind: Literal["country", "organisation"] = "country",
        period: str | None = None,
    ) -> Links:
        """Cut the links of one technology and span."""
        self._known(technology)
        found = graph_links.build(
            self.pairs,
            self.spread if kind == "country" else self.organisation_spread,
            self.shares if kind == "country" else self.organisations,
            self.member[technology],
            self.years,
            span,
            ends=self.ends[technology],
            scope=scope or self.options.scope,
            kind=kind,
            drop_self=self._drops_self_citations(kind),
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

    @cached_property
    def home(self) -> pl.DataFrame:
        """Country of each organisation; see `home_countries`."""
        return home_countries(self)


def prepare(corpus: Corpus, options: Options) -> Study:
    """Apply the options to a corpus.

    Raises
    ------
    InputError
        A file named in the options cannot be used.
    OptionError
        An option does not fit.
    """
    options = options.model_copy(update={"focal": countries.check_focal(options.focal)})
    corpus = _Unchanged(corpus.manifest, corpus.folder, corpus.tables)
    path = Path(options.technologies) if options.technologies else None
    technologies = load_technologies(path)
    located, shares, applicants = country_shares(corpus, options)
    families = corpus.columns("families", *_HELD, "documents", "family_size", "role")
    outside = corpus.columns("outside", "date")
    n = families.height
    tables = Tables(families.select(_HELD), outside, applicants, options.counting)
    rows = tables.rows
    published = np.full(rows, np.nan)
    published[:n] = _numbers(families["publication_year"])
    published[n:] = _numbers(outside["date"].dt.year())
    years = published
    if options.year_by == "priority":  # of documents outside none is known
        years = np.full(rows, np.nan)
        years[:n] = _numbers(families["priority_year"])
    data_date = _data_date(corpus, options)
    pairs = counted_pairs(corpus, options, published, data_date, lambda: tables.organisations)
    all_pairs = pairs
    if any(getattr(options, name) != value for name, value in NO_FILTERS.items()):
        unfiltered = options.model_copy(update=NO_FILTERS)
        all_pairs = counted_pairs(corpus, unfiltered, published, data_date)
    member, ends = members(corpus, options, technologies, rows)
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
        tuple(_warnings(corpus, families, options, member, years)),
    )


def _numbers(column: pl.Series) -> NDArray[np.float64]:
    """A column of numbers, NaN where it has none."""
    return column.cast(pl.Float64).fill_null(float("nan")).to_numpy()


def country_shares(corpus: Corpus, options: Options) -> tuple[pl.DataFrame, Shares, pl.DataFrame]:
    """Countries of families by the rules of the options.

    Parameters
    ----------
    corpus, options
        See `prepare`; of the options ``by, counting, residences, office_proxy, merge_cn`` and
        ``aliases`` are looked at.

    Returns
    -------
    (table, shares, applicants)
        ``family, country, share, rule`` before counting; what is counted, families first, then
        documents outside; and the applicants of each family, see `Tables`.

    Raises
    ------
    InputError
        A file named in the options cannot be used.
    """
    wanted = ("priority_offices", "offices") if options.office_proxy else ("priority_offices",)
    families = corpus.columns("families", "family", *wanted)
    n, outside = families.height, corpus.scan("outside").select(pl.len()).collect().item()
    lookup, outside_shares = _lookup(corpus, options, n)
    parties = _parties(corpus, options)
    located = residence.family_countries(
        families,
        parties,
        by=options.by,
        lookup=lookup,
        office_proxy=options.office_proxy,
        merge_cn=options.merge_cn,
    )
    applicants = parties.filter(pl.col("role") == "applicant")
    del families, parties  # most of the parties are inventors, who are needed no more
    held = [residence.counted(part, options.counting) for part in (located, outside_shares)]
    table = pl.concat(part.select("family", "country", "share") for part in held)
    return located, Shares.of(table, "country", n + outside), applicants


#: The options that decide which pairs count, when all do.
NO_FILTERS: Mapping[str, object] = {
    "phase": "all",
    "category": "all",
    "citing_office": "all",
    "window": None,
}


def counted_pairs(
    corpus: Corpus,
    options: Options,
    published: NDArray[np.float64],
    data_date: dt.date,
    organisations: Callable[[], Shares] | None = None,
) -> Citations:
    """Pairs of families that pass the filters of the options.

    With a window only links within so many years count, and only those to cohorts that have the
    whole window behind them.

    Parameters
    ----------
    corpus, options
        See `prepare`; of the options those of `NO_FILTERS` are looked at.
    published
        Year of publication of each row, NaN where unknown.
    data_date
        Latest publication in the data.
    organisations
        See `netpos.graph.links.citations`.

    Raises
    ------
    OptionError
        A filter is unknown.
    """
    pairs = graph_links.citations(
        corpus.scan("citations"),
        corpus.scan("families").select(pl.len()).collect().item(),
        organisations=organisations,
        phase=options.phase,
        category=options.category,
        office_bits=_office_bits(options.citing_office),
    )
    if options.window is None:
        return pairs
    of_cited = gathered(published, pairs.cited)
    age = gathered(published, pairs.citing) - of_cited
    full = of_cited + options.window <= data_date.year - 1
    return pairs.kept((age >= 0) & (age <= options.window) & full)


def _parties(corpus: Corpus, options: Options) -> pl.DataFrame:
    """Applicants and inventors, with the user's aliases applied."""
    if not options.aliases:
        return corpus.columns("applicants", *_OF_PARTIES)
    table = corpus.applicants
    rules = read_aliases(Path(options.aliases)).select("name", organisation="canonical")
    applicant = pl.col("role") == "applicant"
    firms = table.filter(applicant & pl.col("applicant").is_not_null())
    names = firms.select(name="applicant_as_filed", clean="applicant").unique()
    names = names.sort("name", "clean")
    joined = names.select(
        applicant_as_filed="name",
        applicant="clean",
        organisation=apply_aliases(names, rules)["clean"],
    )
    renamed = table.join(
        joined, on=["applicant_as_filed", "applicant"], how="left", maintain_order="left"
    ).with_columns(
        applicant=pl.when(applicant)
        .then(pl.coalesce("organisation", "applicant"))
        .otherwise("applicant")
    )
    return merge_parties(renamed.drop("share", "organisation")).select(_OF_PARTIES)


def members(
    corpus: Corpus, options: Options, technologies: tuple[Technology, ...], rows: int
) -> tuple[dict[str, Mask], dict[str, Mask]]:
    """Seed families of each technology, and families that can be an end of its links.

    Parameters
    ----------
    corpus, options
        See `prepare`; of the options ``narrow, symbols, utility_models, design`` are looked at.
    technologies
        Their definitions.
    rows
        Families and documents outside: the length of each mask.
    """
    families = corpus.columns("families", "role", "utility")
    n = families.height
    seed = np.zeros(rows, dtype=bool)
    usable = np.zeros(rows, dtype=bool)
    utility = pl.col("utility") if options.utility_models == "drop" else pl.lit(value=False)
    usable[:n] = families.select(~utility.fill_null(value=False)).to_series().to_numpy()
    seed[:n] = (families["role"] == "seed").to_numpy()
    seed &= usable
    names = [technology.id for technology in technologies]
    ends = {name: np.zeros(rows, dtype=bool) for name in [*names, UNION]}
    # a symbol belongs to a technology or not, whatever the others are
    for piece in _pieces(corpus, "classifications", "family", "scheme", "symbol"):
        found = family_technologies(
            piece.cast({"scheme": pl.String}),
            technologies,
            narrow=options.narrow,
            symbols_from=options.symbols,
        )
        for (name,), part in found.group_by("technology"):
            ends[str(name)][part["family"].to_numpy()] = True
    for name in names:
        ends[name] &= usable
        ends[UNION] |= ends[name]
    if options.design == "focal":
        return {name: mask & seed for name, mask in ends.items()}, ends
    for mask in ends.values():
        mask &= seed
    return ends, ends


def _lookup(corpus: Corpus, options: Options, n: int) -> tuple[pl.DataFrame | None, pl.DataFrame]:
    """The user's residences by family, and countries of documents outside the corpus."""
    parts = [pl.DataFrame(schema=dict(residence.SHARES))]
    lookup = None
    if options.residences:
        given = read_residences(Path(options.residences)).with_columns(
            pl.col("share").fill_null(1.0)
        )
        resolved = countries.resolve(given["country"])["country"]
        given = given.with_columns(country=resolved).drop_nulls("country")
        lookup = (
            given.join(
                pl.concat(
                    [
                        corpus.columns("documents", "lens_id", "family").drop_nulls("family"),
                        corpus.columns("members", "lens_id", "family"),
                    ]
                ).unique(),
                on="lens_id",
                how="inner",
            )
            .group_by("family", "country")
            .agg(pl.col("share").sort().sum())
        )
        named = given.join(
            corpus.columns("outside", "outside", "lens_id"), on="lens_id", how="inner"
        )
        total = pl.col("share").sort().sum().over("outside")
        summed = named.group_by("outside", "country").agg(pl.col("share").sort().sum())
        parts.append(
            summed.select(
                family=(pl.col("outside") + n).cast(pl.Int32),
                country="country",
                share=pl.col("share") / total,
                rule=pl.lit("lookup"),
            )
        )
    if options.office_proxy:
        outside = corpus.columns("outside", "outside", "office", "date")
        codes = countries.resolve(outside["office"], outside["date"])["country"]
        proxy = outside.select(
            family=(pl.col("outside") + n).cast(pl.Int32),
            country=codes,
            share=pl.lit(1.0),
            rule=pl.lit("office"),
        ).drop_nulls("country")
        known = parts[-1]["family"].unique()
        parts.append(proxy.filter(~pl.col("family").is_in(known.implode())))
    found = pl.concat(parts)
    if options.merge_cn:
        found = found.with_columns(pl.col("country").replace({"HK": "CN", "MO": "CN"}))
    return lookup, found.sort("family", "country")


def _office_bits(text: str) -> int | None:
    if text == "all":
        return None
    codes = [c.strip().upper() for c in text.split(",") if c.strip()]
    unknown = [c for c in codes if c not in OFFICE_BITS]
    if unknown or not codes:
        remedy = "write codes of patent offices, as EP,WO, or all"
        raise OptionError(f"--citing-office {text}: unknown office", remedy=remedy)
    return sum(1 << OFFICE_BITS[c] for c in set(codes))


def _data_date(corpus: Corpus, options: Options) -> dt.date:
    if options.data_date:
        return dt.date.fromisoformat(options.data_date)
    latest = corpus.scan("documents").select(pl.col("published").max()).collect().item()
    if not isinstance(latest, dt.date):
        raise InputError("no record has a publication date", remedy="pass --data-date YYYY-MM-DD")
    return latest


def _warnings(
    corpus: Corpus,
    families: pl.DataFrame,
    options: Options,
    member: Mapping[str, Mask],
    years: NDArray[np.float64],
) -> list[str]:
    """What the reader must know, in sentences that the report repeats."""
    found = []
    forms = {i["form"] for i in corpus.manifest["inputs"]}
    if forms <= {"lens-csv", "lens-legacy-jsonl"}:
        found.append(
            "These exports list no cited documents and no country of a party: sizes, shares and "
            "trends are computed with the priority office as country; no citation network can be "
            "made. Export JSON or JSONL from Lens for that."
        )
    if not options.technologies and not member[UNION].any():
        found.append("No family matches any technology: is this the right list?")
    elif not member[UNION].any():
        found.append(f"No family matches any technology of {options.technologies}.")
    everyone = years[member[UNION]]
    if everyone.size:
        out = np.mean(~((everyone >= options.first) & (everyone <= options.last)))
        if out > 0.5:
            found.append(
                f"{out:.0%} of the families lie outside {options.first}-{options.last}; "
                "check --from and --to."
            )
        if not (everyone <= options.first - 5).any() and "lens-csv" not in forms:
            found.append(
                f"Back-file missing: no family is published in or before {options.first - 5}, so "
                "citations received are understated for older knowledge."
            )
    if (options.residences or options.office_proxy) and options.scope == "closed":
        found.append(
            "Residences from a look-up or the office proxy locate cited documents outside the "
            "corpus only with --scope citing; the closed scope does not use them there."
        )
    strange = [c for c in corpus.manifest.get("residence_codes", []) if c["country"] is None]
    if strange:
        shown = ", ".join(f"{c['code']} ({c['parties']:,})" for c in strange[:8])
        found.append(
            f"Residence codes that are no country were set aside: {shown}"
            f"{' and more' if len(strange) > 8 else ''}."
        )
    if options.design == "focal":
        found.append(
            "Design focal: the corpus holds the focal country's families and their surroundings. "
            "Its balance, sources and dependents are complete as far as both ends were fetched; "
            "world shares and ranks, core, distance, PageRank and other countries' sizes are left "
            "out."
        )
    if options.complexity == EXPORT:
        found.append(
            "Complexity is computed from the subclasses of this export, a selection of all "
            "patenting: it says how rare they are among these families, not in the world."
        )
    if options.office_proxy:
        found.append("Office proxy: where no residence is known the publishing office stands in.")
    sizes = families["family_size"]
    stated = int(sizes.sum() or 0)
    if stated:
        known = families.filter(pl.col("family_size").is_not_null())["documents"].sum()
        if known / stated < 0.8:
            found.append(
                f"Families are incomplete: {known:,} of {stated:,} members are in the corpus "
                f"({known / stated:.0%}); ask for whole families when exporting."
            )
    return found


def coverage_table(study: Study) -> pl.DataFrame:
    """Who located the families, and how many citations have both ends located.

    One row per technology, period and rule; ``all`` sums the rules and alone fills the columns on
    citations: ordered family pairs with a citing end in the technology and period, those whose
    cited family is in the corpus, and those with a country at both ends.
    """
    n = study.families
    rule = np.full(study.rows, "", dtype=object)
    first = study.located.unique("family", keep="first", maintain_order=True)
    rule[first["family"].to_numpy()] = first["rule"].to_numpy()
    located = study.shares.located
    inside_both = (study.pairs.citing < n) & (study.pairs.cited < n)
    both = gathered(located, study.pairs.citing) & gathered(located, study.pairs.cited)
    rows: list[tuple[object, ...]] = []
    for technology in study.names:
        for period, span in study.options.spans():
            chosen = study.chosen(technology, span)
            names, counts = np.unique(rule[chosen], return_counts=True)
            by_rule = dict(zip(names.tolist(), counts.tolist(), strict=True))
            citing = gathered(chosen, study.pairs.citing)
            for name in residence.RULES:
                count = by_rule.get(name, 0)
                known = 0 if name == "unknown" else count
                rows.append((technology, period, count, known, name, None, None, None))
            total = int(chosen.sum())
            rows.append(
                (
                    technology,
                    period,
                    total,
                    total - by_rule.get("unknown", 0),
                    "all",
                    int(citing.sum()),
                    int((citing & inside_both).sum()),
                    int((citing & both).sum()),
                )
            )
    return pl.DataFrame(
        rows,
        orient="row",
        schema={
            "technology": pl.String,
            "period": pl.String,
            "families": pl.Int64,
            "families_with_country": pl.Int64,
            "rule": pl.String,
            "citations": pl.Int64,
            "citations_resolved": pl.Int64,
            "citations_located": pl.Int64,
        },
    )


def home_countries(study: Study) -> pl.DataFrame:
    """The country of each organisation: the one with its largest summed share, ties by code."""
    parties = study.applicants.filter(
        (pl.col("role") == "applicant")
        & ~pl.col("person")
        & pl.col("applicant").is_not_null()
        & pl.col("residence").is_not_null()
    )
    return (
        parties.group_by("applicant", "residence")
        .agg(pl.col("share").sort().sum())
        .pipe(rounded)
        .sort("applicant", "share", "residence", descending=[False, True, False])
        .unique("applicant", keep="first", maintain_order=True)
        .select(organisation="applicant", country="residence")
    )


def country_links(
    corpus: Corpus,
    *,
    technology: str = UNION,
    years: Span = (2015, 2025),
    options: Options | None = None,
) -> Links:
    """Country links of one technology and span: a shortcut for notebooks.

    Parameters
    ----------
    corpus
        From `netpos.read`.
    technology
        Id of a technology, or ``all`` for the union.
    years
        First and last year of the citing families.
    options
        Further options; default those of the command line.
    """
    return prepare(corpus, options or Options()).links(technology, years)


def organisation_links(
    corpus: Corpus,
    *,
    technology: str = UNION,
    years: Span = (2015, 2025),
    options: Options | None = None,
) -> Links:
    """Organisation links of one technology and span; see `country_links`."""
    return prepare(corpus, options or Options()).links(technology, years, kind="organisation")
