"""Start-ups and scale-ups by country and technology, and what they raised.

A company counts where it was founded after a year, is active, and its funding is known: below a
threshold it is a start-up, from it on a scale-up. Unknown is not zero: a company without funding,
year, status or country is counted as such and never guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array

from netpos.indicators.position import rank_of_present
from netpos.tables import require

#: Union of all technologies, each company once.
UNION = "all"
#: Companies below which no ratio of scale-ups is given.
LEAST = 10
#: Rows of weights drawn at a time.
_CHUNK = 64
_COMPANIES: dict[str, pl.DataType] = {
    "company_id": pl.String(),
    "country": pl.String(),
    "technology": pl.String(),
    "founded": pl.Int32(),
    "active": pl.Boolean(),
    "funding": pl.Float64(),
}
_KINDS = ("startup", "scaleup")


@dataclass(frozen=True)
class Rule:
    """Which companies count, and what tells a scale-up from a start-up.

    Parameters
    ----------
    founded_after
        Last year of founding that does not count.
    threshold
        Funding from which on a company is a scale-up [millions, currency of the table]; itself
        included.
    employees
        If given, a scale-up is a company with more employees than this, whatever it raised.
    """

    founded_after: int = 1990
    threshold: float = 10.0
    employees: int | None = None


def classify(companies: pl.DataFrame, rule: Rule | None = None) -> pl.DataFrame:
    """Tell for each company whether it is a start-up or a scale-up, or why neither.

    Parameters
    ----------
    companies
        ``company_id``, ``country`` String (null: unknown), ``technology`` String, ``founded``
        Int32, ``active`` Boolean, ``funding`` Float64 >= 0 [millions; null: unknown], with
        ``Rule.employees`` also ``employees`` Float64.
    rule
        By default founded after 1990, scale-up from 10 million on.

    Returns
    -------
    pl.DataFrame
        ``companies`` plus ``kind`` String: ``startup``, ``scaleup``, ``old``, ``inactive``,
        ``unknown`` (year, status or what tells the two apart is not known).

    Raises
    ------
    TableError
        A column is missing or of another type.

    Examples
    --------
    >>> companies = pl.DataFrame({"company_id": list("abc"), "country": ["NL"] * 3,
    ...     "technology": ["quantum"] * 3, "founded": [2015, 2015, 1990], "active": [True] * 3,
    ...     "funding": [10.0, None, 3.0]}, schema_overrides={"founded": pl.Int32})
    >>> classify(companies)["kind"].to_list()
    ['scaleup', 'unknown', 'old']
    """
    rule = rule or Rule()
    wanted = _COMPANIES | ({"employees": pl.Float64()} if rule.employees is not None else {})
    require(companies, wanted, name="companies")
    if rule.employees is None:
        large, measured = pl.col("funding") >= rule.threshold, pl.col("funding").is_not_null()
    else:
        large, measured = pl.col("employees") > rule.employees, pl.col("employees").is_not_null()
    kind = (
        pl.when(pl.col("active").eq(other=False))
        .then(pl.lit("inactive"))
        .when(pl.col("founded") <= rule.founded_after)
        .then(pl.lit("old"))
        .when(pl.col("founded").is_null() | pl.col("active").is_null() | ~measured)
        .then(pl.lit("unknown"))
        .when(large)
        .then(pl.lit("scaleup"))
        .otherwise(pl.lit("startup"))
    )
    return companies.with_columns(kind=kind)


def wilson(part: int, whole: int) -> tuple[float, float] | None:
    """Compute Wilson interval of a share, 95 %; None of nothing.

    Parameters
    ----------
    part, whole
        Counts, 0 <= part <= whole.

    References
    ----------
    Wilson (1927), Journal of the American Statistical Association 22(158): 209-212,
    doi:10.1080/01621459.1927.10502953

    Examples
    --------
    >>> [round(100 * end, 2) for end in wilson(5, 109)]
    [1.98, 10.29]
    """
    if not whole:
        return None
    from scipy.stats import binomtest  # slow to load

    interval = binomtest(part, whole).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)


def company_table(
    companies: pl.DataFrame,
    rule: Rule | None = None,
    *,
    focal: str | None = None,
    draws: int = 1000,
    seed: int = 0,
) -> pl.DataFrame:
    r"""Compare start-ups, scale-ups and their funding by technology and country.

    Every share divides by all companies of the technology, those without a country included, so
    that an unknown country makes no other country larger.

    Parameters
    ----------
    companies, rule
        As for `classify`; optionally ``unicorn`` Boolean.
    focal
        A country that has a row in every technology, also without companies.
    draws, seed
        Resamples of the companies for the spread of funding shares; 0: none.

    Returns
    -------
    pl.DataFrame
        ``technology, country, startups, scaleups, unicorns`` Int64, for each of start-ups and
        scale-ups its number in the world (``startups_all``), share (``startup_share`` with the
        Wilson interval ``_low``, ``_high``), ``startup_funding`` [millions],
        ``startup_funding_all``, ``startup_funding_share`` with the 2.5th and 97.5th percentile over
        resampled companies, ``startup_funding_rank`` and ``startup_largest`` [part of the largest
        company in the funding of the row]; ``scaleup_ratio`` = scale-ups / (start-ups +
        scale-ups), with Wilson interval, null below `LEAST` companies. ``unicorns`` counts
        scale-ups; null without the column. Funding is null where no company's is known.
        Technologies in order with `UNION` last, countries by code. A country has a row in each
        technology in which it has a company that counts.

    Raises
    ------
    TableError
        As for `classify`.

    Examples
    --------
    >>> companies = pl.DataFrame({"company_id": list("abc"), "country": ["NL", "DE", "NL"],
    ...     "technology": ["quantum"] * 3, "founded": [2015] * 3, "active": [True] * 3,
    ...     "funding": [30.0, 4.0, 2.0]}, schema_overrides={"founded": pl.Int32})
    >>> table = company_table(companies, draws=0)
    >>> table.filter(pl.col("technology") == "quantum")["startup_share"].to_list()
    [0.5, 0.5]
    """
    found = classify(companies, rule)
    known = found.filter(pl.col("kind").is_in(["startup", "scaleup"]))
    union = known.sort("company_id", "technology").unique("company_id", keep="first")
    groups = [
        (name, known.filter(pl.col("technology") == name))
        for name in found["technology"].unique().sort().to_list()
    ]
    return pl.concat(
        _of_technology(rows, name, draws, seed, focal) for name, rows in [*groups, (UNION, union)]
    )


def company_coverage(companies: pl.DataFrame, rule: Rule | None = None) -> pl.DataFrame:
    """Say how many companies there are, how many count, and why the others do not.

    Parameters
    ----------
    companies, rule
        As for `classify`.

    Returns
    -------
    pl.DataFrame
        ``technology``, ``companies``, ``counted``, ``old``, ``inactive``, ``unknown``,
        ``no_country`` Int64 [of those counted], technologies in order with `UNION` last (each
        company once).

    Examples
    --------
    >>> companies = pl.DataFrame({"company_id": ["a"], "country": [None], "technology": ["quantum"],
    ...     "founded": [2015], "active": [True], "funding": [1.0]},
    ...     schema_overrides={"founded": pl.Int32, "country": pl.String})
    >>> company_coverage(companies).row(0)
    ('quantum', 1, 1, 0, 0, 0, 1)
    """
    found = classify(companies, rule)
    union = found.sort("company_id", "technology").unique("company_id", keep="first")
    both = pl.concat([found, union.with_columns(technology=pl.lit(UNION))])
    kind = pl.col("kind")
    counted = kind.is_in(["startup", "scaleup"])
    table = both.group_by("technology").agg(
        companies=pl.len().cast(pl.Int64),
        counted=counted.sum().cast(pl.Int64),
        old=(kind == "old").sum().cast(pl.Int64),
        inactive=(kind == "inactive").sum().cast(pl.Int64),
        unknown=(kind == "unknown").sum().cast(pl.Int64),
        no_country=(counted & pl.col("country").is_null()).sum().cast(pl.Int64),
    )
    return table.sort(pl.col("technology") == UNION, "technology")


def _of_technology(
    rows: pl.DataFrame, name: str, draws: int, seed: int, focal: str | None
) -> pl.DataFrame:
    """Return the rows of one technology; ``rows`` are its companies that count."""
    rows = rows.sort("company_id")
    extra = pl.Series("country", [] if focal is None else [focal], dtype=pl.String)
    places = rows["country"].drop_nulls().append(extra).unique().sort()
    table = pl.DataFrame({"technology": [name] * places.len(), "country": places}).cast(
        {"technology": pl.String, "country": pl.String}
    )
    for kind in _KINDS:
        mine = rows.filter(pl.col("kind") == kind)
        table = table.join(_of_kind(mine, kind, draws, seed, places), on="country", how="left")
    n, k = pl.col("startups") + pl.col("scaleups"), pl.col("scaleups")
    enough = n >= LEAST
    unicorns = pl.lit(None, pl.Int64)
    if "unicorn" in rows.columns:
        held = rows.filter(pl.col("kind") == "scaleup").group_by("country")
        table = table.join(
            held.agg(unicorns=pl.col("unicorn").sum().cast(pl.Int64)), on="country", how="left"
        )
        unicorns = pl.col("unicorns").fill_null(0)
    table = table.with_columns(
        unicorns=unicorns,
        scaleup_ratio=pl.when(enough).then(k / n),
        eligible=n,
    )
    table = _with_wilson(table, "scaleup_ratio", "scaleups", "eligible").with_columns(
        pl.when(enough).then(pl.col(c)).alias(c)
        for c in ("scaleup_ratio_low", "scaleup_ratio_high")
    )
    order = ["technology", "country", "startups", "scaleups", "unicorns"]
    for kind in _KINDS:
        funding = f"{kind}_funding"
        order += [
            f"{kind}s_all", f"{kind}_share", f"{kind}_share_low", f"{kind}_share_high", funding,
            f"{funding}_all", f"{funding}_share", f"{funding}_share_low", f"{funding}_share_high",
            f"{funding}_rank", f"{kind}_largest",
        ]  # fmt: skip
    order += ["scaleup_ratio", "scaleup_ratio_low", "scaleup_ratio_high"]
    return table.select(order).sort("country")


def _of_kind(
    rows: pl.DataFrame, kind: str, draws: int, seed: int, places: pl.Series
) -> pl.DataFrame:
    """Compute the number and funding of one kind of company, a row for each country."""
    whole, money = rows.height, pl.col("funding")
    known = rows["funding"].drop_nulls()
    total = float(known.sort().sum()) if known.len() else None
    sums = rows.group_by("country").agg(
        pl.len().cast(pl.Int64).alias("n"),
        pl.when(money.count() > 0).then(money.sort().sum()).alias("funding"),
        pl.col("funding").max().alias("largest"),
    )
    table = pl.DataFrame({"country": places}).join(sums, on="country", how="left")
    funding = f"{kind}_funding"
    part = pl.col("funding") / total if total else pl.lit(None, pl.Float64)
    table = table.select(
        "country",
        pl.col("n").fill_null(0).alias(f"{kind}s"),
        pl.lit(whole, pl.Int64).alias(f"{kind}s_all"),
        pl.when(pl.lit(whole) > 0).then(pl.col("n").fill_null(0) / max(whole, 1))
        .alias(f"{kind}_share"),
        pl.when(pl.col("n").is_null() & pl.lit(total is not None)).then(0.0)
        .otherwise("funding").alias(funding),
        pl.lit(total, pl.Float64).alias(f"{funding}_all"),
        pl.when(pl.col("n").is_null() & pl.lit(bool(total))).then(0.0)
        .otherwise(part).alias(f"{funding}_share"),
        pl.when(pl.col("funding") > 0).then(pl.col("largest") / pl.col("funding"))
        .alias(f"{kind}_largest"),
    )  # fmt: skip
    table = _with_wilson(table, f"{kind}_share", f"{kind}s", f"{kind}s_all")
    low, high = _resampled(rows.drop_nulls("funding"), places, draws, seed)
    return table.with_columns(
        rank_of_present(funding).alias(f"{funding}_rank"),
        low.alias(f"{funding}_share_low"),
        high.alias(f"{funding}_share_high"),
    )


def _with_wilson(table: pl.DataFrame, name: str, part: str, whole: str) -> pl.DataFrame:
    ends = [wilson(k, n) for k, n in table.select(part, whole).iter_rows()]
    bounds = [[None if e is None else e[side] for e in ends] for side in (0, 1)]
    return table.with_columns(
        pl.Series(f"{name}_low", bounds[0], dtype=pl.Float64),
        pl.Series(f"{name}_high", bounds[1], dtype=pl.Float64),
    )


def _resampled(
    rows: pl.DataFrame, places: pl.Series, draws: int, seed: int
) -> tuple[pl.Series, pl.Series]:
    """Percentiles 2.5 and 97.5 of each country's part of the funding over resampled companies."""
    empty = pl.Series([None] * places.len(), dtype=pl.Float64)
    if not draws or rows.height < 2 or not rows["funding"].sum():
        return empty, empty
    named = rows["country"].fill_null("")
    at: dict[str, int] = {code: k for k, code in enumerate(places)}
    columns = np.array([at.get(code, places.len()) for code in named])
    money: Any = csr_array(
        (rows["funding"].to_numpy(), (np.arange(rows.height), columns)),
        shape=(rows.height, places.len() + 1),
    )
    generator = np.random.default_rng(seed)
    found: list[NDArray[np.float64]] = []
    for start in range(0, draws, _CHUNK):
        size = (min(_CHUNK, draws - start), rows.height)
        weights = generator.poisson(1.0, size=size).astype(np.float64)
        sums = (money.T @ weights.T).T
        whole = sums.sum(1)
        found.append(sums[whole > 0, :-1] / whole[whole > 0, None])
    shares = np.vstack(found)
    if not len(shares):
        return empty, empty
    ends = np.percentile(shares, [2.5, 97.5], axis=0, method="inverted_cdf")
    low, high = (pl.Series(end.tolist(), dtype=pl.Float64) for end in ends)
    return low, high
