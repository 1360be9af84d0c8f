"""From patents to the papers they cite: whose science a country uses, and who uses its own.

A link is a family and a paper that any of its documents names, counted once however often it is
named. Papers are found among the works given; a reference to any other paper is no link.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import stdtrit

from netpos.tables import require

#: By what a reference is found among the works, in this order.
BY = ("lens_id", "doi", "pmid")
#: Effective number of organisations and of papers below which a share has no interval.
MEASURED = 30
#: Links below which a share is not given.
LEAST = 10

_SHARES: dict[str, pl.DataType] = {"country": pl.String(), "share": pl.Float64()}


def matched(references: pl.DataFrame, works: pl.DataFrame) -> pl.DataFrame:
    """Find the papers that families name among works: by Lens ID, else by DOI, else by PMID.

    Parameters
    ----------
    references
        ``family`` Int32, ``lens_id``, ``doi``, ``pmid`` String: what a reference says of a paper.
    works
        ``work`` Int64, ``lens_id``, ``doi``, ``pmid`` String, each null where not known.

    Returns
    -------
    pl.DataFrame
        ``family``, ``work``, ``by`` (one of `BY`): each pair once, by the first that finds it;
        sorted. Of several works with one identifier the first is taken.

    Examples
    --------
    >>> references = pl.DataFrame({"family": [0, 0], "lens_id": [None, None],
    ...     "doi": ["10.1/a", None], "pmid": ["7", "7"]},
    ...     schema_overrides={"family": pl.Int32, "lens_id": pl.String})
    >>> works = pl.DataFrame({"work": [5], "lens_id": [None], "doi": ["10.1/a"], "pmid": ["7"]},
    ...     schema_overrides={"lens_id": pl.String})
    >>> matched(references, works).rows()
    [(0, 5, 'doi')]
    """
    texts: dict[str, pl.DataType] = dict.fromkeys(BY, pl.String())
    require(references, {"family": pl.Int32(), **texts}, name="references")
    require(works, {"work": pl.Int64(), **texts}, name="works")
    left = references.select("family", *BY).unique()
    parts = []
    for name in BY:
        known = works.drop_nulls(name).group_by(name).agg(pl.col("work").min())
        both = left.join(known, on=name, how="left")
        parts.append(both.drop_nulls("work").select("family", "work", by=pl.lit(name)))
        left = both.filter(pl.col("work").is_null()).drop("work")
    rank = pl.col("by").replace_strict({name: k for k, name in enumerate(BY)})
    return (
        pl.concat(parts)
        .sort("family", "work", rank)
        .unique(["family", "work"], keep="first", maintain_order=True)
    )


def spread_links(pairs: pl.DataFrame, families: pl.DataFrame, papers: pl.DataFrame) -> pl.DataFrame:
    r"""Spread links over the countries of both ends: a link gives :math:`a_c(f)\,a_b(p)`.

    Parameters
    ----------
    pairs
        ``family`` Int32, ``work`` Int64: the links, each once.
    families
        ``family`` Int32, ``country`` String, ``share`` Float64.
    papers
        ``work`` Int64, ``country`` String, ``share`` Float64.

    Returns
    -------
    pl.DataFrame
        ``family``, ``work``, ``citing``, ``cited``, ``weight`` Float64, sorted; a link with an end
        without a country has no row.
    """
    require(pairs, {"family": pl.Int32(), "work": pl.Int64()}, name="pairs")
    require(families, {"family": pl.Int32(), **_SHARES}, name="families")
    require(papers, {"work": pl.Int64(), **_SHARES}, name="papers")
    return (
        pairs.select("family", "work")
        .join(families.rename({"country": "citing", "share": "a"}), on="family")
        .join(papers.rename({"country": "cited", "share": "b"}), on="work")
        .select("family", "work", "citing", "cited", weight=pl.col("a") * pl.col("b"))
        .sort("family", "work", "citing", "cited")
    )


def science_links(spread: pl.DataFrame) -> pl.DataFrame:
    r"""Add links up to a table of countries.

    .. math:: K_{cb} = \sum_{(f, p)} a_c(f)\,a_b(p)

    Parameters
    ----------
    spread
        From `spread_links`.

    Returns
    -------
    pl.DataFrame
        ``citing``, ``cited``, ``links`` (K), ``families``, ``papers`` [different ones behind it],
        ``source_share`` [of what the citing country uses], ``use_share`` [of the uses of the cited
        country's papers]; sorted.

    Examples
    --------
    >>> spread = pl.DataFrame({"family": [0, 0], "work": [1, 2], "citing": ["NL", "NL"],
    ...     "cited": ["NL", "US"], "weight": [1.0, 3.0]})
    >>> science_links(spread).select("cited", "source_share").rows()
    [('NL', 0.25), ('US', 0.75)]
    """
    table = (
        spread.group_by("citing", "cited")
        .agg(
            links=pl.col("weight").sort().sum(),
            families=pl.col("family").n_unique().cast(pl.Int64),
            papers=pl.col("work").n_unique().cast(pl.Int64),
        )
        .sort("citing", "cited")
    )
    whole = pl.col("links").sort().sum()
    return table.with_columns(
        source_share=pl.col("links") / whole.over("citing"),
        use_share=pl.col("links") / whole.over("cited"),
    )


def science_linkage(
    spread: pl.DataFrame, sizes: pl.DataFrame, owners: pl.DataFrame | None = None
) -> pl.DataFrame:
    r"""Compute of each country how much its patents rest on papers, and on whose.

    .. math::
        papers\_per\_family_c = \frac{\sum_b K_{cb}}{P_c}, \qquad
        home\_source_c = \frac{K_{cc}}{\sum_b K_{cb}}, \qquad
        home\_use_c = \frac{K_{cc}}{\sum_d K_{dc}}

    P is the number of families whose exports list non-patent references. Both shares have the
    interval of `share_bounds`. Home use knows the citing families of the corpus alone.

    Parameters
    ----------
    spread
        From `spread_links`.
    sizes
        ``country`` String, ``families`` Float64: P.
    owners
        ``family`` Int32, ``owner`` Int64: families of one owner are not independent. None: each
        family has its own.

    Returns
    -------
    pl.DataFrame
        ``country``, ``families``, ``papers`` [K summed over sources], ``papers_per_family``,
        ``home``, ``home_source``, ``used`` [K summed over users], ``home_use``, each share with
        ``_low`` and ``_high``; null below `LEAST` of what it divides by, but for the interval,
        which needs `MEASURED` owners and papers; sorted.

    References
    ----------
    Narin, Hamilton and Olivastro (1997), Research Policy 26(3): 317-330,
    doi:10.1016/S0048-7333(97)00013-9

    Examples
    --------
    >>> spread = pl.DataFrame({"family": [0, 0], "work": [1, 2], "citing": ["NL", "NL"],
    ...     "cited": ["NL", "US"], "weight": [6.0, 18.0]}, schema_overrides={"family": pl.Int32})
    >>> sizes = pl.DataFrame({"country": ["NL"], "families": [8.0]})
    >>> found = science_linkage(spread, sizes).row(0, named=True)
    >>> found["papers_per_family"], found["home_source"], found["home_use"]
    (3.0, 0.25, None)
    """
    whole = pl.col("weight").sort().sum()
    given = spread.group_by(country="citing").agg(papers=whole)
    taken = spread.group_by(country="cited").agg(used=whole)
    home = spread.filter(pl.col("citing") == pl.col("cited"))
    home = home.group_by(country="citing").agg(home=whole)
    table = (
        sizes.select("country", "families")
        .join(given, on="country", how="full", coalesce=True)
        .join(taken, on="country", how="full", coalesce=True)
        .join(home, on="country", how="left")
        .with_columns(pl.col("papers", "used", "home", "families").fill_null(0.0))
        .sort("country")
    )
    rows = spread.with_columns(
        owner=-1 - pl.col("family").cast(pl.Int64),
        at_home=pl.col("citing") == pl.col("cited"),
    )
    if owners is not None:
        rows = rows.drop("owner").join(owners, on="family", how="left", maintain_order="left")
        own = -1 - pl.col("family").cast(pl.Int64)
        rows = rows.with_columns(pl.col("owner").fill_null(own))
    shares = [
        _bounded(rows, end, name)
        for end, name in (("citing", "home_source"), ("cited", "home_use"))
    ]
    for share in shares:
        table = table.join(share, on="country", how="left", maintain_order="left")
    per = pl.when(pl.col("families") > 0).then(pl.col("papers") / pl.col("families"))
    divisor = {"home_source": "papers", "home_use": "used"}
    return table.with_columns(
        papers_per_family=per,
        **{
            name: pl.when(pl.col(of) >= LEAST).then(pl.col("home") / pl.col(of))
            for name, of in divisor.items()
        },
    ).select(
        "country", "families", "papers", "papers_per_family", "home",
        "home_source", "home_source_low", "home_source_high",
        "used", "home_use", "home_use_low", "home_use_high",
    )  # fmt: skip


def _bounded(rows: pl.DataFrame, end: str, name: str) -> pl.DataFrame:
    found = []
    for country in rows[end].unique().sort():
        mine = rows.filter(pl.col(end) == country)
        ends = share_bounds(
            mine["weight"].to_numpy(),
            mine["at_home"].to_numpy(),
            mine["owner"].to_numpy(),
            mine["work"].to_numpy(),
        )
        found.append((country, *(ends or (None, None))))
    schema = {"country": pl.String(), f"{name}_low": pl.Float64(), f"{name}_high": pl.Float64()}
    return pl.DataFrame(found, schema, orient="row")


def share_bounds(
    weight: NDArray[np.float64],
    inside: NDArray[np.bool_],
    owner: NDArray[np.int64],
    paper: NDArray[np.int64],
) -> tuple[float, float] | None:
    r"""Compute the 95 % interval of a share of links that hang together by owner and by paper.

    .. math::
        logit^{-1}\left(logit\,r \pm t_{G-1}\,\frac{\sqrt{V_o + V_p - V_{op}}}{r (1 - r)}\right)

    Each V is the linearised variance of the ratio with links added up by owner, by paper, by both;
    G is the smaller of the effective numbers :math:`(\sum y)^2 / \sum_g y_g^2` of owners and of
    papers, and t has G - 1 degrees of freedom. How often it holds the truth is told in
    docs/methods.md.

    Parameters
    ----------
    weight
        Of each link.
    inside
        Whether it counts above the line.
    owner, paper
        Whose family it is, and which paper.

    Returns
    -------
    (low, high), or None where G is below `MEASURED` or the share is 0 or 1.

    References
    ----------
    Cameron, Gelbach and Miller (2011), Journal of Business and Economic Statistics 29(2): 238-249,
    doi:10.1198/jbes.2010.07136

    Examples
    --------
    >>> n = np.arange(100)
    >>> low, high = share_bounds(np.ones(100), n % 4 == 0, n, n)
    >>> round(low, 3), round(high, 3)
    (0.174, 0.346)
    """
    whole = float(weight.sum())
    if not whole:
        return None
    r = float(weight[inside].sum()) / whole
    if not 0 < r < 1:
        return None
    error = weight * (inside - r)
    variance, least = 0.0, np.inf
    both = np.unique(np.stack([owner, paper]), axis=1, return_inverse=True)[1].ravel()
    for sign, group in ((1, owner), (1, paper), (-1, both)):
        at = np.unique(group, return_inverse=True)[1]
        sums = np.bincount(at, error)
        number = sums.size
        variance += sign * float(sums @ sums) * number / max(number - 1, 1)
        if sign > 0:
            sizes = np.bincount(at, weight)
            least = min(least, whole**2 / float(sizes @ sizes))
    if least < MEASURED or variance <= 0:
        return None
    half = stdtrit(least - 1, 0.975) * np.sqrt(variance) / whole / (r * (1 - r))
    middle = np.log(r / (1 - r))
    low, high = (1 / (1 + np.exp(-(middle + sign * half))) for sign in (-1, 1))
    return float(low), float(high)
