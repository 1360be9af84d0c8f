"""The families and holders behind a number: the one place where they are summed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos.analysis.study import Kind, Span, Study
from netpos.analysis.titles import family_titles
from netpos.errors import OptionError
from netpos.graph import dependence
from netpos.graph.links import Mask, Rows, Scope, Shares, Spread, gathered
from netpos.tables import DIGITS, RANKED, Family, Links, Owner, rounded

#: Organisations, classification groups and families named behind a number.
NAMED = 3
#: Links whose families are listed at a time.
_AT_ONCE = 4 << 20
#: Ranks with more families behind them are not listed in the report.
MOST = 20
#: The same for the country in focus, whose families come first.
MOST_FOCAL = 60
#: Sums over the links of a node, and the end at which their families stand; ``sources`` is what is
#: given to other nodes with the cited end in any technology.
STRENGTHS: dict[str, Literal["citing", "cited"]] = {
    "received": "cited",
    "given": "citing",
    "domestic": "citing",
    "sources": "citing",
}
#: Sums over the families of a node.
SIZES = (
    "families",
    "families_international",
    "families_to_date",
    "cited_by_families",
    "value",
)


def behind_links(
    study: Study,
    technology: str,
    span: Span,
    cells: Mask,
    *,
    end: Literal["citing", "cited"],
    scope: Scope | None = None,
    kind: Kind = "country",
    keep_self: bool = False,
    spread: Spread | None = None,
) -> pl.DataFrame:
    """Sum links by the family at one end.

    Parameters
    ----------
    study, technology, span, scope, kind, keep_self
        Which links; see `Study.links_mask`.
    cells
        Which pairs of nodes, by the number they have in the `Spread`.
    end
        Whose families.
    spread
        The pairs, or those of them that matter, over the nodes. Default: that of the study.

    Returns
    -------
    pl.DataFrame
        ``cell`` (pair of nodes), ``family``, ``weight`` [family links by the counting rule], sorted
        by cell and family. The weights of a cell sum to that of the link.
    """
    spread = spread or study.spread_of(kind)
    chosen = study.links_mask(technology, span, scope=scope, kind=kind, keep_self=keep_self)
    families = study.pairs.citing if end == "citing" else study.pairs.cited
    return _by_family(
        spread, gathered(cells, spread.cell) & gathered(chosen, spread.pair), families
    )


def _by_family(spread: Spread, keep: Mask, families: Rows) -> pl.DataFrame:
    """Sum entries of a spread by cell and family, given the family of each pair."""
    return (
        pl.DataFrame(
            {
                "cell": spread.cell[keep],
                "family": families[spread.pair[keep]].astype(np.int32),
                "weight": spread.weight[keep],
            }
        )
        .group_by("cell", "family")
        .agg(pl.col("weight").sort().sum())
        .sort("cell", "family")
    )


def behind_node(
    study: Study,
    technology: str,
    span: Span,
    node: str,
    quantity: str,
    *,
    kind: Kind = "country",
) -> pl.DataFrame:
    """List what each family adds to a sum of a country or organisation.

    Parameters
    ----------
    study, technology, span
        Of a run.
    node
        The country or organisation; nothing is behind one that is not in the study.
    quantity
        One of `STRENGTHS` or `SIZES`.
    kind
        What the node is.

    Returns
    -------
    pl.DataFrame
        ``family`` Int32, ``part`` Float64 > 0 [unit of the quantity], sorted by family.

    Raises
    ------
    OptionError
        There is no such quantity.
    """
    shares = study.shares_of(kind)
    at = shares.names.index(node) if node in shares.names else -1
    if quantity in STRENGTHS:
        i, j = study.spread_of(kind).ends
        cells = {
            "received": (j == at) & (i != at),
            "given": (i == at) & (j != at),
            "domestic": (i == at) & (j == at),
            "sources": (i == at) & (j != at),
        }
        found = behind_links(
            study,
            technology,
            span,
            cells[quantity],
            end=STRENGTHS[quantity],
            scope="citing" if quantity == "sources" else None,
            kind=kind,
        )
        summed = found.group_by("family").agg(part=pl.col("weight").sort().sum())
        return summed.filter(pl.col("part") > 0).sort("family")
    if quantity not in SIZES:
        known = ", ".join([*SIZES, *STRENGTHS])
        raise OptionError(f"'{quantity}' is no sum over families", remedy=f"known: {known}")
    held = shares.held_by(node)
    to_date = quantity == "families_to_date"
    held *= study.member[technology] & (study.years <= span[1] if to_date else study.in_span(span))
    if quantity == "families_international":
        held *= study.international
    elif quantity == "cited_by_families":
        held *= study.citing_families
    elif quantity == "value":
        held[: study.families] *= study.valued.value
        held[study.families :] = 0.0
    return behind_families(held)


def behind_families(parts: NDArray[np.float64]) -> pl.DataFrame:
    """List the families with a part above 0, given the part of each row of a study.

    Examples
    --------
    >>> behind_families(np.array([0.5, 0.0, 2.0])).rows()
    [(0, 0.5), (2, 2.0)]
    """
    row = np.flatnonzero(parts > 0)
    return pl.DataFrame({"family": row.astype(np.int32), "part": parts[row]})


def ranked_cells(
    study: Study,
    technology: str,
    span: Span,
    cells: Iterable[tuple[str, str]],
    *,
    most: int = MOST,
    most_focal: int = MOST_FOCAL,
) -> dict[tuple[str, str], list[Family]]:
    """List the families behind ranks of countries, those that count most first.

    Behind the rank by families stand the located shares of each family of the country; behind the
    rank by citations received stand, for each of its families, the citations from other countries.
    Their sum is the number that is ranked.

    Parameters
    ----------
    study, technology, span
        Of a run.
    cells
        Country and ``family_rank`` or ``received_rank``.
    most, most_focal
        A cell with more families is left out, one of the country in focus with more than that.

    Returns
    -------
    dict
        Cell -> families, by contribution [families, or citations], then by id. A cell with none,
        or with a document outside the corpus among them, is left out.
    """
    tables: dict[tuple[str, str], pl.DataFrame] = {}
    for country, column in cells:
        table = behind_node(study, technology, span, country, RANKED[column])
        limit = most_focal if country == study.options.focal else most
        if 0 < table.height <= limit and table["family"][-1] < study.families:
            tables[country, column] = table
    if not tables:
        return {}
    documents = _one_document(study, pl.concat(t["family"] for t in tables.values()))
    found: dict[tuple[str, str], list[Family]] = {}
    for cell, table in tables.items():
        listed = rounded(table.join(documents, on="family", how="inner"))
        order = listed.sort(["part", "family_id"], descending=[True, False])
        rows = order.select("family_id", "lens_id", "part").iter_rows()
        found[cell] = [Family(*row) for row in rows]
    return found


def _one_document(study: Study, families: pl.Series) -> pl.DataFrame:
    """Return the id of each of these families and the first of its Lens ids."""
    return (
        study.corpus.scan("documents")
        .select("family", "family_id", "lens_id")
        .filter(pl.col("family").is_in(families.unique().implode()))
        .collect()
        .group_by("family")
        .agg(pl.col("family_id").first(), pl.col("lens_id").min())
    )


def owners(study: Study, families: Collection[str]) -> dict[str, Owner]:
    """Tell who filed families, and when; natural persons are never named.

    Parameters
    ----------
    study
        Of a run.
    families
        Ids of families; documents outside the corpus are left out.

    Returns
    -------
    dict
        Id -> year by the clock of the run, organisations by their part in it, whether a person
        filed too, title.
    """
    ids = study.corpus.columns("families", "family", "family_id")
    asked = ids.filter(pl.col("family_id").is_in(list(families)))
    parties = study.applicants.filter(pl.col("role") == "applicant").join(
        asked, on="family", how="inner"
    )
    named = (
        parties.filter(~pl.col("person") & pl.col("applicant").is_not_null())
        .group_by("family", "applicant")
        .agg(pl.col("share").sort().sum())
        .sort(["family", "share", "applicant"], descending=[False, True, False])
        .group_by("family", maintain_order=True)
        .agg(pl.col("applicant"))
    )
    who = dict(named.iter_rows())
    persons = set(parties.filter(pl.col("person"))["family"])
    titles = family_titles(study.corpus, asked["family"])
    title = dict(titles.select("family", "title").iter_rows())
    found = {}
    for row, ident in asked.iter_rows():
        year = study.years[row]
        at = None if np.isnan(year) else int(year)
        found[str(ident)] = Owner(at, tuple(who.get(row, ())), row in persons, title.get(row))
    return found


def evidence(
    study: Study,
    technology: str,
    span: Span,
    only: Collection[tuple[str, str]] | None = None,
    *,
    kind: Kind,
    scope: Scope | None = None,
) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """List the families that carry each link most: up to three ``(family_id, lens_id)`` per link.

    With ``only`` for these links, (citing, cited), alone: between organisations there are millions.
    """
    chosen = study.links_mask(technology, span, scope=scope, kind=kind)
    if kind == "organisation" and only is not None:
        chosen &= _between(study, only)
    spread = study.spread if kind == "country" else study.spread_of_chosen(chosen)
    i, j = spread.ends
    cells = np.ones(i.size, dtype=bool)
    if only is not None:
        at = {name: k for k, name in enumerate(spread.names)}
        wanted = [at[citing] * len(at) + at[cited] for citing, cited in only]
        cells = np.isin(i.astype(np.int64) * len(at) + j, np.array(wanted, dtype=np.int64))
    counted = gathered(chosen, spread.pair)
    top = pl.concat(
        _by_family(spread, gathered(some, spread.cell) & counted, study.pairs.citing)
        .with_columns(pl.col("weight").round_sig_figs(DIGITS))
        .sort("cell", "weight", "family", descending=[False, True, False])
        .group_by("cell", maintain_order=True)
        .head(NAMED)
        for some in _some_at_a_time(spread, chosen, cells)
    )
    documents = _one_document(study, top["family"])
    top = top.join(documents, on="family", how="inner", maintain_order="left")
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for cell, family_id, lens_id in top.select("cell", "family_id", "lens_id").iter_rows():
        ends = spread.names[i[cell]], spread.names[j[cell]]
        found.setdefault(ends, []).append((family_id, lens_id))
    return found


def _between(study: Study, links: Collection[tuple[str, str]]) -> Mask:
    """Mark pairs from a family of one that cites to a family of one that is cited.

    Only these have to be spread over organisations where few links are asked for.
    """
    shares = study.organisations

    def held(some: set[str]) -> Mask:
        of_some = np.array([name in some for name in shares.names], dtype=bool)
        at = np.flatnonzero(gathered(of_some, shares.matrix.indices))
        found = np.zeros(shares.matrix.shape[0], dtype=bool)
        found[np.searchsorted(shares.matrix.indptr, at, side="right") - 1] = True
        return found

    citing = gathered(held({link[0] for link in links}), study.pairs.citing)
    return citing & gathered(held({link[1] for link in links}), study.pairs.cited)


def _some_at_a_time(spread: Spread, chosen: Mask, cells: Mask) -> Iterator[Mask]:
    """Yield some of the cells after the others: the families behind all of them are too many."""
    at, _, entries = spread.summed(chosen)
    rows = np.zeros(cells.size, dtype=np.int64)
    rows[at] = entries
    part = np.cumsum(rows) // _AT_ONCE
    for number in range(int(part[-1]) + 1 if part.size else 1):
        yield cells & (part == number)


#: Families of which main groups are read once for all technologies and periods.
MOST_GROUPED = 200_000


class FocalEvidence:
    """The organisations and classification groups behind the links of the focal country."""

    def __init__(self, study: Study) -> None:
        self.study = study
        focal = study.options.focal
        names = study.shares.names
        self.at = names.index(focal) if focal in names else -1
        named = study.organisations.names
        self.organisations = pl.DataFrame(
            {
                "family": _row_numbers(study.organisations).astype(np.int32),
                "name": pl.Series(named, dtype=pl.Enum(named)).gather(
                    study.organisations.matrix.indices
                ),
                "share": study.organisations.matrix.data,
            }
        )

    def _entries(self, technology: str, span: Span, *, cited: bool) -> pl.DataFrame:
        """Foreign links of the focal country: the family at the other end, its country, weight."""
        study = self.study
        i, j = study.spread.ends
        mine, theirs = (j, i) if cited else (i, j)
        end: Literal["citing", "cited"] = "citing" if cited else "cited"
        cells = (mine == self.at) & (theirs != self.at)
        found = behind_links(study, technology, span, cells, end=end, scope="citing")
        names = pl.Series(study.shares.names, dtype=pl.String)
        country = names.gather(theirs[found["cell"].to_numpy()]).alias("country")
        return found.select("family", country, "weight")

    def _top(self, entries: pl.LazyFrame, held: pl.LazyFrame, name: str) -> pl.LazyFrame:
        """Return the largest holders of the entries of each country, with their part, as one
        text.
        """
        entries = entries.group_by("country", "family").agg(pl.col("weight").sort().sum())
        total = entries.group_by("country").agg(total=pl.col("weight").sort().sum())
        part = pl.col("part").mul(100).round(1).cast(pl.String)
        return (
            entries.join(held, on="family", how="inner")
            .group_by("country", "name")
            .agg(part=(pl.col("weight") * pl.col("share")).sort().sum())
            .join(total, on="country")
            .with_columns(part=(pl.col("part") / pl.col("total")).round_sig_figs(12))
            .sort("part", "name", descending=[True, False])
            .group_by("country", maintain_order=True)
            .head(NAMED)
            .group_by("country", maintain_order=True)
            .agg(pl.format("{} ({} %)", "name", part).str.join("; ").alias(name))
        )

    def exposure(self, citing: Links, technology: str, span: Span) -> pl.DataFrame:
        """Tell on whom the focal country builds; see `netpos.graph.dependence.exposure`."""
        study = self.study
        table = dependence.exposure(
            citing,
            study.options.focal,
            year=study.year_of_membership,
            memberships=study.memberships,
        )
        entries = self._entries(technology, span, cited=False)
        classes = dependence.partner_classes(
            citing, year=study.year_of_membership, memberships=study.memberships
        )[1]
        bloc = pl.DataFrame(
            {
                "country": citing.countries,
                "bloc": [dependence.BLOC_NAMES[k - 1] for k in classes.tolist()],
            }
        )
        of_bloc = entries.lazy().join(bloc.lazy(), on="country")
        both = pl.concat(
            [entries.lazy(), of_bloc.select("family", country="bloc", weight="weight")]
        )
        groups = self._main_groups(entries["family"].unique())
        tops = {"top_organisations": self.organisations.lazy(), "main_groups": groups.lazy()}
        found = table.lazy()
        for name, held in tops.items():
            found = found.join(
                self._top(both, held, name),
                left_on="source",
                right_on="country",
                how="left",
                maintain_order="left",
            )
        return rounded(found.collect())

    @cached_property
    def _cited(self) -> pl.Series:
        """Families that the focal country cites abroad, in whatever technology and period."""
        spread = self.study.spread
        i, j = spread.ends
        entries = np.flatnonzero(gathered((i == self.at) & (j != self.at), spread.cell))
        rows = np.unique(self.study.pairs.cited[spread.pair[entries]].astype(np.int64))
        return pl.Series(rows[rows < self.study.families], dtype=pl.Int32)

    @cached_property
    def _groups_cited(self) -> pl.DataFrame:
        """Main groups of these families."""
        return self._read_groups(self._cited)

    def _main_groups(self, families: pl.Series) -> pl.DataFrame:
        """Return main groups of these families and, where they are read at once, of others."""
        if len(self._cited) <= MOST_GROUPED:
            return self._groups_cited
        return self._read_groups(families)

    def _read_groups(self, families: pl.Series) -> pl.DataFrame:
        """Return main groups of families, each family spread evenly over its distinct ones."""
        found = (
            self.study.corpus.scan("classifications")
            .filter(pl.col("family").is_in(families.implode()))
            .select("family", name=pl.col("symbol").str.extract(r"^([^/]+)"))
            .unique()
            .collect()
        )
        return found.drop_nulls().with_columns(share=1.0 / pl.len().over("family"))

    def dependents(self, citing: Links, technology: str, span: Span) -> pl.DataFrame:
        """Tell who builds on the focal country; see `netpos.graph.dependence.dependents`."""
        table = dependence.dependents(citing, self.study.options.focal)
        table = table.filter(pl.col("share") > 0)
        entries = self._entries(technology, span, cited=True)
        top = self._top(entries.lazy(), self.organisations.lazy(), "top_organisations")
        found = table.lazy().join(top, on="country", how="left", maintain_order="left")
        return rounded(found.collect())


def _row_numbers(shares: Shares) -> NDArray[np.int64]:
    pointer = shares.matrix.indptr
    return np.repeat(np.arange(len(pointer) - 1), np.diff(pointer))
