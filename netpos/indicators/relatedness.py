"""What lies close to what: relatedness of technologies, density around a country, opportunity.

All functions start from a table of cells with a Boolean column ``presence`` (see
`netpos.indicators.specialisation.presence`); absent pairs and nulls count as not present. A
technology is perfectly related to itself; whether it counts among its own neighbours changes every
number below, so the option has one name everywhere, ``include_self``.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from netpos.errors import TableError
from netpos.indicators.bipartite import Bipartite, bipartite, named, series
from netpos.indicators.specialisation import Array
from netpos.tables import require


def relatedness(
    cells: pl.DataFrame, *, country: str = "country", product: str = "technology"
) -> pl.DataFrame:
    r"""Tell how often two technologies go together (proximity).

    .. math:: \phi_{tu} = \min(P(t|u), P(u|t)) = \frac{\sum_c M_{ct} M_{cu}}{\max(k_t, k_u)}

    with k the ubiquity: of the countries specialised in the more common one, the share that is
    also specialised in the other.

    Parameters
    ----------
    cells
        ``country``, ``technology`` String, ``presence`` Boolean; absent pairs are not present.
    country, product
        Names of the columns, where they differ.

    Returns
    -------
    pl.DataFrame
        ``technology``, ``other`` String, ``relatedness`` Float64 in (0, 1], each pair once with
        ``technology`` < ``other``, sorted. Pairs that never go together are left out (0).

    Raises
    ------
    TableError
        A column is missing or of another type, a pair occurs twice, or one country or technology
        stands alone.

    References
    ----------
    Hidalgo, Klinger, Barabási and Hausmann (2007), Science 317: 482-487,
    doi:10.1126/science.1144581

    Examples
    --------
    Two countries hold a, one of them b as well: 1 / max(2, 1).

    >>> cells = pl.DataFrame({"country": ["NL", "NL", "DE"], "technology": ["a", "b", "a"],
    ...                       "presence": [True, True, True]})
    >>> relatedness(cells).rows()
    [('a', 'b', 0.5)]
    """
    b = bipartite(cells, country, product)
    phi = np.triu(_phi(b, include_self=False))
    i, j = np.nonzero(phi)
    names = np.array(b.products, dtype=object)
    return pl.DataFrame(
        [
            pl.Series(product, names[i].tolist(), dtype=pl.String),
            pl.Series("other", names[j].tolist(), dtype=pl.String),
            series("relatedness", phi[i, j]),
        ]
    )


def density(
    cells: pl.DataFrame,
    *,
    include_self: bool = False,
    country: str = "country",
    product: str = "technology",
) -> pl.DataFrame:
    r"""Compute the share of the neighbourhood of a technology in which a country is specialised.

    .. math:: \omega_{ct} = \frac{\sum_u M_{cu} \phi_{tu}}{\sum_u \phi_{tu}}, \qquad
              d_{ct} = 1 - \omega_{ct}

    Parameters
    ----------
    cells
        As for `relatedness`.
    include_self
        Whether u = t is among the neighbours: False in the Stata ``ecomplexity`` tables (the
        technology itself says nothing about its neighbourhood), True in the Atlas.
    country, product
        Names of the columns, where they differ.

    Returns
    -------
    pl.DataFrame
        ``country``, ``technology``, ``density`` and ``distance`` Float64 in [0, 1], one row for
        each pair of a country and a technology of the input, sorted. Null where the country has
        no presence, or the technology is related to none.

    Raises
    ------
    TableError
        As for `relatedness`.

    References
    ----------
    Hidalgo et al. (2007), as for `relatedness`. Hausmann, Hidalgo et al. (2014), The Atlas of
    Economic Complexity, MIT Press

    Examples
    --------
    The only neighbour of a is b, which NL has and DE has not.

    >>> cells = pl.DataFrame({"country": ["NL", "NL", "DE"], "technology": ["a", "b", "a"],
    ...                       "presence": [True, True, True]})
    >>> density(cells)["density"].to_list()
    [0.0, 1.0, 1.0, 1.0]
    """
    b = bipartite(cells, country, product)
    omega = _density(b, _phi(b, include_self=include_self))
    return _pairs(b, country, product, density=omega, distance=1.0 - omega)


def outlook(
    cells: pl.DataFrame,
    products: pl.DataFrame,
    *,
    include_self: bool = False,
    country: str = "country",
    product: str = "technology",
) -> pl.DataFrame:
    r"""Compute the complexity outlook index (COI): how much complexity lies within a country's
    reach.

    .. math:: COI_c = \sum_t (1 - M_{ct}) \, \omega_{ct} \, PCI_t

    Not standardised; published tables standardise it over the countries (`standardise`). Those of
    the Stata package ``ecomplexity`` use the PCI of ``pci_scale="eci-uncentred"``: a shift of PCI
    changes the order of countries.

    Parameters
    ----------
    cells
        As for `relatedness`.
    products
        ``technology`` String, ``pci`` Float64, for example `eci_pci(...).products`. Technologies
        without a value contribute nothing.
    include_self
        As for `density`.
    country, product
        Names of the columns, where they differ.

    Returns
    -------
    pl.DataFrame
        ``country``, ``coi`` Float64 [unit of PCI], sorted; 0 for a country that has everything,
        null for one without any presence, and everywhere when no PCI is known.

    Raises
    ------
    TableError
        As for `relatedness`; or ``products`` names a technology twice.

    References
    ----------
    Hausmann, Hidalgo et al. (2014), The Atlas of Economic Complexity, MIT Press, technical box 4

    Examples
    --------
    DE lacks only b, whose one neighbour a it has: density 1 times PCI 2.

    >>> cells = pl.DataFrame({"country": ["NL", "NL", "DE"], "technology": ["a", "b", "a"],
    ...                       "presence": [True, True, True]})
    >>> pci = pl.DataFrame({"technology": ["a", "b"], "pci": [1.0, 2.0]})
    >>> outlook(cells, pci).rows()
    [('DE', 2.0), ('NL', 0.0)]
    """
    b = bipartite(cells, country, product)
    pci = _pci(b, products, product)
    reach = (1.0 - b.matrix) * _density(b, _phi(b, include_self=include_self)) * pci
    total = np.nansum(reach, axis=1)
    total[(b.diversity == 0) | np.isnan(pci).all()] = np.nan
    return named(country, b.countries, coi=total)


def gain(
    cells: pl.DataFrame,
    products: pl.DataFrame,
    *,
    include_self: bool = False,
    minus_density: bool = True,
    missing_only: bool = True,
    country: str = "country",
    product: str = "technology",
) -> pl.DataFrame:
    r"""Compute the complexity outlook gain (COG): what else comes into reach by taking up a
    technology.

    .. math:: COG_{ct} = (1 - M_{ct}) \left[ \sum_u \frac{\phi_{tu}}{\sum_v \phi_{uv}}
              (1 - M_{cu}) PCI_u - \omega_{ct} PCI_t \right]

    Parameters
    ----------
    cells, products, include_self
        As for `outlook`.
    minus_density
        False leaves out the last term (what the technology itself already added to the outlook),
        as the Stata package ``ecomplexity`` does; its tables follow with ``include_self=False``
        and the PCI of ``pci_scale="eci-uncentred"``. Only this form ranks opportunities: with the
        last term the gain mostly says how simple a product is (in trade of the Netherlands in 2017
        its correlation with PCI is -.95, without it .91).
    missing_only
        False leaves out the factor :math:`1 - M_{ct}`: the gain is given where the country is
        specialised too.
    country, product
        Names of the columns, where they differ.

    Returns
    -------
    pl.DataFrame
        ``country``, ``technology``, ``cog`` Float64 [unit of PCI], one row for each pair, sorted;
        with ``missing_only`` 0 where the country is specialised already. Null where the country
        has no presence, or the technology no PCI or no neighbour.

    Raises
    ------
    TableError
        As for `outlook`.

    References
    ----------
    Hausmann, Hidalgo et al. (2014), The Atlas of Economic Complexity, MIT Press, technical box 4

    Examples
    --------
    DE would gain b. Nothing else is missing near b, so what remains is minus density times PCI.

    >>> cells = pl.DataFrame({"country": ["NL", "NL", "DE"], "technology": ["a", "b", "a"],
    ...                       "presence": [True, True, True]})
    >>> pci = pl.DataFrame({"technology": ["a", "b"], "pci": [1.0, 2.0]})
    >>> gain(cells, pci)["cog"].to_list()
    [0.0, -2.0, 0.0, 0.0]
    """
    b = bipartite(cells, country, product)
    pci, phi = _pci(b, products, product), _phi(b, include_self=include_self)
    absent, near = 1.0 - b.matrix, phi.sum(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = np.where(near[:, None] > 0, phi / near[:, None], 0.0)  # row u, column t
    opened = (absent * np.nan_to_num(pci)) @ weight
    omega = _density(b, phi)
    closed = omega * pci
    cog = opened - closed if minus_density else opened
    cog = absent * cog if missing_only else cog
    cog[np.isnan(closed)] = np.nan
    return _pairs(b, country, product, cog=cog)


def _phi(b: Bipartite, *, include_self: bool) -> Array:
    """Relatedness of all pairs; 0 for technologies that nobody has."""
    larger = np.maximum.outer(b.ubiquity, b.ubiquity)
    together = b.matrix.T @ b.matrix
    phi = np.divide(together, larger, out=np.zeros_like(together), where=larger > 0)
    if not include_self:
        np.fill_diagonal(phi, 0.0)
    return phi


def _density(b: Bipartite, phi: Array) -> Array:
    """Density of each cell, NaN where undefined."""
    near = phi.sum(1)
    near = np.where(near > 0, near, np.nan)
    share = np.minimum(b.matrix @ phi / near, 1.0)  # rounding can take a full row past 1
    return np.where(b.diversity[:, None] > 0, share, np.nan)


def _pci(b: Bipartite, products: pl.DataFrame, product: str) -> Array:
    """PCI aligned with the technologies of M, NaN where not known."""
    require(products, {product: pl.String(), "pci": pl.Float64()}, name="products")
    if products[product].is_duplicated().any():
        name = products.filter(pl.col(product).is_duplicated())[product][0]
        raise TableError(f"table 'products': {name} occurs more than once")
    names = pl.DataFrame({product: b.products}, {product: pl.String()})
    joined = names.join(products, on=product, how="left", maintain_order="left")
    return joined["pci"].fill_null(float("nan")).to_numpy().copy()


def _pairs(b: Bipartite, country: str, product: str, **values: Array) -> pl.DataFrame:
    """One row per cell of the matrix, countries first."""
    n, m = b.matrix.shape
    return pl.DataFrame(
        [
            pl.Series(country, b.countries, dtype=pl.String).gather(np.repeat(np.arange(n), m)),
            pl.Series(product, b.products, dtype=pl.String).gather(np.tile(np.arange(m), n)),
            *(series(name, v.ravel()) for name, v in values.items()),
        ]
    )
