"""How much of families and citations has a country, and what is measurable with that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos.analysis.ends import link_masks
from netpos.analysis.study import Span, Study
from netpos.graph import compiled, residence
from netpos.graph.links import Mask, Rows, gathered
from netpos.tables import rounded

#: Located share of a country's links below which its indicators are not measurable.
MEASURABLE = 0.5
_AT_ONCE = 1 << 18  # pairs counted at a time


def coverage_table(study: Study) -> pl.DataFrame:
    """Tell who located the families, and how many citations have both ends located.

    One row per technology, period and rule; ``all`` sums the rules and alone fills the columns on
    citations: ordered family pairs with a citing end in the technology and period, those whose
    cited family is in the corpus, and those with a country at both ends.
    """
    n = study.families
    rules = ["", *sorted(residence.RULES)]
    rule = np.zeros(study.rows, dtype=np.int8)
    first = study.located.unique("family", keep="first", maintain_order=True)
    named = first["rule"].cast(pl.Enum(rules)).to_physical()
    rule[first["family"].to_numpy()] = named.to_numpy()
    del first, named
    located = study.shares.located
    inside_both = (study.pairs.citing < n) & (study.pairs.cited < n)
    both = gathered(located, study.pairs.citing) & gathered(located, study.pairs.cited)
    rows: list[tuple[object, ...]] = []
    for technology in study.names:
        for period, span in study.options.spans():
            chosen = study.chosen(technology, span)
            counts = np.bincount(rule[chosen], minlength=len(rules))
            by_rule = dict(zip(rules, counts.tolist(), strict=True))
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


def country_coverage(
    study: Study, technology: str, span: Span, masks: Mapping[str, Mask] | None = None
) -> pl.DataFrame:
    """Return links of each country's families and how many have a country at the other end.

    Returns
    -------
    pl.DataFrame
        ``country, direction`` (given, received), ``citations, located`` [family links by the
        counting rule], sorted; only rows with citations. A citing document without a date may lie
        in the span and counts as one.
    """
    frames = []
    matrix = study.shares.matrix.T
    masks = masks or link_masks(study, technology, span)
    for direction, counts in _located_links(study, masks):
        every, known = (matrix @ one.astype(np.float64) for one in counts)
        frames.append(
            pl.DataFrame(
                {
                    "country": pl.Series(study.shares.names, dtype=pl.String),
                    "direction": pl.repeat(direction, len(study.shares.names), eager=True),
                    "citations": every,
                    "located": known,
                },
                schema_overrides={
                    "citations": pl.Float64,
                    "located": pl.Float64,
                    "direction": pl.String,
                },
            )
        )
    table = pl.concat(frames).filter(pl.col("citations") > 0)
    return rounded(table.sort("country", "direction"))


def located_links(
    study: Study, technology: str, span: Span, masks: Mapping[str, Mask] | None = None
) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Count the links of each family, and those with a country at the other end.

    Parameters
    ----------
    study, technology, span
        Of a run.
    masks
        What `link_masks` returned, where it is at hand.

    Returns
    -------
    dict
        By direction, see `link_masks`: both counts have one number per row of the study.
    """
    found = _located_links(study, masks or link_masks(study, technology, span))
    return {
        direction: (every.astype(np.float64), known.astype(np.float64))
        for direction, (every, known) in found
    }


def _located_links(
    study: Study, masks: Mapping[str, Mask]
) -> Iterator[tuple[str, tuple[NDArray[np.int32], NDArray[np.int32]]]]:
    """Yield what `located_links` returns, one direction after the other, as whole numbers."""
    pairs, (citing, cited) = study.pairs, study.located_ends
    for direction, own, theirs in (
        ("given", pairs.citing, cited),
        ("received", pairs.cited, citing),
    ):
        chosen = masks[direction]
        found = compiled.times(own, chosen, theirs, study.rows)
        if found is None:
            once = _times(own, study.rows, chosen)
            found = once, _times(own, study.rows, chosen, theirs)
        yield direction, found


def _times(rows: Rows, size: int, *marks: Mask) -> NDArray[np.int32]:
    """Count how often each row below the size comes where all marks are set.

    Examples
    --------
    >>> _times(np.array([1, 1, 0]), 3, np.array([True, True, False])).tolist()
    [0, 2, 0]
    """
    found = np.zeros(size, dtype=np.int32)
    for start in range(0, rows.size, _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        some = rows[part]
        if marks:
            some = some[np.logical_and.reduce([mark[part] for mark in marks])]
        np.add.at(found, some, 1)
    return found


def references(study: Study) -> NDArray[np.int32]:
    """Count the references of each row of a study [family pairs]."""
    return _times(study.pairs.citing, study.rows)


def reference_table(
    study: Study, technology: str, span: Span, cited: NDArray[np.int32] | None = None
) -> pl.DataFrame:
    """Return references per family by citing office and by country: citing practice differs by
    office.

    Parameters
    ----------
    study, technology, span
        Of a run.
    cited
        What `references` returned, where it is at hand.

    Returns
    -------
    pl.DataFrame
        ``kind`` (country, office), ``code, families, references, references_per_family``; a
        family counts in full at each of its offices, by the counting rule in its countries.
    """
    chosen = study.chosen(technology, span)
    cited = references(study) if cited is None else cited
    matrix = study.shares.matrix.T
    by_country = pl.DataFrame(
        {
            "kind": pl.repeat("country", len(study.shares.names), dtype=pl.String, eager=True),
            "code": pl.Series(study.shares.names, dtype=pl.String),
            "families": matrix @ chosen.astype(np.float64),
            "references": matrix @ (cited * chosen),
        },
        schema_overrides={"families": pl.Float64, "references": pl.Float64},
    )
    n = study.families
    by_office = (
        study.corpus.columns("families", "offices")
        .with_columns(references=pl.Series(cited[:n].astype(np.float64)))
        .filter(pl.Series(chosen[:n]))
        .explode("offices")
        .drop_nulls("offices")
        .group_by(code="offices")
        .agg(families=pl.len().cast(pl.Float64), references=pl.col("references").sum())
        .select(pl.lit("office").alias("kind"), "code", "families", "references")
    )
    table = pl.concat([by_country, by_office]).filter(pl.col("families") > 0)
    return rounded(
        table.with_columns(references_per_family=pl.col("references") / pl.col("families")).sort(
            "kind", "code"
        )
    )


def with_measurable(table: pl.DataFrame, by_country: pl.DataFrame) -> pl.DataFrame:
    """Mark as not measurable where less than half of a country's links, in either direction, are
    located.
    """
    located = by_country.group_by("country").agg(
        worst=(pl.col("located") / pl.col("citations")).min()
    )
    return (
        table.join(located, on="country", how="left", maintain_order="left")
        .with_columns(measurable=pl.col("worst") >= MEASURABLE)
        .drop("worst")
    )
