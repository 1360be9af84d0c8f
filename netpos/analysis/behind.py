"""The families behind the ranks that the report shows, where they are few enough to be listed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import polars as pl

from netpos.analysis.study import Span, Study
from netpos.graph.links import gathered
from netpos.tables import RANKED, Family, rounded

#: Ranks with more families behind them are not listed in the report.
MOST = 20


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
    chosen = study.links_mask(technology, span)
    inside = study.chosen(technology, span)
    found: dict[tuple[str, str], list[Family]] = {}
    for country, column in cells:
        if country not in study.shares.names:
            continue
        at = study.shares.names.index(country)
        if RANKED[column] == "families":
            held = study.shares.matrix[:, [at]].toarray().ravel() * inside
            rows = pl.DataFrame({"family": np.arange(held.size), "part": held})
        else:
            spread = study.spread
            i, j = spread.ends
            keep = gathered(chosen, spread.pair)
            keep &= gathered((j == at) & (i != at), spread.cell)
            rows = pl.DataFrame(
                {"family": study.pairs.cited[spread.pair[keep]], "part": spread.weight[keep]}
            )
        table = (
            rows.filter(pl.col("part") > 0)
            .with_columns(pl.col("family").cast(pl.Int32))
            .group_by("family")
            .agg(pl.col("part").sort().sum())
        )
        if not 0 < table.height <= most or int(table["family"].max()) >= study.families:  # type: ignore[arg-type] # a number: there are rows
            continue
        listed = rounded(table.join(documents, on="family", how="inner"))
        order = listed.sort(["part", "family_id"], descending=[True, False])
        found[country, column] = [
            Family(*row) for row in order.select("family_id", "lens_id", "part").iter_rows()
        ]
    return found


def with_scope(study: Study, scope: str) -> Study:
    """Return the study with links of another scope; what does not depend on it is kept."""
    options = study.options.model_copy(update={"scope": scope})
    found = replace(study, options=options)
    for name in ("spread", "organisation_spread"):
        if name in vars(study):
            vars(found)[name] = vars(study)[name]
    return found
