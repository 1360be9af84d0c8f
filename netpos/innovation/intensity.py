"""Why one country spends more on R&D than others: what it makes, or how much it spends on it.

Two parts of a gap in R&D intensity. *Structure*: sectors have another weight in the economy.
*Intrinsic*: the same sectors spend more or less. How the two are separated is a choice that can
move the result by a factor of two, so all usual variants stand side by side and none is preferred.

Weights w and intensities x are fractions here; tables are in percent of GDP.
"""

from __future__ import annotations

from typing import Literal

import polars as pl

from netpos.errors import OptionError, TableError
from netpos.tables import require

#: The ways of separating the two parts; see `decompose`.
VARIANTS = ("A", "B", "C", "D")

#: Least part of the R&D of a country that the compared sectors should hold.
COVERED = 0.90

_PERCENT = 100.0

_SECTORS = {
    "country": pl.String(),
    "sector": pl.String(),
    "value_added": pl.Float64(),
    "berd": pl.Float64(),
    "gdp": pl.Float64(),
}
_SIDES = {
    "sector": pl.String(),
    "w": pl.Float64(),
    "x": pl.Float64(),
    "w_benchmark": pl.Float64(),
    "x_benchmark": pl.Float64(),
}


def sides(
    sectors: pl.DataFrame,
    focal: str,
    benchmark: list[str],
    *,
    base: Literal["gdp", "value_added"] = "gdp",
    pooled: bool = False,
) -> pl.DataFrame:
    r"""Compute the weights and intensities of the sectors, of a country and of its benchmark.

    .. math:: w_s = \frac{VA_s}{GDP}, \qquad x_s = \frac{BERD_s}{VA_s}

    Parameters
    ----------
    sectors
        One row per (country, sector) of one year: ``country``, ``sector`` String, ``value_added``,
        ``berd`` Float64 >= 0 [one currency per country], ``gdp`` Float64 [same currency, the same
        in every row of a country].
    focal
        Country in focus.
    benchmark
        Countries it is compared with.
    base
        What a weight divides by: ``gdp``, or ``value_added``: the sum over all sectors given.
    pooled
        False: w and x of the benchmark are the means over its countries. True: its countries are
        added up as one (all amounts must then be in one currency).

    Returns
    -------
    pl.DataFrame
        ``sector``, ``w``, ``x``, ``w_benchmark``, ``x_benchmark`` Float64 [fractions], for the
        sectors whose value added and BERD are known in every country, sorted. x is null where
        no value is added (its mean is over the countries where it is known).

    Raises
    ------
    OptionError
        ``base`` is neither.
    TableError
        A column is missing or of another type, a country is not there, its base is missing.

    Examples
    --------
    >>> sectors = pl.DataFrame({"country": ["NL", "DE"], "sector": ["ict", "ict"],
    ...     "value_added": [50.0, 60.0], "berd": [1.0, 3.0], "gdp": [1000.0, 1000.0]})
    >>> sides(sectors, "NL", ["DE"]).row(0)
    ('ict', 0.05, 0.02, 0.06, 0.05)
    """
    if base not in ("gdp", "value_added"):
        raise OptionError(f"base '{base}'", remedy="use gdp or value_added")
    require(sectors, _SECTORS, name="sectors")
    known = sectors.filter(pl.col("country").is_in([focal, *benchmark]))
    for country in (focal, *benchmark):
        own = known.filter(pl.col("country") == country)
        if not own.height:
            raise TableError(f"table 'sectors' has no country '{country}'")
        if base == "gdp" and own["gdp"].null_count():
            raise TableError(f"table 'sectors': the gdp of {country} is missing")
    added = pl.col("value_added").sort().sum().over("country")
    known = known.with_columns(base=pl.col("gdp") if base == "gdp" else added)
    filled = known.drop_nulls(["value_added", "berd"])
    common = filled.group_by("sector").len().filter(pl.col("len") == 1 + len(set(benchmark)))
    filled = filled.filter(pl.col("sector").is_in(common["sector"].implode()))
    own = _rates(filled.filter(pl.col("country") == focal))
    others = filled.filter(pl.col("country") != focal)
    if pooled:
        whole = known.filter(pl.col("country") != focal).unique("country")["base"].sort().sum()
        sums = others.group_by("sector").agg(
            pl.col("value_added").sort().sum(), pl.col("berd").sort().sum()
        )
        joint = _rates(sums.with_columns(base=pl.lit(whole)))
    else:
        joint = (
            _rates(others)
            .sort("sector", "country")
            .group_by("sector", maintain_order=True)
            .agg(pl.col("w").sort().mean(), pl.col("x").drop_nulls().sort().mean())
        )
    return (
        own.select("sector", "w", "x")
        .join(joint.select("sector", w_benchmark="w", x_benchmark="x"), on="sector")
        .sort("sector")
    )


def _rates(rows: pl.DataFrame) -> pl.DataFrame:
    added = pl.col("value_added")
    return rows.with_columns(
        w=added / pl.col("base"), x=pl.when(added > 0).then(pl.col("berd") / added)
    )


def sector_parts(table: pl.DataFrame) -> pl.DataFrame:
    r"""Compute the structure and intrinsic part of each sector, by variant.

    With :math:`\Delta w = w - w_b`, :math:`\Delta x = x - x_b`:

    .. math:: A: \Delta w\,x_b + w\,\Delta x \qquad B: \Delta w\,x + w_b\,\Delta x

    .. math:: C: \tfrac12 (A + B) \qquad D: \Delta w\,x_b + w_b\,\Delta x + \Delta w\,\Delta x

    each written as structure + intrinsic (+ interaction).

    Parameters
    ----------
    table
        As `sides` returns it.

    Returns
    -------
    pl.DataFrame
        ``sector``, ``variant`` (A, B, C, D), ``structure``, ``intrinsic``, ``interaction`` Float64
        [percent of the base; interaction null but for D], sectors in order, variants inside. Null
        where an intensity that the variant needs is undefined.

    Examples
    --------
    >>> table = pl.DataFrame({"sector": ["ict"], "w": [0.05], "x": [0.02], "w_benchmark": [0.06],
    ...                       "x_benchmark": [0.05]})
    >>> sector_parts(table).select(pl.selectors.float().round(3)).rows()[:2]
    [(-0.05, -0.15, None), (-0.02, -0.18, None)]
    """
    require(table, _SIDES, name="sides")
    w, x = pl.col("w"), pl.col("x")
    w_b, x_b = pl.col("w_benchmark"), pl.col("x_benchmark")
    dw, dx = w - w_b, x - x_b
    none = pl.lit(None, pl.Float64)
    parts = {
        "A": (dw * x_b, w * dx, none),
        "B": (dw * x, w_b * dx, none),
        "C": ((dw * x_b + dw * x) / 2, (w * dx + w_b * dx) / 2, none),
        "D": (dw * x_b, w_b * dx, dw * dx),
    }
    found = [
        table.select(
            "sector",
            variant=pl.lit(variant),
            structure=_PERCENT * structure,
            intrinsic=_PERCENT * intrinsic,
            interaction=_PERCENT * interaction,
        )
        for variant, (structure, intrinsic, interaction) in parts.items()
    ]
    return pl.concat(found).sort("sector", "variant")


def decompose(table: pl.DataFrame) -> pl.DataFrame:
    r"""Split a gap in R&D intensity into structure and intrinsic part, by four variants.

    .. math:: gap = \sum_s w_s x_s - \sum_s w_{b,s} x_{b,s}

    A weighs the difference of intensities with the country's own structure; B with that of the
    benchmark, so that its intrinsic part is the gap in the structure-adjusted intensity that the
    OECD publishes; C is the mean of both; D keeps apart what belongs to both.

    Parameters
    ----------
    table
        As `sides` returns it.

    Returns
    -------
    pl.DataFrame
        ``variant``, ``intensity``, ``intensity_benchmark``, ``gap``, ``structure``, ``intrinsic``,
        ``interaction`` Float64 [percent of the base], ``structure_share`` Float64 [structure over
        gap; null where the gap is 0]. A variant is null where a sector's part is undefined.

    References
    ----------
    Oaxaca (1973), International Economic Review 14(3): 693-709, doi:10.2307/2525981, for the
    variants; OECD (2017), Science, Technology and Industry Scoreboard,
    doi:10.1787/9789264268821-en, for the structure-adjusted intensity; OECD (2015), Frascati
    Manual, doi:10.1787/9789264239012-en, for BERD.

    Examples
    --------
    >>> table = pl.DataFrame({"sector": ["ict"], "w": [0.05], "x": [0.02], "w_benchmark": [0.06],
    ...                       "x_benchmark": [0.05]})
    >>> decompose(table).select("variant", pl.col("structure", "intrinsic").round(3)).rows()[:2]
    [('A', -0.05, -0.15), ('B', -0.02, -0.18)]
    """
    parts = sector_parts(table)
    spent, spent_b = (
        _whole(table.select(pl.when(pl.col(w) == 0).then(0.0).otherwise(pl.col(w) * pl.col(x))))
        for w, x in (("w", "x"), ("w_benchmark", "x_benchmark"))
    )
    names = ("structure", "intrinsic", "interaction")
    gap = None if spent is None or spent_b is None else _PERCENT * (spent - spent_b)
    rows = []
    for variant in VARIANTS:
        mine = parts.filter(pl.col("variant") == variant)
        totals = {c: _whole(mine.select(c)) for c in names}
        if variant != "D":
            totals["interaction"] = None
        elif totals["interaction"] is None:
            totals = dict.fromkeys(names)
        if totals["structure"] is None or totals["intrinsic"] is None:
            totals = dict.fromkeys(names)
        part = totals["structure"] / gap if gap and totals["structure"] is not None else None
        rows.append(
            {
                "variant": variant,
                "intensity": None if spent is None else _PERCENT * spent,
                "intensity_benchmark": None if spent_b is None else _PERCENT * spent_b,
                "gap": gap,
                **totals,
                "structure_share": part,
            }
        )
    schema: dict[str, pl.DataType] = {"variant": pl.String()}
    columns = ("intensity", "intensity_benchmark", "gap", *names, "structure_share")
    return pl.DataFrame(rows, schema | {c: pl.Float64() for c in columns})


def _whole(column: pl.DataFrame) -> float | None:
    """Sum of a column in one order; None where a value is unknown or there is none."""
    values = column.to_series()
    return None if values.null_count() or not values.len() else float(values.sort().sum())


def intensity_tables(
    sectors: pl.DataFrame,
    focal: str,
    benchmark: list[str],
    *,
    base: Literal["gdp", "value_added"] = "gdp",
    pooled: bool = False,
    fixed: bool = True,
) -> tuple[dict[str, pl.DataFrame], list[str]]:
    """Decompose the gap of each year, and say what the years rest on.

    Parameters
    ----------
    sectors
        As for `sides`, with ``year`` Int32.
    focal, benchmark, base, pooled
        As for `sides`.
    fixed
        True: the benchmark is those countries that have every year of the focal country, the same
        in each. False: in each year those that have it.

    Returns
    -------
    tables : dict[str, pl.DataFrame]
        - ``intensity``: ``year, country, focal, value_added, berd, base, intensity``
          [percent of the base, all sectors], ``sectors, compared, compared_berd, covered`` [part of
          the BERD that lies in the sectors compared]
        - ``decomposition``: ``year, variant, intensity, intensity_benchmark, gap, structure,
          intrinsic, interaction`` [percent of the base], ``structure_share, sectors, benchmark``
          [codes]
        - ``sectors``: ``year, sector, value_added, berd, base`` of the focal country, ``weight,
          intensity, weight_benchmark, intensity_benchmark`` [fractions], ``structure_a,
          intrinsic_a, structure_b, intrinsic_b, structure_c, intrinsic_c, interaction`` [percent]
    notes : list of str
        What was left out, and where little of the R&D is covered.

    Raises
    ------
    TableError
        As for `sides`; or no year has the focal country and a benchmark.

    Examples
    --------
    >>> sectors = pl.DataFrame({"country": ["NL", "DE"], "sector": ["ict", "ict"],
    ...     "year": [2015] * 2, "value_added": [50.0, 60.0], "berd": [1.0, 3.0],
    ...     "gdp": [1000.0, 1000.0]})
    >>> tables, notes = intensity_tables(sectors, "NL", ["DE"])
    >>> tables["decomposition"]["gap"].round(3).to_list(), notes
    ([-0.2, -0.2, -0.2, -0.2], [])
    """
    others = [code for code in dict.fromkeys(benchmark) if code != focal]
    there = _countries_by_year(sectors, base)
    years = [year for year, codes in there.items() if focal in codes]
    notes = []
    if fixed:
        kept = [code for code in others if all(code in there[year] for year in years)]
        gone = [code for code in others if code not in kept]
        if gone and years:
            notes.append(f"left out of the benchmark, not there in every year: {', '.join(gone)}")
        others = kept
    parts: dict[str, list[pl.DataFrame]] = {}
    for year in years:
        mine = [code for code in others if code in there[year]]
        if not mine:
            notes.append(f"{year}: no country of the benchmark is there; the year is left out")
            continue
        of_year = sectors.filter(pl.col("year") == year)
        for name, table in _of_year(of_year, focal, mine, base, pooled=pooled).items():
            dated = table.select(pl.lit(year, pl.Int32).alias("year"), pl.all())
            parts.setdefault(name, []).append(dated)
    if not parts:
        raise TableError(f"table 'sectors': no year has {focal} and a country of the benchmark")
    tables = {name: pl.concat(found) for name, found in parts.items()}
    return tables, notes + _coverage_notes(tables["intensity"])


def _countries_by_year(sectors: pl.DataFrame, base: str) -> dict[int, set[str]]:
    """Countries with R&D in any sector and, where it is the base, with a GDP."""
    known = pl.col("value_added").is_not_null() & pl.col("berd").is_not_null()
    if base == "gdp":
        known &= pl.col("gdp").is_not_null()
    rows = sectors.filter(known).select("year", "country").unique().sort("year", "country")
    found: dict[int, set[str]] = {}
    for year, country in rows.iter_rows():
        found.setdefault(year, set()).add(country)
    return found


def _of_year(
    sectors: pl.DataFrame,
    focal: str,
    benchmark: list[str],
    base: Literal["gdp", "value_added"],
    *,
    pooled: bool,
) -> dict[str, pl.DataFrame]:
    """Return the three tables of one year."""
    table = sides(sectors, focal, benchmark, base=base, pooled=pooled)
    compared = pl.col("sector").is_in(table["sector"].implode())
    added, spent = pl.col("value_added"), pl.col("berd")
    totals = (
        sectors.filter(pl.col("country").is_in([focal, *benchmark]))
        .group_by("country")
        .agg(
            value_added=added.sort().sum(),
            berd=spent.sort().sum(),
            base=pl.col("gdp").first() if base == "gdp" else added.sort().sum(),
            sectors=spent.count().cast(pl.Int64),
            compared=compared.sum().cast(pl.Int64),
            compared_berd=spent.filter(compared).sort().sum(),
        )
        .with_columns(
            focal=pl.col("country") == focal,
            intensity=_PERCENT * pl.col("berd") / pl.col("base"),
            covered=pl.when(pl.col("berd") > 0).then(pl.col("compared_berd") / pl.col("berd")),
        )
        .sort(~pl.col("focal"), "country")
    )
    parts = sector_parts(table)
    wide = table
    for variant in ("A", "B", "C"):
        part = parts.filter(pl.col("variant") == variant).sort("sector")
        wide = wide.with_columns(
            part["structure"].alias(f"structure_{variant.lower()}"),
            part["intrinsic"].alias(f"intrinsic_{variant.lower()}"),
        )
    crossed = parts.filter(pl.col("variant") == "D").sort("sector")["interaction"]
    own = sectors.filter(pl.col("country") == focal)
    base_of = totals.filter("focal")["base"][0]
    return {
        "intensity": totals.select(
            "country", "focal", "value_added", "berd", "base", "intensity", "sectors", "compared",
            "compared_berd", "covered",
        ),
        "decomposition": decompose(table).with_columns(
            sectors=pl.lit(table.height, pl.Int64), benchmark=pl.lit(" ".join(benchmark))
        ),
        "sectors": wide.with_columns(crossed)
        .join(own.select("sector", "value_added", "berd"), on="sector", maintain_order="left")
        .select(
            "sector", "value_added", "berd", pl.lit(base_of, pl.Float64).alias("base"),
            pl.col("w").alias("weight"), pl.col("x").alias("intensity"),
            pl.col("w_benchmark").alias("weight_benchmark"),
            pl.col("x_benchmark").alias("intensity_benchmark"),
            "structure_a", "intrinsic_a", "structure_b", "intrinsic_b", "structure_c",
            "intrinsic_c", "interaction",
        ),
    }  # fmt: skip


def _coverage_notes(table: pl.DataFrame) -> list[str]:
    """Countries and years of which the compared sectors hold too little."""
    thin = table.filter(pl.col("covered").is_null() | (pl.col("covered") < COVERED))
    if not thin.height:
        return []
    worst = thin.sort("covered", "year", "country", nulls_last=True).row(0, named=True)
    part = "none" if worst["covered"] is None else f"{100 * worst['covered']:.0f} %"
    return [
        f"the sectors compared hold less than {100 * COVERED:.0f} % of the R&D of "
        f"{thin['country'].n_unique()} countries; least {worst['country']} {worst['year']}, {part}"
    ]
