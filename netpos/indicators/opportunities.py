"""What a country sells, what of it is complex, and what lies within its reach: one row's products.

All functions take the cells of one country in one year, one row per product, as
`product_cells` gives them. Ranks are competition ranks of values rounded as printed; within a tie
products stand by code.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import polars as pl

from netpos.errors import OptionError, TableError
from netpos.indicators.position import rank
from netpos.indicators.relatedness import density, gain
from netpos.tables import require, rounded

#: Products that count as first when mixes are compared.
FIRST = 10


class Mix(NamedTuple):
    """Weights of nearness, complexity and gain in the score of an opportunity; they sum to 1."""

    distance: float
    pci: float
    gain: float


#: Mixes in use: the three strategies and their variants of published country profiles, and equal.
MIXES: tuple[Mix, ...] = (
    Mix(0.50, 0.15, 0.35),
    Mix(0.60, 0.15, 0.25),
    Mix(0.45, 0.20, 0.35),
    Mix(0.55, 0.20, 0.25),
    Mix(0.60, 0.20, 0.20),
    Mix(1 / 3, 1 / 3, 1 / 3),
)


def parse_mix(text: str) -> Mix:
    """Read weights as ``50/15/35``: nearness, complexity, gain, in any unit.

    Parameters
    ----------
    text
        Three numbers >= 0 with slashes between.

    Returns
    -------
    Mix
        Divided by their sum.

    Raises
    ------
    OptionError
        There are not three numbers, or they are not >= 0 with a sum above 0.

    Examples
    --------
    >>> parse_mix("50/15/35")
    Mix(distance=0.5, pci=0.15, gain=0.35)
    """
    try:
        parts = [float(part) for part in text.split("/")]
    except ValueError:
        parts = []
    total = sum(parts)
    if len(parts) != 3 or min(parts) < 0 or not 0 < total < float("inf"):
        remedy = "write nearness/complexity/gain, as 50/15/35"
        raise OptionError(f"--mix {text}: not three weights", remedy=remedy)
    return Mix(*(part / total for part in parts))


def product_cells(
    cells: pl.DataFrame,
    products: pl.DataFrame,
    focal: str,
    *,
    candidates: Literal["missing", "all"] = "missing",
    include_self: bool = False,
) -> pl.DataFrame:
    r"""Gather everything the lists need about the products of one country.

    World share is :math:`X_{cp} / X_{\cdot p}`, own share :math:`X_{cp} / X_{c\cdot}`, distance as
    in `netpos.indicators.relatedness.density`, gain as in `netpos.indicators.relatedness.gain`
    without its last term.

    Parameters
    ----------
    cells
        ``country``, ``product`` String, ``value`` >= 0, ``rca`` Float64, ``presence`` Boolean: a
        whole matrix.
    products
        ``product`` String, ``pci`` Float64.
    focal
        A country of the matrix.
    candidates
        ``"missing"``: the gain is 0 where the country is specialised; ``"all"``: it is not.
    include_self
        As for `netpos.indicators.relatedness.density`.

    Returns
    -------
    pl.DataFrame
        ``product``, ``value``, ``rca``, ``presence``, ``world_share``, ``own_share``, ``pci``,
        ``distance``, ``gain``, one row for each product of the matrix, sorted.

    Raises
    ------
    TableError
        A column is missing or of another type; the country is not there.

    Examples
    --------
    >>> cells = pl.DataFrame({"country": ["NL", "NL", "DE", "DE"], "product": list("abab"),
    ...                       "value": [3.0, 1.0, 1.0, 3.0], "rca": [1.5, 0.5, 0.5, 1.5],
    ...                       "presence": [True, False, False, True]})
    >>> pci = pl.DataFrame({"product": ["a", "b"], "pci": [1.0, 2.0]})
    >>> product_cells(cells, pci, "NL")["world_share"].to_list()
    [0.75, 0.25]
    """
    if candidates not in ("missing", "all"):
        raise OptionError(f"candidates '{candidates}'", remedy="use missing or all")
    require(cells, {"country": pl.String(), "product": pl.String()}, name="cells")
    value = pl.col("value").fill_null(0.0).cast(pl.Float64)
    of_product = cells.group_by("product").agg(total=value.sort().sum())
    own = cells.filter(pl.col("country") == focal)
    if not own.height:
        raise TableError(f"table 'cells' has no country '{focal}'")
    keys = ["country", "product"]
    close = density(cells, include_self=include_self, product="product")
    opened = gain(
        cells,
        products,
        include_self=include_self,
        minus_density=False,
        missing_only=candidates == "missing",
        product="product",
    )
    near = close.join(opened, on=keys).filter(pl.col("country") == focal)
    total = value.sort().sum()
    return (
        near.select("product", "distance", gain="cog")
        .join(own.select("product", "value", "rca", "presence"), on="product", how="left")
        .join(of_product, on="product", how="left")
        .join(products.select("product", "pci"), on="product", how="left")
        .select(
            "product",
            value,
            "rca",
            pl.col("presence").fill_null(value=False),
            pl.when(pl.col("total") > 0).then(value / pl.col("total")).alias("world_share"),
            pl.when(total > 0).then(value / total).alias("own_share"),
            "pci",
            "distance",
            "gain",
        )
        .sort("product")
    )


def top_products(own: pl.DataFrame, *, top: int = FIRST) -> pl.DataFrame:
    """List the products of which the country has the largest part of the world.

    Parameters
    ----------
    own
        As `product_cells` returns it.
    top
        Length of the list.

    Returns
    -------
    pl.DataFrame
        ``rank``, ``product``, ``world_share``, ``rca``, ``pci``, first rank first. Products that
        the country does not have are not listed.

    Examples
    --------
    >>> own = pl.DataFrame({"product": ["a", "b"], "value": [1.0, 9.0], "world_share": [0.5, 0.2],
    ...                     "rca": [2.0, 0.8], "pci": [0.1, 0.3]})
    >>> top_products(own, top=1).rows()
    [(1, 'a', 0.5, 2.0, 0.1)]
    """
    return _listed(own.filter(pl.col("value") > 0), "world_share", top).select(
        "rank", "product", "world_share", "rca", "pci"
    )


def complex_products(
    own: pl.DataFrame,
    *,
    top: int = FIRST,
    least_share: float = 0.0001,
    specialised: bool = False,
) -> pl.DataFrame:
    """List the most complex products of a country.

    Parameters
    ----------
    own
        As `product_cells` returns it.
    top
        Length of the list.
    least_share
        Least part of the country's own total that a product must have, so that a single sale does
        not lead the list; 0 takes every product with a value.
    specialised
        Only products with RCA >= 1.

    Returns
    -------
    pl.DataFrame
        ``rank``, ``product``, ``pci``, ``rca``, ``world_share``, ``own_share``, first rank first.

    Examples
    --------
    >>> own = pl.DataFrame({"product": ["a", "b"], "value": [1.0, 99999.0], "own_share": [1e-5, 1],
    ...                     "world_share": [0.5, 0.2], "rca": [2.0, 0.8], "pci": [3.0, 0.3],
    ...                     "presence": [True, False]}, strict=False)
    >>> complex_products(own)["product"].to_list(), complex_products(own, least_share=0)["pci"][0]
    (['b'], 3.0)
    """
    kept = own.filter(
        (pl.col("value") > 0)
        & (pl.col("own_share") >= least_share)
        & (pl.col("presence") | pl.lit(not specialised))
    )
    return _listed(kept, "pci", top).select(
        "rank", "product", "pci", "rca", "world_share", "own_share"
    )


def opportunities(
    own: pl.DataFrame,
    *,
    mix: Mix = MIXES[0],
    candidates: Literal["missing", "all"] = "missing",
    top: int | None = FIRST,
) -> pl.DataFrame:
    r"""Rank products by how near, how complex and how opening they are for a country.

    .. math:: s_p = w_1 z(-d_p) + w_2 z(PCI_p) + w_3 z(gain_p)

    with z over all products of the country and year that have the three (ddof 0), whether they are
    candidates or not.

    Parameters
    ----------
    own
        As `product_cells` returns it for the same ``candidates``.
    mix
        The weights.
    candidates
        ``"missing"``: products in which the country is not specialised (RCA < 1). ``"all"``: every
        product.
    top
        Length of the list; None: all candidates.

    Returns
    -------
    pl.DataFrame
        ``rank``, ``product``, ``distance``, ``pci``, ``gain``, ``score``, ``mixes`` Int64 [in how
        many of the six `MIXES` the product is among the first ten], ``rca``; first rank first.

    References
    ----------
    Hausmann, Hidalgo et al. (2014), The Atlas of Economic Complexity, MIT Press, for the three
    parts; the weights are those of published country profiles.

    Examples
    --------
    >>> own = pl.DataFrame({"product": list("abc"), "distance": [0.2, 0.4, 0.6],
    ...                     "pci": [0.0, 1.0, 2.0], "gain": [0.1, 0.1, 0.4], "rca": [0.5, 0.2, 2.0],
    ...                     "presence": [False, False, True]})
    >>> opportunities(own, mix=Mix(1.0, 0.0, 0.0))["product"].to_list()
    ['a', 'b']
    """
    if candidates not in ("missing", "all"):
        raise OptionError(f"candidates '{candidates}'", remedy="use missing or all")
    known = own.drop_nulls(["distance", "pci", "gain"])
    parts = known.select(-_z("distance"), _z("pci"), _z("gain"))
    scored = known.with_columns(score=_score(parts, mix))
    kept = ~pl.col("presence") | pl.lit(candidates == "all")
    found = scored.filter(kept)
    counts = pl.Series("mixes", [0] * found.height, dtype=pl.Int64)
    for each in MIXES:
        other = known.with_columns(score=_score(parts, each)).filter(kept)
        first = _listed(other, "score", FIRST)["product"]
        counts += found["product"].is_in(first.implode()).cast(pl.Int64)
    listed = _listed(found.with_columns(counts), "score", top)
    return listed.select("rank", "product", "distance", "pci", "gain", "score", "mixes", "rca")


def _z(column: str) -> pl.Expr:
    """Distance to the mean in standard deviations (ddof 0); 0 where the column is flat."""
    x = pl.col(column)
    deviation = x.std(ddof=0)
    flat = deviation <= 1e-12 * x.abs().max()
    return pl.when(flat).then(0.0).otherwise((x - x.mean()) / deviation).alias(column)


def _score(parts: pl.DataFrame, mix: Sequence[float]) -> pl.Series:
    weighted = [w * part for w, part in zip(mix, parts.iter_columns(), strict=True)]
    return (weighted[0] + weighted[1] + weighted[2]).alias("score")


def _listed(table: pl.DataFrame, column: str, top: int | None) -> pl.DataFrame:
    """Return the rows with the largest values of a column, ranked; ties by product."""
    known = rounded(table.drop_nulls(column))
    order = known.with_columns(rank=rank(column)).sort(
        [column, "product"], descending=[True, False]
    )
    return order if top is None else order.head(top)
