"""How complex technologies are, and the countries that master them: ECI, PCI, what follows.

All functions start from a table of cells with a Boolean column ``presence`` (see
`netpos.indicators.specialisation.presence`). A country without any presence, and a technology
without any country, are set aside first; their results are null.

Results rest on few columns when few technologies are compared: with the ten key technologies
alone they are not stable. Compute on some 650 subclasses or the 35 fields, then average with
`complexity_of`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np
import polars as pl
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from netpos.errors import OptionError, TableError
from netpos.indicators.bipartite import (
    Bipartite,
    Complexity,
    Kept,
    bipartite,
    count,
    deviation,
    named,
    series,
    z_scores,
)
from netpos.indicators.fitness import fitness
from netpos.indicators.relatedness import density, gain, outlook, relatedness
from netpos.indicators.specialisation import grid, presence, rca
from netpos.indicators.spectral import correlation, rank_correlation, second_eigenvector
from netpos.tables import frame, require

#: Part of a matrix below which a country is small, whatever the unit. In world trade this is about
#: the thousand million dollars that published rankings ask for.
LEAST_SHARE = 5e-5

#: What gives the eigenvector its sign; see `eci_pci`.
Sign = Literal["diversity", "ubiquity", "agreed"]


def eci_pci(
    cells: pl.DataFrame,
    *,
    ddof: float = 1.0,
    pci_scale: Literal["own", "eci", "eci-uncentred"] = "own",
    sign: Sign = "diversity",
    country: str = "country",
    product: str = "technology",
) -> Complexity:
    r"""Compute the economic complexity index of countries, product complexity index of
    technologies.

    ECI is the eigenvector of the second largest eigenvalue of

    .. math:: \tilde M = D^{-1} M U^{-1} M^\top, \qquad PCI \propto U^{-1} M^\top ECI

    with D and U the diagonal matrices of diversity and ubiquity; it is found from the symmetric
    :math:`D^{-1/2} M U^{-1} M^\top D^{-1/2}`, whose eigenvectors are :math:`D^{1/2}` times those of
    :math:`\tilde M`. ECI is standardised to mean 0 and standard deviation 1 over the countries.

    An eigenvector has no sign of its own. Two rules give it one: ECI rises with diversity
    (Pearson), or PCI falls with ubiquity (Spearman). Where they contradict each other one gives the
    mirror image of the other, so ``with_diversity`` and ``with_ubiquity`` belong beside each value.

    The second eigenvalue says whether that is possible at all. Where M falls into parts that share
    nothing, it is 1 like the first, and the values are computed for the largest part alone (most
    countries, then most technologies, then first by name); where it equals the third or is 0, or
    where ECI is unrelated to diversity, nothing is computed. ``notes`` says so.

    Parameters
    ----------
    cells
        ``country``, ``technology`` String, ``presence`` Boolean.
    ddof
        The standard deviation divides by n - ddof: 1 is the sample's, 0 the population's. A
        table standardised over n x m repeated rows with ddof 1 has ddof 1/m.
    pci_scale
        ``"own"``: PCI standardised like ECI. ``"eci"``: on the scale of ECI, so that the ECI of a
        country is the mean PCI of its technologies. ``"eci-uncentred"``: the same without the
        shift (the eigenvector itself), from which the ``ecomplexity`` tables compute outlook and
        gain.
    sign
        ``"diversity"``: ECI rises with diversity, the rule of published tables. ``"ubiquity"``: PCI
        falls with ubiquity. ``"agreed"``: by diversity, and everything is null, with a note, where
        the two rules contradict each other.
    country, product
        Kept of the columns, where they differ.

    Returns
    -------
    Complexity
        Countries: ``diversity`` Int64, ``eci`` Float64 [standard deviations]; technologies:
        ``ubiquity`` Int64, ``mean_diversity`` Float64 [technologies] of the countries that have
        it, ``pci`` Float64 [standard deviations]. Null where undefined.

    Raises
    ------
    OptionError
        ``pci_scale`` or ``sign`` is none of the three.
    TableError
        As for `diversity`.

    References
    ----------
    Hausmann, Hidalgo et al. (2014), The Atlas of Economic Complexity, MIT Press. Mealy, Farmer and
    Teytelboym (2019), Science Advances 5: eaau1705, doi:10.1126/sciadv.aau1705

    Examples
    --------
    Country k of four has the first 5 - k of four technologies.

    >>> cells = pl.DataFrame({"country": list("AAAABBBCCD"), "technology": list("1234123121"),
    ...                       "presence": [True] * 10})
    >>> eci_pci(cells).countries["eci"].round(6).to_list()
    [1.161895, 0.387298, -0.387298, -1.161895]
    """
    if pci_scale not in ("own", "eci", "eci-uncentred"):
        raise OptionError(f"pci_scale '{pci_scale}'", remedy="use own, eci or eci-uncentred")
    if sign not in ("diversity", "ubiquity", "agreed"):
        raise OptionError(f"sign '{sign}'", remedy="use diversity, ubiquity or agreed")
    b = bipartite(cells, country, product)
    rows, columns, notes = _largest_part(b)
    eci, pci = np.full(len(b.countries), np.nan), np.full(len(b.products), np.nan)
    raw, eigenvalue, problem = second_eigenvector(b.matrix[np.ix_(rows, columns)])
    of_product = b.matrix[np.ix_(rows, columns)].T @ raw / b.ubiquity[columns]
    of_diversity = 0.0 if problem else correlation(raw, b.diversity[rows])
    of_ubiquity = 0.0 if problem else rank_correlation(of_product, b.ubiquity[columns])
    turn = float(np.sign(-of_ubiquity if sign == "ubiquity" else of_diversity))
    found = Complexity(
        count(cells, country, "diversity"),
        count(cells, product, "ubiquity"),
        with_diversity=of_diversity * (turn or 1.0) or None,
        with_ubiquity=of_ubiquity * (turn or 1.0) or None,
    )
    if not problem:
        problem = _open_sign(found, sign)
    if problem:
        notes = (*notes, f"eci and pci are empty: {problem}")
    else:
        raw, of_product = raw * turn, of_product * turn
        eci[rows] = z_scores(raw, ddof)
        if pci_scale == "own":
            pci[columns] = z_scores(of_product, ddof)
        else:
            centre = raw.mean() if pci_scale == "eci" else 0.0
            pci[columns] = (of_product / eigenvalue - centre) / deviation(raw, ddof)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_diversity = b.diversity @ b.matrix / b.ubiquity
    return replace(
        found,
        countries=found.countries.with_columns(series("eci", eci)),
        products=found.products.with_columns(
            series("mean_diversity", mean_diversity), series("pci", pci)
        ),
        notes=notes,
    )


def relative_complexity(
    products: pl.DataFrame,
    *,
    by: Literal["min-max", "rank"] = "min-max",
    column: str = "pci",
) -> pl.DataFrame:
    r"""Compute the complexity brought to 0 ... 100 over the list of technologies at hand.

    .. math:: 100 \frac{x_t - \min x}{\max x - \min x} \quad\text{or}\quad
              100 \frac{r_t - 1}{n - 1}

    with r the rank from the lowest, ties sharing the mean of theirs. Either depends on the list:
    never compare values of runs with different lists.

    Parameters
    ----------
    products
        A table with the numeric ``column``.
    by
        ``"min-max"`` or ``"rank"``.
    column
        The column to bring to 0 ... 100.

    Returns
    -------
    pl.DataFrame
        ``products`` plus ``complexity_0_100`` Float64; null where the column is null, and
        everywhere when fewer than two different values are known.

    Raises
    ------
    OptionError
        ``by`` is neither.
    TableError
        The column is missing or not numeric.

    References
    ----------
    Balland and Rigby (2017), Economic Geography 93(1): 1-23, doi:10.1080/00130095.2016.1205947,
    for complexity of technologies; the scale is a reading of published figures.

    Examples
    --------
    >>> relative_complexity(pl.DataFrame({"pci": [-1.0, 0.0, 3.0]}))["complexity_0_100"].to_list()
    [0.0, 25.0, 100.0]
    """
    if by not in ("min-max", "rank"):
        raise OptionError(f"relative complexity by '{by}'", remedy="use min-max or rank")
    if column not in products.columns or not products.schema[column].is_numeric():
        require(products, {column: pl.Float64()}, name="products")
    x = products[column].cast(pl.Float64).fill_nan(None)
    if x.drop_nulls().n_unique() < 2:
        return products.with_columns(complexity_0_100=pl.lit(None, pl.Float64))
    if by == "rank":
        x, low, high = x.rank("average"), 1.0, float(x.count())
    else:
        low, high = float(x.min()), float(x.max())  # type: ignore[arg-type] # numbers, at least two
    return products.with_columns((100 * (x - low) / (high - low)).alias("complexity_0_100"))


def complexity_of(
    weights: pl.DataFrame,
    products: pl.DataFrame,
    *,
    column: str = "complexity_0_100",
    technology: str = "technology",
    product: str = "subclass",
    value: str = "families",
) -> pl.DataFrame:
    r"""Compute the complexity of a technology as the mean over the subclasses that its families
    carry.

    .. math:: K_T = \frac{\sum_s n_{Ts} k_s}{\sum_s n_{Ts}}

    where n is the number of families of technology T in subclass s and k the complexity of s;
    subclasses without complexity are left out of both sums.

    Parameters
    ----------
    weights
        One row per (technology, subclass): ``technology``, ``subclass`` String, ``families`` >= 0
        [simple families; a null counts as 0].
    products
        ``subclass`` String and ``column`` Float64, for example from `relative_complexity`.
    column
        The complexity to average.
    technology, product, value
        Kept of the columns, where they differ.

    Returns
    -------
    pl.DataFrame
        ``technology``, ``complexity`` Float64 [unit of ``column``], ``families`` Float64 [sum],
        ``known_share`` Float64 [share of the families whose subclass has a complexity], sorted.
        Null where no such family exists; ``known_share`` null without families.

    Raises
    ------
    TableError
        A column is missing or of another type, a value is negative, a pair occurs twice.

    Examples
    --------
    3 families at 80 and 1 at 40: (240 + 40) / 4 = 70.

    >>> weights = pl.DataFrame({"technology": ["quantum"] * 2, "subclass": ["G06N", "H04L"],
    ...                         "families": [3.0, 1.0]})
    >>> products = pl.DataFrame({"subclass": ["G06N", "H04L"], "complexity_0_100": [80.0, 40.0]})
    >>> complexity_of(weights, products).row(0)
    ('quantum', 70.0, 4.0, 1.0)
    """
    n = grid(weights, technology, product, value, name="weights")
    require(products, {product: pl.String(), column: pl.Float64()}, name="products")
    if products[product].is_duplicated().any():
        name = products.filter(pl.col(product).is_duplicated())[product][0]
        raise TableError(f"table 'products': {name} occurs more than once")
    k = (
        pl.DataFrame({product: n.products}, {product: pl.String()})
        .join(products.select(product, column), on=product, how="left", maintain_order="left")
        .get_column(column)
        .fill_null(float("nan"))
        .to_numpy()
    )
    known = np.isfinite(k)
    weight, all_of_it = n.values[:, known].sum(1), n.values.sum(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean, share = n.values[:, known] @ k[known] / weight, weight / all_of_it
    table = named(technology, n.countries, complexity=mean)
    return table.with_columns(series(value, all_of_it), series("known_share", share))


def complexity_tables(
    matrix: Any,  # noqa: ANN401 - a frame of any library
    *,
    ddof: float = 1.0,
    include_self: bool = False,
    sign: Sign = "agreed",
    least: float = 50.0,
) -> dict[str, pl.DataFrame]:
    """Compute everything about a matrix of countries and products: what ``netpos complexity``
    writes.

    Presence is RCA >= 1 within the table; ECI and PCI are each standardised; fitness runs until
    the order of the countries has settled; outlook and gain use the standardised PCI.

    Parameters
    ----------
    matrix
        ``country``, ``product`` String, ``value`` numeric >= 0 [any unit, one for the whole
        table], optionally ``year``; then each year is a matrix of its own. A frame of Polars,
        pandas or Arrow, see `netpos.tables.frame`.
    ddof
        As for `eci_pci`.
    include_self
        As for `netpos.indicators.relatedness.density`.
    sign
        As for `eci_pci`.
    least
        A country whose values sum to less is marked ``small`` [unit of ``value``], and so is one
        with less than `LEAST_SHARE` of the matrix: its specialisation rests on single families or
        shipments and says little.

    Returns
    -------
    dict[str, pl.DataFrame]
        Sorted, each with ``year`` in front where the input has it:

        - ``countries``: ``country, total, small, diversity, eci, fitness, coi``
        - ``products``: ``product, ubiquity, mean_diversity, pci, complexity_0_100,
          fitness_complexity``
        - ``cells``: ``country, product, value, rca, presence, density, cog, gain`` for each pair of
          a country and a product of the year; pairs without a row have the value 0. ``gain`` is
          ``cog`` without its last term, the form that ranks opportunities
        - ``relatedness``: ``product, other, relatedness`` for the pairs above 0
        - ``basis``: ``countries, products, sign, with_diversity, with_ubiquity, agree``: what the
          indices rest on, and the two correlations that give them their sign
        - ``notes``: ``note``, what was left out and why

    Raises
    ------
    TableError
        A column is missing or of another type; a value is negative, NaN or infinite; a pair occurs
        twice; a matrix has one country or one product only.
    OptionError
        As for `eci_pci`.

    Examples
    --------
    >>> matrix = pl.DataFrame({"country": list("AABBCC"), "product": list("121323"),
    ...                        "value": [5.0, 1.0, 2.0, 4.0, 3.0, 3.0]})
    >>> tables = complexity_tables(matrix)
    >>> tables["countries"].columns
    ['country', 'total', 'small', 'diversity', 'eci', 'fitness', 'coi']
    """
    matrix = frame(matrix, "country, product, value", name="matrix")
    if "year" not in matrix.columns:
        return _tables_of_one(matrix, ddof, include_self, sign, least)
    if matrix["year"].null_count():
        raise TableError("table 'matrix': column 'year' holds nulls; give each row a year")
    parts: dict[str, list[pl.DataFrame]] = {}
    for year in matrix["year"].unique().sort():
        of_year = matrix.filter(pl.col("year") == year)
        try:
            tables = _tables_of_one(of_year.drop("year"), ddof, include_self, sign, least)
        except TableError as problem:
            raise TableError(f"year {year}: {problem}") from problem
        for name, table in tables.items():
            dated = table.select(pl.lit(year, matrix.schema["year"]).alias("year"), pl.all())
            parts.setdefault(name, []).append(dated)
    if not parts:
        raise TableError("table 'matrix' has no rows")
    return {name: pl.concat(tables) for name, tables in parts.items()}


def _tables_of_one(
    matrix: pl.DataFrame, ddof: float, include_self: bool, sign: Sign, least: float
) -> dict[str, pl.DataFrame]:
    """Return the tables of `complexity_tables` for one year."""
    full = grid(matrix, "country", "product", "value", name="matrix")
    given = pl.col("value").cast(pl.Float64)
    cells = (
        pl.DataFrame({"country": full.countries})
        .join(pl.DataFrame({"product": full.products}), how="cross")
        .join(
            matrix.select("country", "product", given, listed=True),
            on=["country", "product"],
            how="left",
        )
        .select("country", "product", pl.when("listed").then("value").otherwise(0.0).alias("value"))
        .sort("country", "product")
    )
    cells = rca(cells, product="product", value="value")
    cells = presence(cells, product="product", value="value")
    index = eci_pci(cells, ddof=ddof, sign=sign, product="product")
    fit = fitness(cells, product="product")
    pci = index.products
    sizes = cells.group_by("country").agg(total=pl.col("value").sort().sum())
    part = LEAST_SHARE * pl.col("total").sort().sum()
    sizes = sizes.with_columns(small=(pl.col("total") < least) | (pl.col("total") < part))
    close = density(cells, include_self=include_self, product="product").drop("distance")
    cog = gain(cells, pci, include_self=include_self, product="product")
    plain = gain(cells, pci, include_self=include_self, minus_density=False, product="product")
    coi = outlook(cells, pci, include_self=include_self, product="product")
    on = ["country", "product"]
    return {
        "countries": index.countries.join(
            fit.countries, on="country", how="left", maintain_order="left"
        )
        .join(coi, on="country", how="left", maintain_order="left")
        .join(sizes, on="country", how="left", maintain_order="left")
        .select("country", "total", "small", "diversity", "eci", "fitness", "coi"),
        "products": relative_complexity(pci).join(
            fit.products, on="product", how="left", maintain_order="left"
        ),
        "cells": cells.join(close, on=on, how="left", maintain_order="left").join(
            cog.with_columns(plain["cog"].alias("gain")), on=on, how="left", maintain_order="left"
        ),
        "relatedness": relatedness(cells, product="product"),
        "basis": pl.DataFrame(
            {
                "countries": [len(full.countries)],
                "products": [len(full.products)],
                "sign": [sign],
                "with_diversity": [index.with_diversity],
                "with_ubiquity": [index.with_ubiquity],
                "agree": [index.rules_agree],
            },
            {
                "countries": pl.Int64,
                "products": pl.Int64,
                "sign": pl.String,
                "with_diversity": pl.Float64,
                "with_ubiquity": pl.Float64,
                "agree": pl.Boolean,
            },
        ),
        "notes": pl.DataFrame({"note": [*index.notes, *fit.notes]}, {"note": pl.String}),
    }


def _largest_part(b: Bipartite) -> tuple[Kept, Kept, tuple[str, ...]]:
    """Countries and technologies of the largest connected part of M; a note if not all."""
    n, size = len(b.countries), len(b.countries) + len(b.products)
    i, j = np.nonzero(b.matrix)
    both = coo_array((np.ones(len(i)), (i, j + n)), shape=(size, size))
    part = connected_components(both, directed=False)[1]
    used = np.concatenate([b.diversity > 0, b.ubiquity > 0])
    labels = list(dict.fromkeys(part[used].tolist()))  # in the order of their first country
    if len(labels) < 2:
        return used[:n], used[n:], ()
    best = max(labels, key=lambda p: ((part[:n] == p).sum(), (part[n:] == p).sum()))
    rows, columns = part[:n] == best, part[n:] == best
    note = (
        f"presence falls into {len(labels)} parts that share nothing: eci and pci are computed for "
        f"the largest, {rows.sum()} of {used[:n].sum()} countries and {columns.sum()} of "
        f"{used[n:].sum()} technologies, and are empty elsewhere"
    )
    return rows, columns, (note,)


def _open_sign(found: Complexity, sign: Sign) -> str:
    """Why the eigenvector cannot be given a sign; empty if it can."""
    if sign != "ubiquity" and found.with_diversity is None:
        return "it is unrelated to diversity, so its sign is open"
    if sign == "ubiquity" and found.with_ubiquity is None:
        return "it is unrelated to ubiquity, so its sign is open"
    if sign == "agreed" and not found.rules_agree:
        return (
            f"the two rules for their sign contradict each other (where eci rises with diversity, "
            f"r = {found.with_diversity:.2f}, pci rises with ubiquity, "
            f"r = {found.with_ubiquity:.2f}); choose --sign diversity or --sign ubiquity"
        )
    return ""
