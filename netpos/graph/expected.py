r"""Citations between countries against those expected from size, age and citing practice alone.

A growing country has young families, which cite more than they can have been cited: received minus
given then measures growth. Here every citation that a country gives abroad is spread over the
foreign families there were to cite, each year of them drawing as many citations as the technology
as a whole gives it. What is left, observed over expected, is dependence beyond size.

The citations given abroad are taken as they are, so that a preference for one's own country, or a
habit of citing much, moves no expectation of what others receive.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from netpos.graph.kernels import Floats, divide, significant
from netpos.graph.links import Citations, Shares, Spread, gathered

#: Expected citations below which no ratio is told (Cochran 1954: the usual rule for counts).
LEAST_EXPECTED = 5.0
_STEPS = 100
_AT_ONCE = 1 << 20  # entries looked at at a time
_FARTHEST = 4.0  # of a logarithm, in one step
#: A preference for home beyond which none is sought.
_MOST_AT_HOME = 1e9
_CLOSE = 1e-13  # of all citations: three digits more than are printed


class Flows(NamedTuple):
    """What the links of one technology and period are made of, by country and year.

    Parameters
    ----------
    abroad
        ``(n, T)``: citations that families of country i and year t give abroad [family links by
        the counting rule].
    home
        ``(n, T)``: citations that they give within the country.
    cohorts
        ``(T, S)``: citations across borders from families of year t to families of year s.
    citing
        ``(n, T)``: families of country i and year t.
    cited
        ``(n, S)``: families of country j and year s that can be cited.
    """

    abroad: Floats
    home: Floats
    cohorts: Floats
    citing: Floats
    cited: Floats


def foreign_families(families: Floats) -> Floats:
    """Compute the families of all other countries: ``(n, S)`` from ``(n, S)``, never below 0.

    Examples
    --------
    >>> foreign_families(np.array([[1.0, 0.0], [2.0, 3.0]])).tolist()
    [[2.0, 3.0], [1.0, 0.0]]
    """
    others: Floats = np.maximum(families.sum(axis=0) - families, 0.0)
    # what is left of a sum by rounding is no family
    return np.where(others > 1e-9 * families.sum(axis=0), others, 0.0)


def cohort_rates(flows: Flows) -> Floats:
    r"""Tell how strongly a foreign family of year s draws citations of year t: ``(T, S)``.

    The :math:`\lambda_{ts}` for which the citations expected from year t to year s, over all
    countries, are those observed:

    .. math:: \sum_i \phi_{it} \frac{\lambda_{ts} M_{is}}{\sum_u \lambda_{tu} M_{iu}} = C_{ts}

    :math:`\phi_{it}` are the citations abroad of country i in year t, :math:`M_{is}` the families
    of year s of all other countries, :math:`C_{ts}` the citations across borders from t to s. This
    is the maximum of the likelihood of a conditional logit with one effect per pair of years. Only
    the ratios within a year t have a meaning; the largest is 1.

    Examples
    --------
    Three countries with a family each in the first year, two in the second: the four citations to
    the first year and four to the second make a family of the first draw twice as much.

    >>> flows = Flows(np.array([[4.0], [2.0], [2.0]]), np.zeros((3, 1)), np.array([[4.0, 4.0]]),
    ...     np.ones((3, 1)), np.array([[1.0, 2.0]] * 3))
    >>> rates = cohort_rates(flows)
    >>> round(float(rates[0, 0] / rates[0, 1]), 9)
    2.0
    """
    others = foreign_families(flows.cited)
    rates = np.zeros(flows.cohorts.shape)
    limit = _CLOSE * max(float(flows.cohorts.sum()), 1.0)
    for t, drawn in enumerate(flows.cohorts):
        cited = np.flatnonzero(drawn > 0)
        giving = np.flatnonzero(flows.abroad[:, t] > 0)
        if cited.size:
            families = others[np.ix_(giving, cited)]
            rates[t, cited] = _fitted(flows.abroad[giving, t], families, drawn[cited], limit)
    return rates


def _fitted(given: Floats, families: Floats, drawn: Floats, limit: float) -> Floats:
    """Rates of one citing year for which the citations expected are those drawn, by Newton steps.

    Where the likelihood has its maximum at the border (a year that only some can cite is cited by
    them alone) the ratio of rates grows by a factor each step, and what is expected settles.
    """
    x = np.log(drawn) - np.log((given / families.sum(axis=1)) @ families)

    def likelihood(x: Floats) -> float:
        return float(drawn @ x - given @ np.log(families @ np.exp(x)))

    best = likelihood(x)
    for _ in range(_STEPS):
        weight = families * np.exp(x)
        part = weight / weight.sum(axis=1, keepdims=True)
        gap = drawn - given @ part
        if np.abs(gap).max() <= limit:
            break
        bend = -(part.T * given) @ part
        at = np.arange(x.size)
        bend[at, at] += given @ part + 1e-12 * given.sum()
        step = np.linalg.solve(bend, gap)
        step -= step.mean()
        step *= min(1.0, _FARTHEST / max(float(np.abs(step).max()), 1e-300))
        while (found := likelihood(x + step)) < best - 1e-9 and np.abs(step).max() > 1e-12:
            step /= 2
        x, best = x + step, max(found, best)
    rates: Floats = np.exp(x - x.max())
    return rates


def expected_flow(flows: Flows, rates: Floats | None = None) -> Floats:
    r"""Compute the citations that country i is expected to give to country j: ``(n, n)``, 0 on the
    diagonal.

    .. math:: E_{ij} = \sum_t \phi_{it}
              \frac{\sum_s \lambda_{ts} N_{js}}{\sum_s \lambda_{ts} \sum_{k \ne i} N_{ks}},
              \qquad j \ne i

    Row sums are the citations given abroad: what a country gives is not expected but taken. Column
    sums are the citations that it is expected to receive.

    Parameters
    ----------
    flows
        See `Flows`.
    rates
        What `cohort_rates` returns for them.

    References
    ----------
    Method notes (`netpos.docs_path`); Jaffe and Trajtenberg 1999.

    Examples
    --------
    One year of citing and one of cited families, NL 1, DE 3, US 6: NL gives 9 citations abroad,
    3/9 of them are expected to go to DE.

    >>> flows = Flows(np.array([[9.0], [7.0], [4.0]]), np.zeros((3, 1)), np.array([[20.0]]),
    ...     np.array([[1.0], [3.0], [6.0]]), np.array([[1.0], [3.0], [6.0]]))
    >>> expected_flow(flows).tolist()
    [[0.0, 3.0, 6.0], [1.0, 0.0, 6.0], [1.0, 3.0, 0.0]]
    """
    rates = cohort_rates(flows) if rates is None else rates
    offered = rates @ flows.cited.T  # (T, n): what the families of j weigh in year t
    others = rates @ foreign_families(flows.cited).T  # (T, n): what all but those of i weigh
    part = np.nan_to_num(divide(flows.abroad.T, others), nan=0.0)
    found: Floats = part.T @ offered
    np.fill_diagonal(found, 0.0)
    return significant(found)


def expected_given(flows: Flows, rates: Floats | None = None) -> Floats:
    r"""Compute the citations that each country is expected to give abroad: ``(n,)``.

    Every family of year t cites as much as the families of the technology do in that year, and all
    prefer their own country equally, by the factor h for which the sum is that observed:

    .. math:: E_i = \sum_t N_{it}\, \mu_t\, \frac{A_{it}}{A_{it} + h H_{it}}, \qquad
              \sum_i E_i = \sum_i G_i

    :math:`\mu_t` are the citations per family of year t, domestic ones included, :math:`A_{it}`
    what foreign families weigh (:math:`\sum_s \lambda_{ts} M_{is}`) and :math:`H_{it}` what those
    of the own country do. NaN for all where no h fits, and without citations across borders.

    Examples
    --------
    Two countries with 10 families each, every family gives one citation. With 15 of the 20 at
    home, home draws three times as much, and each is expected to give 2.5 abroad.

    >>> flows = Flows(np.array([[2.0], [3.0]]), np.array([[8.0], [7.0]]), np.array([[5.0]]),
    ...     np.array([[10.0], [10.0]]), np.array([[10.0], [10.0]]))
    >>> expected_given(flows).round(9).tolist()
    [2.5, 2.5]
    """
    from scipy.optimize import brentq  # slow to load

    rates = cohort_rates(flows) if rates is None else rates
    away = (rates @ foreign_families(flows.cited).T).T  # (n, T)
    home = (rates @ flows.cited.T).T
    cites = divide((flows.abroad + flows.home).sum(axis=0), flows.citing.sum(axis=0))
    number = flows.citing * np.nan_to_num(cites, nan=0.0)
    total = float(flows.abroad.sum())

    def abroad(preference: float) -> Floats:
        part = np.nan_to_num(divide(away, away + preference * home), nan=0.0)
        sums: Floats = (number * part).sum(axis=1)
        return sums

    def excess(preference: float) -> float:
        gap = float(abroad(preference).sum()) - total
        return 0.0 if abs(gap) <= 1e-12 * total else gap

    none = np.full(flows.abroad.shape[0], np.nan)
    if not total or excess(0.0) < 0 or excess(_MOST_AT_HOME) > 0:
        return none
    return significant(abroad(brentq(excess, 0.0, _MOST_AT_HOME, xtol=1e-12, rtol=1e-14)))


def ratio(observed: Floats, expected: Floats) -> Floats:
    """Divide observed by expected, NaN where fewer than `LEAST_EXPECTED` are expected.

    Examples
    --------
    >>> ratio(np.array([9.0, 9.0]), np.array([6.0, 4.9])).tolist()
    [1.5, nan]
    """
    found: Floats = np.where(expected >= LEAST_EXPECTED, divide(observed, expected), np.nan)
    return found


def flows_of(
    pairs: Citations,
    spread: Spread,
    shares: Shares,
    member: NDArray[np.bool_],
    years: Floats,
    span: tuple[int, int],
    chosen: NDArray[np.bool_],
) -> Flows:
    """Sort the links of a technology and span by country and year; countries as in ``shares``.

    Parameters
    ----------
    pairs, spread, shares
        Citations between families, their spread over countries, and the shares of countries.
    member
        Which rows are families of the technology: those that can be cited.
    years
        Year of each row by the clock of the run, NaN where unknown; cited families without a
        year are a cohort of their own, the last.
    span
        First and last year of the citing families.
    chosen
        Which pairs are counted, see `netpos.graph.links.select` (scope ``closed``).
    """
    n, first = len(shares.names), span[0]
    number = span[1] - first + 1
    dated = years[member & np.isfinite(years)]
    start = int(dated.min()) if dated.size else 0
    cohorts = (int(dated.max()) - start + 1 if dated.size else 0) + 1
    cohort = np.where(np.isfinite(years), years - start, cohorts - 1).astype(np.int64)

    abroad, home = np.zeros(n * number), np.zeros(n * number)
    between = np.zeros(number * cohorts)
    for begin in range(0, spread.pair.size, _AT_ONCE):  # their sums go on in the same order
        part = slice(begin, begin + _AT_ONCE)
        keep = np.flatnonzero(gathered(chosen, spread.pair[part]))
        pair, cell = spread.pair[part][keep], spread.cell[part][keep]
        weight = spread.weight[part][keep]
        i, j = (gathered(end, cell).astype(np.int64) for end in spread.ends)
        t = gathered(years, pairs.citing[pair]).astype(np.int64) - first
        s = gathered(cohort, pairs.cited[pair])
        foreign = i != j
        of_country = i * number + t
        np.add.at(abroad, of_country[foreign], weight[foreign])
        np.add.at(home, of_country[~foreign], weight[~foreign])
        np.add.at(between, (t * cohorts + s)[foreign], weight[foreign])

    def summed(at: NDArray[np.int64], values: Floats, rows: int, columns: int) -> Floats:
        sums = np.bincount(at, weights=values, minlength=rows * columns)
        return sums.astype(np.float64).reshape(rows, columns)

    def sizes(inside: NDArray[np.bool_], column: NDArray[np.int64], columns: int) -> Floats:
        rows = np.flatnonzero(inside)
        held = shares.matrix[rows].tocoo()
        at = held.col.astype(np.int64) * columns + column[rows][held.row]
        return summed(at, held.data, n, columns)

    within = member & (years >= first) & (years <= span[1])
    year = np.where(within, years - first, 0).astype(np.int64)
    return Flows(
        abroad=abroad.reshape(n, number),
        home=home.reshape(n, number),
        cohorts=between.reshape(number, cohorts),
        citing=sizes(within, year, number),
        cited=sizes(member, cohort, cohorts),
    )
