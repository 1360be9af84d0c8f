"""Indicators of draws from lists of cells, without the pairs of countries that have no links.

Most pairs of countries have none. The formulas are those of `netpos.graph.kernels`, with draws in
the last dimension: ``values`` are ``(cells, draws)``, results ``(countries, draws)``. Sums
run in the same order, node after node, so that a zero left out moves no digit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from netpos.graph import kernels
from netpos.graph.kernels import Floats
from netpos.graph.links import Rows

_AT_ONCE = 1 << 14  # numbers at a time: what fits near the processor


def summing(group: Rows, groups: int) -> csr_array:
    """Return the matrix that sums the rows of each group in their order; -1 is in none.

    Examples
    --------
    >>> (summing(np.array([1, 0, 1, -1]), 3) @ np.array([[1.0], [2.0], [4.0], [8.0]])).tolist()
    [[2.0], [5.0], [0.0]]
    """
    order = np.argsort(group, kind="stable")
    order = order[group[order] >= 0]
    pointer = np.searchsorted(group[order], np.arange(groups + 1))
    return csr_array((np.ones(order.size), order, pointer), shape=(groups, group.size))


@dataclass(frozen=True)
class Cells:
    """Pairs of countries that have links, sorted by citing and cited country.

    ``given`` and ``received`` are the matrices that sum cells by country.
    """

    citing: Rows
    cited: Rows
    given: csr_array
    received: csr_array

    @classmethod
    def of(cls, citing: Rows, cited: Rows, countries: int) -> Cells:
        """Take the countries at both ends of each cell."""
        return cls(citing, cited, summing(citing, countries), summing(cited, countries))


@dataclass(frozen=True)
class Sources:
    """What is asked of the sources of each country: their diversity, and their classes."""

    cells: Cells
    by_class: tuple[csr_array, ...]

    @classmethod
    def of(cls, cells: Cells, *classes: NDArray[np.int64]) -> Sources:
        """Take classes 1, 2 and 3 of partners, each ``(n,)`` or ``(n, n)``."""
        n = cells.given.shape[0]
        matrices = []
        for one in classes:
            kind = np.broadcast_to(one, (n, n))[cells.citing, cells.cited]
            known = (kind >= 1) & (kind <= 3)
            matrices.append(summing(np.where(known, (kind - 1) * n + cells.citing, -1), 3 * n))
        return cls(cells, tuple(matrices))

    def class_shares(self, values: Floats, given: Floats, which: int) -> Floats:
        """Compute `kernels.class_shares` of these classes: ``(countries, draws, 3)``."""
        sums = (self.by_class[which] @ values).reshape(3, *given.shape)
        return np.stack([kernels.divide(one, given) for one in sums], axis=-1)

    def effective(self, values: Floats, given: Floats) -> Floats:
        """Compute the effective number of sources: ``(countries, draws)``, NaN without any."""
        divisor, citing = np.where(given == 0, 1.0, given), self.cells.citing
        entropy = np.empty(values.shape)
        rows = max(1, _AT_ONCE // max(1, values.shape[1]))
        for k in range(0, len(values), rows):
            p = values[k : k + rows] / divisor[citing[k : k + rows]]
            p[p < kernels.NEGLIGIBLE_SHARE] = 0.0
            surprise = np.where(p > 0, p, 1.0)
            np.log(surprise, out=surprise)
            np.negative(p, out=p)
            np.multiply(p, surprise, out=entropy[k : k + rows])
        return np.where(given == 0, np.nan, np.exp(self.cells.given @ entropy))
