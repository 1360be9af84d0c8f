"""What publications say of a country: output, impact against the field, specialisation.

A cell is a technology, a year and a type of work. Impact compares a work with the mean of its cell,
over all works of it, those without a country and those never cited included.
"""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from netpos.errors import TableError
from netpos.tables import require

#: Union of all technologies, each work once.
UNION = "all"
#: Works a cell should have; one with fewer is pooled.
MIN_CELL = 30
#: Works a country should have for a rank.
RANKED = 20
#: Works with a score below which an interval of impact would be too narrow to be printed.
MEASURED = 200
#: Years on either side that a thin cell may borrow from.
_YEARS = 2

_MEMBERS: dict[str, pl.DataType] = {
    "work": pl.Int64(), "technology": pl.String(), "year": pl.Int32(), "type": pl.String(),
    "citations": pl.Int64(),
}  # fmt: skip
_SHARES: dict[str, pl.DataType] = {
    "work": pl.Int64(), "country": pl.String(), "share": pl.Float64()
}  # fmt: skip


class Scored(NamedTuple):
    """Scores of works, and the cells that they were compared with.

    ``scores``: ``work``, ``technology``, ``year``, ``type``, ``citations``, ``expected``,
    ``score``, ``top``. ``cells``: ``technology``, ``year``, ``type``, ``works``, ``citations``,
    ``pooled_works``, ``expected``, ``pooled`` (empty, years, types, none).
    """

    scores: pl.DataFrame
    cells: pl.DataFrame


def scored(
    members: pl.DataFrame,
    *,
    min_cell: int = MIN_CELL,
    top: float = 0.1,
    weight: str | None = None,
) -> Scored:
    r"""Compare each work with its cell: citations over the mean, and the part in the top.

    .. math:: s_f = \frac{c_f}{e}, \qquad e = \frac{\sum_g v_g c_g}{\sum_g v_g}

    over all works g of the cell. A cell with fewer than ``min_cell`` works takes the years next to
    it (one, then two on either side), then articles and conference papers together, with the same
    years; reviews are never mixed with others. One that is still too thin has no score, and so has
    one in which nobody is cited. The part of a work in the top: 1 above the threshold, 0 below, and
    for works tied at it what is left of the top, in equal parts.

    Parameters
    ----------
    members
        One row per work and technology: ``work`` Int64, ``technology`` String, ``year`` Int32,
        ``type`` String, ``citations`` Int64.
    min_cell
        Least works of a cell.
    top
        Part of a cell that is its top.
    weight
        Column of weights v of the works in their cell; None: 1.

    Returns
    -------
    Scored

    Raises
    ------
    TableError
        A column is missing or of another type.

    References
    ----------
    Waltman, van Eck, van Leeuwen, Visser and van Raan (2011), Scientometrics 87: 467-481,
    doi:10.1007/s11192-011-0354-5; Waltman and Schreiber (2013), Journal of the American Society for
    Information Science and Technology 64(2): 372-379, doi:10.1002/asi.22775

    Examples
    --------
    >>> members = pl.DataFrame({"work": [1, 2, 3, 4], "technology": ["q"] * 4, "year": [2015] * 4,
    ...     "type": ["article"] * 4, "citations": [10, 2, 0, 4]},
    ...     schema_overrides={"year": pl.Int32})
    >>> found = scored(members, min_cell=1).scores
    >>> found["score"].to_list(), found["top"].to_list()
    ([2.5, 0.5, 0.0, 1.0], [0.4, 0.0, 0.0, 0.0])
    """
    require(members, _MEMBERS, name="members")
    v = pl.lit(1.0) if weight is None else pl.col(weight)
    rows = members.with_columns(v=v.cast(pl.Float64))
    key = ["technology", "year", "type"]
    sizes = rows.group_by(key).agg(
        works=pl.len().cast(pl.Int64), citations=pl.col("citations").sum()
    )
    cells = _pools(sizes, min_cell).sort(key)
    # the works of a cell with those of the cells that it borrows from
    borrowed = (
        cells.filter(pl.col("pooled") != "none")
        .select(*key, "reach", "mixed")
        .join(
            rows.group_by("technology", "year", "type", "citations").agg(pl.col("v").sort().sum())
            .rename({"year": "year_of", "type": "type_of"}),
            on="technology",
        )
        .filter(
            ((pl.col("year_of") - pl.col("year")).abs() <= pl.col("reach"))
            & (
                (pl.col("type_of") == pl.col("type"))
                | (pl.col("mixed") & pl.col("type_of").is_in(["article", "conference"]))
            )
        )
        .group_by(*key, "citations")
        .agg(pl.col("v").sort().sum())
        .sort(*key, "citations", descending=[False, False, False, True])
    )  # fmt: skip
    whole = pl.col("v").sum().over(key)
    above = pl.col("v").cum_sum().over(key) - pl.col("v")
    at = borrowed.with_columns(
        top=((top * whole - above) / pl.col("v")).clip(0.0, 1.0),
        expected=(pl.col("v") * pl.col("citations")).sum().over(key) / whole,
    )
    means = at.group_by(key).agg(pl.col("expected").first())
    cells = cells.join(means, on=key, how="left", maintain_order="left")
    scores = (
        rows.join(
            at.select(*key, "citations", "expected", "top"), on=[*key, "citations"], how="left"
        )
        .with_columns(
            score=pl.when(pl.col("expected") > 0).then(pl.col("citations") / pl.col("expected"))
        )
        .select("work", *key, "citations", "expected", "score", "top", "v")
        .sort("technology", "work")
    )
    shown = [
        "technology",
        "year",
        "type",
        "works",
        "citations",
        "pooled_works",
        "expected",
        "pooled",
    ]
    return Scored(scores.drop("v"), cells.select(shown))


def _pools(sizes: pl.DataFrame, min_cell: int) -> pl.DataFrame:
    """For each cell how far it reaches for years, and whether it mixes types."""
    other = sizes.rename({"year": "year_of", "type": "type_of", "works": "more"})
    both = sizes.join(other.drop("citations"), on="technology")
    apart = (pl.col("year_of") - pl.col("year")).abs()
    same = pl.col("type_of") == pl.col("type")
    mixable = pl.col("type").is_in(["article", "conference"])
    mix = same | (mixable & pl.col("type_of").is_in(["article", "conference"]))
    steps = [(0, False), *((k, False) for k in range(1, _YEARS + 1))]
    steps += [(k, True) for k in range(_YEARS + 1)]
    sums = both.group_by("technology", "year", "type", "works", "citations").agg(
        [
            pl.col("more").filter((apart <= reach) & (mix if mixed else same)).sum()
            .alias(f"n{k}")
            for k, (reach, mixed) in enumerate(steps)
        ]
    )  # fmt: skip
    chain_reach, chain_mixed = pl.lit(None, pl.Int32), pl.lit(value=False)
    chain_pooled, chain_size = pl.lit("none"), pl.lit(None, pl.Int64)
    for k, (step, mixed) in reversed(list(enumerate(steps))):
        enough = pl.col(f"n{k}") >= min_cell
        usable = enough & mixable if mixed else enough
        name = "" if k == 0 else "types" if mixed else "years"
        chain_reach = pl.when(usable).then(pl.lit(step, pl.Int32)).otherwise(chain_reach)
        chain_mixed = pl.when(usable).then(pl.lit(mixed)).otherwise(chain_mixed)
        chain_pooled = pl.when(usable).then(pl.lit(name)).otherwise(chain_pooled)
        chain_size = pl.when(usable).then(f"n{k}").otherwise(chain_size)
    reach, mixed_, pooled, size = chain_reach, chain_mixed, chain_pooled, chain_size
    return sums.select(
        "technology", "year", "type", "works", "citations",
        reach=reach, mixed=mixed_, pooled=pooled, pooled_works=size,
    )  # fmt: skip


def union_scores(
    members: pl.DataFrame, *, min_cell: int = MIN_CELL, top: float = 0.1
) -> pl.DataFrame:
    """Score the works of all technologies together, each work once.

    A work in m technologies counts 1/m in each of its cells, and its score is the mean of its
    ratios.

    Parameters
    ----------
    members, min_cell, top
        As for `scored`.

    Returns
    -------
    pl.DataFrame
        ``work``, ``technology`` (`UNION`), ``year``, ``type``, ``citations``, ``score``, ``top``;
        null where none of its cells gives one.

    Examples
    --------
    >>> members = pl.DataFrame({"work": [1, 1, 2], "technology": ["q", "a", "a"],
    ...     "year": [2016] * 3, "type": ["article"] * 3, "citations": [6, 6, 3]},
    ...     schema_overrides={"year": pl.Int32})
    >>> union_scores(members, min_cell=1)["score"].to_list()
    [1.25, 0.75]
    """
    parted = members.with_columns(part=1.0 / pl.len().over("work"))
    found = scored(parted, min_cell=min_cell, top=top, weight="part").scores
    return (
        found.group_by("work", maintain_order=True)
        .agg(
            pl.col("year").first(),
            pl.col("type").first(),
            pl.col("citations").first(),
            pl.col("score").mean(),
            pl.col("top").mean(),
        )
        .select(
            "work", pl.lit(UNION).alias("technology"), "year", "type", "citations", "score", "top"
        )
        .sort("work")
    )


def output_impact(scores: pl.DataFrame, shares: pl.DataFrame) -> pl.DataFrame:
    r"""Compute output and impact of each country in each technology.

    .. math:: P_c = \sum_f a_{cf}, \qquad FWCI_c = \frac{\sum_f a_{cf} s_f}{\sum_f a_{cf}}

    over the works with a score (a mean of ratios), a the country's share in the work; in full
    counting a is 1 where the country has any. The interval of FWCI is :math:`\exp(\ln FWCI \pm
    1.96\,\sigma)` with :math:`\sigma` the linearised standard error of a ratio of sums over works,
    divided by FWCI. How often it holds the truth is told in docs/methods.md; below `RANKED` works
    there is none.

    Parameters
    ----------
    scores
        ``work``, ``technology``, ``score``, ``top`` as `scored` or `union_scores` give them, of the
        years wanted.
    shares
        ``work`` Int64, ``country`` String, ``share`` Float64.

    Returns
    -------
    pl.DataFrame
        ``technology``, ``country``, ``works``, ``works_full``, ``works_scored`` [fractional, full,
        fractional with a score], ``share`` [of the located works] with the Wilson interval
        ``share_low``, ``share_high`` (for works counted in parts), ``fwci``, ``fwci_low``,
        ``fwci_high``, ``fwci_full``, ``top10`` [part of its scored works in the top], sorted.

    Raises
    ------
    TableError
        A column is missing or of another type.

    Examples
    --------
    >>> scores = pl.DataFrame({"work": [1, 2], "technology": ["q", "q"], "score": [2.0, 0.5],
    ...                        "top": [1.0, 0.0]})
    >>> shares = pl.DataFrame({"work": [1, 1, 2], "country": ["NL", "DE", "NL"],
    ...                        "share": [0.5, 0.5, 1.0]})
    >>> output_impact(scores, shares).select("country", "works", "fwci").rows()
    [('DE', 0.5, 2.0), ('NL', 1.5, 1.0)]
    """
    require(shares, _SHARES, name="shares")
    if missing := {"work", "technology", "score", "top"} - set(scores.columns):
        raise TableError(f"table 'scores': column '{min(missing)}' is missing")
    rows = shares.join(scores, on="work")
    a, s, known = pl.col("share"), pl.col("score"), pl.col("score").is_not_null()
    held = a.filter(known)
    key = ["technology", "country"]
    mean = (held * s.filter(known)).sum() / held.sum()
    there = rows.group_by("technology").agg(located=pl.col("work").n_unique().cast(pl.Float64))
    table = (
        rows.sort(*key, "work")
        .group_by(key, maintain_order=True)
        .agg(
            squares=a.pow(2).sum(),
            works=a.sum(),
            works_full=pl.len().cast(pl.Int64),
            works_scored=held.sum(),
            n=known.sum(),
            fwci=pl.when(held.sum() > 0).then(mean),
            spread=(held.pow(2) * (s.filter(known) - mean).pow(2)).sum().sqrt() / held.sum(),
            fwci_full=s.mean(),
            top10=pl.when(held.sum() > 0).then(
                (held * pl.col("top").filter(known)).sum() / held.sum()
            ),
        )
    )
    # by authors this is the sum over countries; counted in full, countries sum to more
    table = table.join(there, on="technology", maintain_order="left")
    table = _with_share_bounds(table.with_columns(share=pl.col("works") / pl.col("located")))
    enough = (pl.col("n") >= MEASURED) & (pl.col("fwci") > 0)
    around = 1.959963984540054 * pl.col("spread") / pl.col("fwci")
    return table.with_columns(
        fwci_low=pl.when(enough).then(pl.col("fwci") * (-around).exp()),
        fwci_high=pl.when(enough).then(pl.col("fwci") * around.exp()),
    ).select(
        *key, "works", "works_full", "works_scored", "share", "share_low", "share_high", "fwci",
        "fwci_low", "fwci_high", "fwci_full", "top10",
    )  # fmt: skip


def _with_share_bounds(table: pl.DataFrame) -> pl.DataFrame:
    r"""Add the Wilson interval of a share of works that are counted in parts.

    The number of works is replaced by the one that would give the variance of the parts,
    :math:`n = s (1 - s) N^2 / (\sum a^2 - N s^2)`, which is N itself where every work counts whole.
    """
    z = 1.959963984540054
    s, n = pl.col("share"), pl.col("located")
    spread = pl.col("squares") - n * s * s
    inside = (s > 0) & (s < 1) & (spread > 0)
    size = pl.when(inside).then(s * (1 - s) * n * n / spread).otherwise(n)
    middle = (s + z * z / (2 * size)) / (1 + z * z / size)
    half = z / (1 + z * z / size) * (s * (1 - s) / size + z * z / (4 * size * size)).sqrt()
    return table.with_columns(
        share_low=(middle - half).clip(0.0, 1.0), share_high=(middle + half).clip(0.0, 1.0)
    )


def activity(table: pl.DataFrame, totals: pl.DataFrame) -> pl.DataFrame:
    r"""Compute the relative activity of a country: its share in the technology over its share in
    all science.

    .. math:: RAI_{ct} = \frac{P_{ct} / P_{c\cdot}}{P_{\cdot t} / P_{\cdot\cdot}}

    Parameters
    ----------
    table
        ``technology``, ``country``, ``works``, as `output_impact` gives it, every country.
    totals
        ``country`` String, ``works`` Float64 [all works of the same years]: every country of the
        world.

    Returns
    -------
    pl.DataFrame
        ``table`` plus ``rai`` Float64, null for a country without a total.

    Examples
    --------
    >>> table = pl.DataFrame({"technology": ["q", "q"], "country": ["NL", "US"],
    ...                       "works": [1.0, 3.0]})
    >>> totals = pl.DataFrame({"country": ["NL", "US"], "works": [10.0, 90.0]})
    >>> activity(table, totals)["rai"].round(6).to_list()
    [2.5, 0.833333]
    """
    whole = float(totals["works"].sort().sum())
    all_of_it = pl.col("works").sort().sum().over("technology")
    joined = table.join(
        totals.select("country", total="works"), on="country", how="left", maintain_order="left"
    )
    ratio = (pl.col("works") / pl.col("total")) / (all_of_it / whole)
    known = (pl.col("total") > 0) & (all_of_it > 0)
    return joined.with_columns(rai=pl.when(known).then(ratio)).drop("total")


def productivity(works: pl.DataFrame, researchers: pl.DataFrame) -> pl.DataFrame:
    r"""Compute works per hundred full-time researchers in the public sector.

    .. math:: 100 \frac{\sum_y P_{cy}}{\sum_y FTE_{cy}}

    over the years of which FTE is known, on both sides.

    Parameters
    ----------
    works
        ``technology``, ``country`` String, ``year`` Int32, ``works`` Float64.
    researchers
        ``country`` String, ``year`` Int32, ``fte`` Float64 [government and higher education].

    Returns
    -------
    pl.DataFrame
        ``technology``, ``country``, ``per_100_fte`` Float64, sorted; a country without FTE in any
        of the years is absent.

    Examples
    --------
    >>> works = pl.DataFrame({"technology": ["q"], "country": ["NL"], "year": [2015],
    ...                       "works": [8 / 3]})
    >>> fte = pl.DataFrame({"country": ["NL"], "year": [2015], "fte": [2000.0]})
    >>> productivity(works, fte)["per_100_fte"].round(6).to_list()
    [0.133333]
    """
    years = works["year"].unique()
    known = researchers.drop_nulls("fte").filter(pl.col("year").is_in(years.implode()))
    whole = known.group_by("country").agg(fte=pl.col("fte").sort().sum())
    mine = works.join(known.select("country", "year"), on=["country", "year"])
    return (
        mine.group_by("technology", "country")
        .agg(pl.col("works").sort().sum())
        .join(whole, on="country")
        .select(
            "technology",
            "country",
            per_100_fte=pl.when(pl.col("fte") > 0).then(100 * pl.col("works") / pl.col("fte")),
        )
        .sort("technology", "country")
    )
