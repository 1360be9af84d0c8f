"""Membership of the core as a matter of degree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from netpos.graph import kernels
from netpos.graph.core import foreign_stack
from netpos.graph.kernels import Floats, significant

if TYPE_CHECKING:
    import polars as pl

    from netpos.tables import Links


def coreness(links: Links) -> pl.DataFrame:
    r"""Tell how much a country belongs to the core, as a matter of degree.

    The vector :math:`c \ge 0` of length 1 with the largest Pearson correlation, over pairs of
    countries :math:`i < j`, of the exchange :math:`S_{ij}` with :math:`c_i c_j`.

    Parameters
    ----------
    links
        Nodes and weighted links of one selection; foreign links only.

    Returns
    -------
    Node and ``value`` [0 to 1, squares sum to 1]; all null where the exchange is the same between
    all, and where many vectors fit equally well: always with fewer than four nodes, and for a star,
    whose hub may be as large as one likes.

    Raises
    ------
    OptionError
        There are more than 3000 nodes.

    Notes
    -----
    Found by a descent from the square roots of the strengths, to about 1e-6; where several vectors
    fit locally best, the one reached from there. It is unique nearby where the derivative of the
    standardised :math:`c_i c_j` by :math:`c` loses only the direction of :math:`c` itself.

    References
    ----------
    Method notes (`netpos.docs_path`); Borgatti and Everett 2000 (continuous model).

    Examples
    --------
    >>> import polars as pl
    >>> from netpos.tables import Links
    >>> links = Links.from_table(pl.DataFrame({"citing": ["A", "A", "A", "B", "B", "C"],
    ...     "cited": ["B", "C", "D", "C", "D", "D"], "weight": [6.0, 3.0, 3.0, 2.0, 2.0, 1.0]}))
    >>> coreness(links)["value"].round(4).to_list()
    [0.7746, 0.5164, 0.2582, 0.2582]
    """
    S = kernels.symmetric(foreign_stack(links))[0]
    n = len(S)
    undefined = links.column(np.full(n, np.nan))
    if n < 4:
        return undefined
    i, j = np.triu_indices(n, 1)
    x = S[i, j]
    if significant(x.max()) == significant(x.min()):
        return undefined
    x = x - x.mean()
    x = x / np.sqrt((x * x).sum())

    def misfit(c: NDArray[np.floating]) -> tuple[float, NDArray[np.floating]]:
        y = c[i] * c[j]
        y = y - y.mean()
        size = np.sqrt((y * y).sum())
        if size == 0:
            return 0.0, np.zeros(n)
        fit = (x * y).sum() / size
        pull = (x - fit * y / size) / size
        slope = np.bincount(i, pull * c[j], n) + np.bincount(j, pull * c[i], n)
        return -float(fit), -slope.astype(np.float64)

    from scipy.optimize import Bounds, minimize  # slow to load, and this measure is optional

    best = minimize(
        misfit,
        np.sqrt(S.sum(axis=-2) / S.sum()),
        jac=True,
        method="L-BFGS-B",
        bounds=Bounds(0, np.inf),
        options={"ftol": 1e-16, "gtol": 1e-11, "maxiter": 10000, "maxfun": 100000},
    ).x
    size = np.sqrt((best * best).sum())
    if size == 0 or not _unique(best / size, i, j):
        return undefined
    return links.column(best / size)


def _unique(c: Floats, i: NDArray[np.int64], j: NDArray[np.int64]) -> bool:
    """Whether no change of ``c`` other than of its length leaves the standardised products alone.

    Eigenvalues of J'J, J the derivative of the products without their mean and size.
    """
    n = len(c)
    y = c[i] * c[j]
    y = y - y.mean()
    spread = np.sqrt((y * y).sum())
    if spread < 1e-9:
        return False
    y = y / spread
    along = np.bincount(i, y * c[j], n) + np.bincount(j, y * c[i], n)
    mean = c.sum() - c
    gram = np.outer(c, c)
    np.fill_diagonal(gram, (c * c).sum() - c * c)
    gram = gram - np.outer(mean, mean) / len(y) - np.outer(along, along)
    curvature = np.linalg.eigvalsh(gram)
    return bool(curvature[1] > 1e-8 * curvature[-1])
