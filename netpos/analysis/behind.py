"""The families behind a number, and what each adds to it; the one place that sums them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos.analysis.study import Span, Study
from netpos.graph import dependence
from netpos.graph.links import Mask, Scope, Shares, gathered
from netpos.tables import DIGITS, RANKED, Family, Links, rounded

Kind = Literal["country", "organisation"]
Ends = NDArray[np.int32] | NDArray[np.int64]

#: Organisations and classification groups named behind a number.
NAMED = 3


#: Ranks with more families behind them are not listed in the report.
MOST = 20


def held_by(study: Study, name: str | None, kind: Kind = "country") -> NDArray[np.float64]:
    """Return the share of a country or organisation in each family; of all together without name.

    Parameters
    ----------
    study
        Of a run.
    name
        One of ``study.shares`` or, with ``kind="organisation"``, of ``study.organisations``; one
        that is not there holds nothing.
    kind
        What the name is.
    """
    shares = study.shares if kind == "country" else study.organisations
    if name is None:
        everyone: NDArray[np.float64] = shares.matrix @ np.ones(len(shares.names))
        return everyone
    if name not in shares.names:
        return np.zeros(study.rows)
    column: NDArray[np.float64] = shares.matrix[:, [shares.names.index(name)]].toarray().ravel()
    return column


def from_families(parts: NDArray[np.float64]) -> pl.DataFrame:
    """Return ``family`` (row number) and ``part`` of the families whose part is above 0."""
    at = np.flatnonzero(parts > 0)
    return pl.DataFrame({"family": at.astype(np.int32), "part": parts[at]})


def from_links(
    study: Study,
    technology: str,
    span: Span,
    between: Callable[[Ends, Ends], Mask],
    *,
    end: Literal["citing", "cited"] = "citing",
    kind: Kind = "country",
    scope: Scope | None = None,
) -> pl.DataFrame:
    """Return what families add to the links between some countries (or organisations).

    Parameters
    ----------
    study, technology, span
        Which links.
    between
        Given the numbers of the citing and the cited country of each cell of links, in
        ``study.shares.names`` (or ``organisations``), tells which cells count.
    end
        Whose families: at the citing or at the cited end.
    kind
        Links between what.
    scope
        Instead of that of the run.

    Returns
    -------
    pl.DataFrame
        ``family`` (row number) and ``part`` [citations, by the counting rule], sorted by family.
    """
    spread = study.spread if kind == "country" else study.organisation_spread
    chosen = study.links_mask(technology, span, kind=kind, scope=scope)
    keep = gathered(chosen, spread.pair)
    keep &= gathered(between(*spread.ends), spread.cell)
    ends = study.pairs.citing if end == "citing" else study.pairs.cited
    row, weight = ends[spread.pair[keep]], spread.weight[keep]
    total = np.bincount(row, weights=weight, minlength=study.rows).astype(np.float64, copy=False)
    return from_families(total)


def ranked_cells(
    study: Study, technology: str, span: Span, cells: Iterable[tuple[str, str]], *, most: int = MOST
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
    most
        A cell with more families is left out.

    Returns
    -------
    dict
        Cell -> families, by contribution [families, or citations], then by id. A cell with none,
        or with a document outside the corpus among them, is left out.
    """
    documents = (
        study.corpus.columns("documents", "family", "family_id", "lens_id")
        .drop_nulls("family")
        .group_by("family")
        .agg(pl.col("family_id").first(), pl.col("lens_id").min())
    )
    inside = study.chosen(technology, span)
    found: dict[tuple[str, str], list[Family]] = {}
    for country, column in cells:
        if country not in study.shares.names:
            continue
        if RANKED[column] == "families":
            table = from_families(held_by(study, country) * inside)
        else:
            table = from_links(
                study, technology, span, received_by(study.shares, country), end="cited"
            )
        if not 0 < table.height <= most or int(table["family"].max()) >= study.families:  # type: ignore[arg-type] # a number: there are rows
            continue
        listed = rounded(table.join(documents, on="family", how="inner"))
        order = listed.sort(["part", "family_id"], descending=[True, False])
        found[country, column] = [
            Family(*row) for row in order.select("family_id", "lens_id", "part").iter_rows()
        ]
    return found


def received_by(shares: Shares, name: str) -> Callable[[Ends, Ends], Mask]:
    """Return which cells of links are citations that a country receives from others."""
    at = shares.names.index(name) if name in shares.names else -1
    return lambda i, j: (j == at) & (i != at)


def with_scope(study: Study, scope: str) -> Study:
    """Return the study with links of another scope; what does not depend on it is kept."""
    options = study.options.model_copy(update={"scope": scope})
    found = replace(study, options=options)
    for name in ("spread", "organisation_spread"):
        if name in vars(study):
            vars(found)[name] = vars(study)[name]
    return found


def evidence(
    study: Study,
    technology: str,
    span: Span,
    only: Collection[tuple[str, str]] | None = None,
    *,
    kind: Literal["country", "organisation"],
) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """The families that carry each link most: up to three ``(family_id, lens_id)`` per link.

    With ``only`` for these links, (citing, cited), alone: between organisations there are millions.
    """
    spread = study.spread if kind == "country" else study.organisation_spread
    chosen = study.links_mask(technology, span, kind=kind)
    keep = gathered(chosen, spread.pair)
    i, j = spread.ends
    if only is not None:
        at = {name: k for k, name in enumerate(spread.names)}
        wanted = [at[citing] * len(at) + at[cited] for citing, cited in only]
        among = np.isin(i.astype(np.int64) * len(at) + j, np.array(wanted, dtype=np.int64))
        keep &= gathered(among, spread.cell)
    docs = (
        study.corpus.columns("documents", "family", "family_id", "lens_id")
        .drop_nulls("family")
        .group_by("family")
        .agg(pl.col("family_id").first(), pl.col("lens_id").min())
    )
    top = (
        pl.DataFrame(
            {
                "cell": spread.cell[keep],
                "family": study.pairs.citing[spread.pair[keep]].astype(np.int32),
                "weight": spread.weight[keep],
            }
        )
        .group_by("cell", "family")
        .agg(pl.col("weight").sort().sum().round_sig_figs(DIGITS))
        .sort("cell", "weight", "family", descending=[False, True, False])
        .group_by("cell", maintain_order=True)
        .head(NAMED)
        .join(docs, on="family", how="inner", maintain_order="left")
    )
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for cell, family_id, lens_id in top.select("cell", "family_id", "lens_id").iter_rows():
        ends = spread.names[i[cell]], spread.names[j[cell]]
        found.setdefault(ends, []).append((family_id, lens_id))
    return found


class Behind:
    """The organisations and classification groups behind the links of the focal country."""

    def __init__(self, study: Study) -> None:
        self.study = study
        focal = study.options.focal
        names = study.shares.names
        self.at = names.index(focal) if focal in names else -1
        self.organisations = pl.DataFrame(
            {
                "family": _row_numbers(study.organisations).astype(np.int32),
                "name": pl.Series(study.organisations.names, dtype=pl.String).gather(
                    study.organisations.matrix.indices
                ),
                "share": study.organisations.matrix.data,
            }
        )

    def _entries(self, technology: str, span: Span, *, cited: bool) -> pl.DataFrame:
        """Foreign links of the focal country: the family at the other end, its country, weight."""
        study, spread = self.study, self.study.spread
        i, j = spread.ends
        mine, theirs = (j, i) if cited else (i, j)
        cell = (mine == self.at) & (theirs != self.at)
        chosen = study.links_mask(technology, span, scope="citing")
        keep = gathered(cell, spread.cell) & gathered(chosen, spread.pair)
        pair = spread.pair[keep]
        family = study.pairs.citing[pair] if cited else study.pairs.cited[pair]
        names = pl.Series(study.shares.names, dtype=pl.String)
        return pl.DataFrame(
            {
                "family": family.astype(np.int32),
                "country": names.gather(theirs[spread.cell[keep]]),
                "weight": spread.weight[keep],
            }
        )

    def _top(self, entries: pl.DataFrame, held: pl.DataFrame, name: str) -> pl.DataFrame:
        """The largest holders of the entries of each country, with their part, as one text."""
        entries = entries.group_by("country", "family").agg(pl.col("weight").sort().sum())
        total = entries.group_by("country").agg(total=pl.col("weight").sort().sum())
        part = pl.col("part").mul(100).round(1).cast(pl.String)
        return (
            entries.join(held, on="family", how="inner")
            .group_by("country", "name")
            .agg(part=(pl.col("weight") * pl.col("share")).sort().sum())
            .join(total, on="country")
            .with_columns(part=(pl.col("part") / pl.col("total")).round_sig_figs(12))
            .sort("country", "part", "name", descending=[False, True, False])
            .group_by("country", maintain_order=True)
            .head(NAMED)
            .group_by("country", maintain_order=True)
            .agg(pl.format("{} ({} %)", "name", part).str.join("; ").alias(name))
        )

    def exposure(self, citing: Links, technology: str, span: Span) -> pl.DataFrame:
        """On whom the focal country builds; see `netpos.graph.dependence.exposure`."""
        study = self.study
        table = dependence.exposure(
            citing,
            study.options.focal,
            year=study.year_of_membership,
            memberships=study.memberships,
        )
        if not table.height or self.at < 0:
            texts = {
                "top_organisations": pl.lit(None, pl.String),
                "main_groups": pl.lit(None, pl.String),
            }
            return table.with_columns(**texts)
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
        both = pl.concat(
            [
                entries,
                entries.join(bloc, on="country").select("family", country="bloc", weight="weight"),
            ]
        )
        groups = self._main_groups(entries["family"].unique())
        return rounded(
            table.join(
                self._top(both, self.organisations, "top_organisations"),
                left_on="source",
                right_on="country",
                how="left",
                maintain_order="left",
            ).join(
                self._top(both, groups, "main_groups"),
                left_on="source",
                right_on="country",
                how="left",
                maintain_order="left",
            )
        )

    def _main_groups(self, families: pl.Series) -> pl.DataFrame:
        """Main groups of families, each family spread evenly over its distinct ones."""
        found = (
            self.study.corpus.scan("classifications")
            .filter(pl.col("family").is_in(families.implode()))
            .select("family", name=pl.col("symbol").str.extract(r"^([^/]+)"))
            .unique()
            .collect()
        )
        return found.drop_nulls().with_columns(share=1.0 / pl.len().over("family"))

    def dependents(self, citing: Links, technology: str, span: Span) -> pl.DataFrame:
        """Who builds on the focal country; see `netpos.graph.dependence.dependents`."""
        table = dependence.dependents(citing, self.study.options.focal)
        table = table.filter(pl.col("share") > 0)
        if not table.height or self.at < 0:
            return table.with_columns(top_organisations=pl.lit(None, pl.String))
        entries = self._entries(technology, span, cited=True)
        return rounded(
            table.join(
                self._top(entries, self.organisations, "top_organisations"),
                on="country",
                how="left",
                maintain_order="left",
            )
        )


def _row_numbers(shares: Shares) -> NDArray[np.int64]:
    pointer = shares.matrix.indptr
    return np.repeat(np.arange(len(pointer) - 1), np.diff(pointer))
