"""Complexity by repeated averaging: the method of reflections, and fitness and complexity.

A country without any presence, and a technology without any country, are set aside first; their
results are null.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from netpos.errors import OptionError
from netpos.indicators.bipartite import Complexity, bipartite, named, spread

#: Rounds of `fitness` after which an unchanged order of the countries counts as final.
CALM_ROUNDS = 20
MOST_ROUNDS = 1000


def reflections(
    cells: pl.DataFrame, *, order: int, country: str = "country", product: str = "technology"
) -> Complexity:
    r"""Compute the method of reflections: means of means, from diversity and ubiquity on.

    .. math:: k_{c,n} = \frac{1}{k_{c,0}} \sum_t M_{ct} k_{t,n-1}, \qquad
              k_{t,n} = \frac{1}{k_{t,0}} \sum_c M_{ct} k_{c,n-1}

    The meaning alternates: countries rise with complexity in even orders, technologies in odd
    ones (a technology's even orders fall with it). Published tables take order 18 for countries
    and 19 for technologies, each standardised with `standardise`. In the limit, standardised
    values are those of `eci_pci`.

    Parameters
    ----------
    cells
        ``country``, ``technology`` String, ``presence`` Boolean.
    order
        The n above, >= 0; 0 gives diversity and ubiquity.
    country, product
        Names of the columns, where they differ.

    Returns
    -------
    Complexity
        ``reflection`` Float64 per country and per technology, not standardised; null where a
        country has no presence, or a technology no country.

    Raises
    ------
    OptionError
        ``order`` is negative.
    TableError
        As for `diversity`.

    References
    ----------
    Hidalgo and Hausmann (2009), PNAS 106(26): 10570-10575, doi:10.1073/pnas.0900943106

    Examples
    --------
    Country A has everything (1, 2), B only 1: k_0 is 2 and 1; technology 1 has 2 countries,
    technology 2 one. k_1 of A is (2 + 1)/2, of B 2.

    >>> cells = pl.DataFrame({"country": list("AAB"), "technology": list("121"),
    ...                       "presence": [True] * 3})
    >>> reflections(cells, order=1).countries["reflection"].to_list()
    [1.5, 2.0]
    """
    if order < 0:
        raise OptionError(f"order {order}: reflections start at 0", remedy="take 18 or 19")
    b = bipartite(cells, country, product)
    rows, columns = b.diversity > 0, b.ubiquity > 0
    m, d, u = b.matrix[np.ix_(rows, columns)], b.diversity[rows], b.ubiquity[columns]
    of_country, of_product = d, u
    for _ in range(order):
        of_country, of_product = m @ of_product / d, m.T @ of_country / u
    return Complexity(
        named(country, b.countries, reflection=spread(of_country, rows)),
        named(product, b.products, reflection=spread(of_product, columns)),
    )


def fitness(
    cells: pl.DataFrame,
    *,
    rounds: int | None = None,
    country: str = "country",
    product: str = "technology",
) -> Complexity:
    r"""Compute the fitness of countries and complexity of technologies by the nonlinear iteration.

    .. math:: \tilde F_c^{(n)} = \sum_t M_{ct} Q_t^{(n-1)}, \qquad
              \tilde Q_t^{(n)} = \frac{1}{\sum_c M_{ct} / F_c^{(n-1)}}

    each divided by its mean in every round, from 1 on. A technology is as complex as its least fit
    holders allow. The fitness of many countries tends to 0 without end, so only the order
    converges, not the values: name the rounds with every number.

    Parameters
    ----------
    cells
        ``country``, ``technology`` String, ``presence`` Boolean.
    rounds
        Number of rounds. None: until the order of the countries has not changed for 20 rounds (at
        most 1000). A published "column 20" that counts the start as column 1 is round 19.
    country, product
        Names of the columns, where they differ.

    Returns
    -------
    Complexity
        Countries: ``fitness`` Float64 [mean 1]; technologies: ``fitness_complexity`` Float64
        [mean 1]; null where a country has no presence, or a technology no country. Fitness below
        1e-300 is held there. ``notes`` tells the rounds.

    Raises
    ------
    OptionError
        ``rounds`` is negative.
    TableError
        As for `diversity`.

    References
    ----------
    Tacchella, Cristelli, Caldarelli, Gabrielli and Pietronero (2012), Scientific Reports 2: 723,
    doi:10.1038/srep00723. Pugliese, Zaccaria and Pietronero (2016), European Physical Journal
    Special Topics 225: 1893-1911, doi:10.1140/epjst/e2015-50118-1

    Examples
    --------
    Round 1: A holds 2 of the technologies, B 1, so F is 2 and 1 over 1.5; technology 1 has two
    holders and 2 has one, so Q is 1/2 and 1 over .75.

    >>> cells = pl.DataFrame({"country": list("AAB"), "technology": list("121"),
    ...                       "presence": [True] * 3})
    >>> fitness(cells, rounds=1).countries["fitness"].round(4).to_list()
    [1.3333, 0.6667]
    """
    if rounds is not None and rounds < 0:
        raise OptionError(f"rounds {rounds}: cannot be negative", remedy="leave it out, or take 20")
    b = bipartite(cells, country, product)
    rows, columns = b.diversity > 0, b.ubiquity > 0
    m = b.matrix[np.ix_(rows, columns)]
    f, q = np.ones(m.shape[0]), np.ones(m.shape[1])
    order = np.argsort(f, kind="stable")
    done = calm = 0
    last = MOST_ROUNDS if rounds is None else rounds
    while done < last and not (rounds is None and calm == CALM_ROUNDS) and m.size:
        f, q = m @ q, 1.0 / (m.T @ (1.0 / f))
        f, q = np.maximum(f / f.mean(), 1e-300), q / q.mean()
        before, order = order, np.argsort(np.round(np.log(f), 9), kind="stable")
        calm = calm + 1 if np.array_equal(before, order) else 0
        done += 1
    note = f"fitness after {done} rounds"
    if rounds is None:
        calm_enough = calm == CALM_ROUNDS or not m.size
        note += f", order of countries {'settled' if calm_enough else 'still changing'}"
    return Complexity(
        named(country, b.countries, fitness=spread(f, rows)),
        named(product, b.products, fitness_complexity=spread(q, columns)),
        (note,),
    )
