"""How many families each pattern of a technology finds: alone, with others, by year and office.

A technology is a list of patterns of classification symbols. This table says what each of them is
worth: a pattern that finds nothing is perhaps mistyped or of a scheme that is no longer used, one
that finds nearly everything decides the technology by itself, and one whose part of the technology
jumps from one year to the next may follow a change of the classification rather than of the world.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos.analysis.chosen import chunks
from netpos.analysis.study import Span, Study
from netpos.analysis.technologies import Technology, in_reach, match
from netpos.tables import rounded

Floats = NDArray[np.float64]
_ByYear = dict[str, tuple[Floats, NDArray[np.int64]]]

#: A jump: the part doubles or halves, moves by so much, ...
LEAST_CHANGE = 0.05
#: ... by so many standard errors (many pairs are looked at), ...
LEAST_ERRORS = 4.0
#: ... and the technology has so many families on both sides.
LEAST_FAMILIES = 30
#: Jumps told in one warning.
TOLD = 6
_KEYS = ["technology", "pattern"]


def jumped(
    before: Floats, families_before: Floats, now: Floats, families_now: Floats
) -> NDArray[np.float64]:
    r"""Tell where the part of a pattern jumps between two selections of families.

    With :math:`p = h / n`, the families h that a pattern finds among the n of its technology, and
    the pooled part :math:`\bar p`, a jump is

    .. math:: \max(p_1, p_2) \ge 2 \min(p_1, p_2), \quad |p_2 - p_1| \ge 0.05, \quad
              |p_2 - p_1| \ge 4 \sqrt{\bar p (1 - \bar p) (1/n_1 + 1/n_2)}

    Parameters
    ----------
    before, families_before
        h and n of the first selection; NaN where not known.
    now, families_now
        Those of the second.

    Returns
    -------
    ndarray
        1 or 0; NaN where a number is not known or a technology has fewer than 30 families.

    References
    ----------
    Fleiss, Levin and Paik (2003), Statistical Methods for Rates and Proportions, chapter 3.

    Examples
    --------
    2 of 100 to 30 of 100, 2 of 100 to 5 of 100, and 2 of 20, too few to tell:

    >>> jumped(np.array([2.0, 2, 2]), np.array([100.0, 100, 20]),
    ...        np.array([30.0, 5, 9]), np.array([100.0, 100, 100])).tolist()
    [1.0, 0.0, nan]
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        one, two = before / families_before, now / families_now
        pooled = (before + now) / (families_before + families_now)
        error = np.sqrt(pooled * (1 - pooled) * (1 / families_before + 1 / families_now))
    change = np.abs(two - one)
    found = (
        (np.maximum(one, two) >= 2 * np.minimum(one, two))
        & (change >= LEAST_CHANGE)
        & (change >= LEAST_ERRORS * error)
    )
    known = (
        (families_before >= LEAST_FAMILIES)
        & (families_now >= LEAST_FAMILIES)
        & np.isfinite(before)
        & np.isfinite(now)
    )
    return np.where(known, found.astype(np.float64), np.nan)


def pattern_hits(study: Study) -> pl.DataFrame:
    """Count the families that each pattern of each technology finds.

    Families count once each, whatever the counting rule; symbols that the definition excludes find
    nothing. A family is found by a pattern when one of its symbols is.

    Returns
    -------
    pl.DataFrame
        ``technology, period, pattern, year`` (empty: the whole period), ``office`` (``all``: any),
        ``families`` [found by the pattern], ``alone`` [of these, found by no other pattern of the
        technology], ``family_share`` [part of the families of the technology], ``jump`` (see
        `jumped`: against the period, or the year, before; empty for the first). Each pattern has a
        row for each period and, in period ``all``, for each year; rows of single offices stand
        only where something is found, in period ``all``. Null, not 0, where the corpus holds no
        symbol of the scheme in which the pattern is looked for.
    """
    found = _found(study)
    spans = study.options.spans()
    known = _looked_for(study)
    first, last = study.options.first, study.options.last
    by_year = _by_year(study)
    parts = []
    for period, span in spans:
        sizes = _sizes(by_year, span)
        inside = found.filter(pl.col("year").is_between(*span))
        parts.append(_whole(known, inside, sizes, period, None))
    periods = _with_jumps([p for p, (name, _) in zip(parts, spans, strict=True) if name != "all"])
    yearly = []
    for year in range(first, last + 1):
        sizes = _sizes(by_year, (year, year))
        of_year = found.filter(pl.col("year") == year)
        yearly.append(_whole(known, of_year, sizes, "all", year))
    offices = _by_office(study, found.filter(pl.col("year").is_between(first, last)))
    whole = parts[-1].with_columns(jump=pl.lit(None, pl.Boolean))
    columns = ["technology", "period", "pattern", "year", "office", "families", "alone"]
    columns += ["family_share", "jump"]
    order = {t.id: i for i, t in enumerate(study.technologies)}
    place = {name: i for i, (name, _) in enumerate(spans)}
    table = pl.concat([t.select(columns) for t in (*periods, whole, *_with_jumps(yearly), offices)])
    return rounded(
        table.with_columns(
            a=pl.col("technology").replace_strict(order, return_dtype=pl.Int64),
            b=pl.col("period").replace_strict(place, return_dtype=pl.Int64),
            c=pl.col("office") != "all",
        )
        .sort("a", "b", "pattern", "year", "c", "office", nulls_last=False)
        .drop("a", "b", "c")
    )


def _by_year(study: Study) -> _ByYear:
    """Count the families of each technology by year: the years there are, and how many."""
    found = {}
    for technology in study.technologies:
        years = study.years[np.flatnonzero(study.member[technology.id])]
        found[technology.id] = np.unique(years, return_counts=True)
    return found


def _sizes(by_year: _ByYear, span: Span) -> dict[str, float]:
    """Count the families of each technology in a span."""
    return {
        technology: float(number[(years >= span[0]) & (years <= span[1])].sum())
        for technology, (years, number) in by_year.items()
    }


def families_found(study: Study) -> pl.DataFrame:
    """List the families that each pattern finds, each once, whether of the study or not.

    Returns
    -------
    ``technology`` and ``pattern`` as Polars ``Enum`` (of millions texts take much memory), in
    order of the definitions and of the code points, and ``family``; in no particular order.
    """
    names = pl.Enum([t.id for t in study.technologies])
    patterns = pl.Enum(_looked_for(study)["pattern"].unique().sort())
    parts = [pl.DataFrame(schema={"technology": names, "pattern": patterns, "family": pl.Int32})]
    for part in chunks(study.corpus, "classifications", "family", "scheme", "symbol"):
        table = part.filter(in_reach(part["symbol"], study.technologies))
        table = table.cast({"scheme": pl.String})
        hits = match(
            table,
            study.technologies,
            narrow=study.options.narrow,
            symbols_from=study.options.symbols,
        )
        hits = hits.cast({"technology": names, "pattern": patterns})
        parts.append(table.join(hits, on=["scheme", "symbol"]).select(*_KEYS, "family").unique())
    return pl.concat(parts).unique()


def _found(study: Study) -> pl.DataFrame:
    """Technology, pattern, family, year and whether no other pattern finds it."""
    pairs = families_found(study)
    rows = []
    for technology in study.technologies:
        mine = pairs.filter(pl.col("technology") == technology.id)
        rows.append(mine.filter(pl.Series(study.member[technology.id][mine["family"].to_numpy()])))
    kept = pl.concat(rows)
    years = pl.Series(study.years[kept["family"].to_numpy()]).fill_nan(None).cast(pl.Int64)
    return kept.with_columns(
        year=years, alone=pl.len().over("technology", "family") == 1
    ).drop_nulls("year")


def _patterns(technology: Technology, *, narrow: bool) -> dict[str, bool]:
    """Patterns that decide a technology, and whether they are looked for in CPC alone."""
    if narrow and technology.core:
        return dict.fromkeys(technology.core, False)
    found = dict.fromkeys(technology.ipc, False)
    return found | {p: True for p in technology.cpc if p not in found}


def _looked_for(study: Study) -> pl.DataFrame:
    """Each pattern once, and whether the corpus holds symbols in which it could be found."""
    schemes = study.corpus.columns("classifications", "scheme")["scheme"].unique().cast(pl.String)
    there = set(schemes.to_list())
    if study.options.symbols == "ipc":
        there.discard("CPC")
    rows = [
        (t.id, pattern, bool(there & ({"CPC"} if cpc_only else {"CPC", "IPC"})))
        for t in study.technologies
        for pattern, cpc_only in _patterns(t, narrow=study.options.narrow).items()
    ]
    schema = {"technology": pl.String, "pattern": pl.String, "known": pl.Boolean}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _whole(
    known: pl.DataFrame,
    found: pl.DataFrame,
    sizes: dict[str, float],
    period: str,
    year: int | None,
) -> pl.DataFrame:
    """Hits of each pattern among the families of one selection."""
    counts = found.group_by(_KEYS).agg(
        families=pl.len().cast(pl.Int64), alone=pl.col("alone").sum().cast(pl.Int64)
    )
    counts = counts.with_columns(pl.col(_KEYS).cast(pl.String))
    size = pl.col("technology").replace_strict(sizes, return_dtype=pl.Float64)
    return (
        known.join(counts, on=_KEYS, how="left", maintain_order="left")
        .with_columns(
            pl.when("known").then(pl.col(c).fill_null(0)).alias(c) for c in ("families", "alone")
        )
        .with_columns(size=size)
        .with_columns(
            family_share=pl.when(pl.col("size") > 0).then(pl.col("families") / pl.col("size")),
            period=pl.lit(period),
            year=pl.lit(year, pl.Int64),
            office=pl.lit("all"),
        )
    )


def _with_jumps(tables: Sequence[pl.DataFrame]) -> list[pl.DataFrame]:
    """Compare each selection with the one before; all have the same patterns in the same order."""
    out = []
    for i, table in enumerate(tables):
        if not i:
            out.append(table.with_columns(jump=pl.lit(None, pl.Boolean)))
            continue
        before = tables[i - 1]
        numbers = [
            t[c].cast(pl.Float64).fill_null(float("nan")).to_numpy()
            for t in (before, table)
            for c in ("families", "size")
        ]
        jump = pl.Series("jump", jumped(*numbers)).fill_nan(None).cast(pl.Boolean)
        out.append(table.with_columns(jump))
    return out


def _by_office(study: Study, found: pl.DataFrame) -> pl.DataFrame:
    """Hits by year and office; a family counts at each of its offices."""
    offices = study.corpus.columns("families", "family", "offices").explode("offices")
    offices = offices.rename({"offices": "office"})
    keys = ["technology", "year", "office"]
    both = found.join(offices.drop_nulls("office").unique(), on="family")
    sizes = both.select(*keys, "family").unique().group_by(keys).agg(size=pl.len())
    return (
        both.group_by(*_KEYS, "year", "office")
        .agg(families=pl.len().cast(pl.Int64), alone=pl.col("alone").sum().cast(pl.Int64))
        .join(sizes, on=keys, how="left", maintain_order="left")
        .with_columns(
            pl.col(_KEYS).cast(pl.String),
            family_share=pl.col("families") / pl.col("size"),
            period=pl.lit("all"),
            jump=pl.lit(None, pl.Boolean),
        )
    )


def jump_warnings(table: pl.DataFrame) -> list[str]:
    """Say in one sentence which patterns jump, if any.

    Parameters
    ----------
    table
        From `pattern_hits`.

    Returns
    -------
    list
        No or one sentence; each pattern is told with the first period, else year, of its jump.
    """
    rows = (
        table.filter(pl.col("jump").fill_null(value=False))
        .with_columns(when=pl.coalesce(pl.col("year").cast(pl.String), "period"))
        .unique(_KEYS, keep="first", maintain_order=True)
    )
    if not rows.height:
        return []
    shown = "; ".join(
        f"{pattern} of {technology} ({share:.0%} of its families in {when})"
        for technology, pattern, share, when in rows.head(TOLD)
        .select(*_KEYS, "family_share", "when")
        .iter_rows()
    )
    more = f"; and {rows.height - TOLD} more" if rows.height > TOLD else ""
    return [
        f"The part of a pattern in its technology jumps: {shown}{more}. Check whether the "
        "classification scheme changed; see tables/pattern_hits.csv."
    ]
