"""What is said of one country, from stacks of link matrices: a value and a rank per draw.

One implementation serves the base case, every other way of counting and every organisation left
out. A draw is whatever the first axis stands for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from netpos.graph import kernels
from netpos.graph.core import CoreMethod
from netpos.graph.kernels import Floats
from netpos.indicators.cells import Cells
from netpos.indicators.measured import Exchanged, core_members

#: Groups of countries from which sources come, in the order of their class.
GROUPS = ("share_eu", "share_oecd_nato", "share_other")
#: Indicators of which rank 1 is the smallest.
SMALLEST_FIRST = ("core_distance", "similarity")
_AT_ONCE = 1 << 20  # numbers ranked at a time


class Measured(NamedTuple):
    """One indicator of one country: its value and its rank, each ``(draws,)``, NaN where none."""

    value: Floats
    rank: Floats


Values = Mapping[str, Measured]


def ranked(name: str, stack: Floats, at: int) -> Measured:
    """Take one country out of the values of all, with its rank among them.

    Parameters
    ----------
    name
        Of the indicator; `SMALLEST_FIRST` are ranked from below, ``near_core`` has no rank, and a
        share of nothing has none either.
    stack
        ``(draws, n)``.
    at
        Position of the country.

    Examples
    --------
    >>> ranked("family_share", np.array([[0.2, 0.8], [0.0, 1.0]]), 0)
    Measured(value=array([0.2, 0. ]), rank=array([ 2., nan]))
    """
    value = stack[:, at]
    if name == "near_core":
        return Measured(value, np.full(value.size, np.nan))
    rank = _rank(-stack if name in SMALLEST_FIRST else stack, at)
    if name in ("family_share", "value_share"):
        rank = np.where(value == 0, np.nan, rank)
    return Measured(value, rank)


def _rank(stack: Floats, at: int) -> Floats:
    """Compute the competition rank of one column, see `kernels.competition_rank`, some rows at a
    time.
    """
    found = np.full(len(stack), np.nan)
    step = max(1, _AT_ONCE // max(stack.shape[1], 1))
    for start in range(0, len(stack), step):
        some = kernels.significant(stack[start : start + step])
        own = some[:, [at]]
        rank = 1.0 + np.count_nonzero(some > own, axis=1)
        found[start : start + step] = np.where(np.isnan(own[:, 0]), np.nan, rank)
    return found


def of_sizes(families: Floats, located: Floats, worth: Floats | None, at: int) -> Values:
    """Compute the share of families and of value.

    Parameters
    ----------
    families, worth
        Families and value of each country, ``(draws, n)``; ``worth`` None: not known.
    located
        Families with a country, ``(draws,)``.
    at
        Position of the country.
    """
    unknown = Measured(*np.full((2, len(families)), np.nan))
    found = {"family_share": ranked("family_share", kernels.divide(families, located[:, None]), at)}
    if worth is None:
        return found | {"value_share": unknown}
    share = kernels.divide(worth, kernels.total(worth))
    return found | {"value_share": ranked("value_share", share, at)}


def of_links(
    F: Floats, families: Floats, nodes: list[str], at: int, method: CoreMethod = "rich"
) -> Values:
    """Compute the balance, share of citations received, distance to the core and whether it is
    near.

    Parameters
    ----------
    F
        Foreign links, ``(draws, n, n)``.
    families
        Families of each country, ``(draws, n)``.
    nodes, at
        Codes of the countries, and which of them is asked for.
    method
        Of the core, see `netpos.graph.core.core`.
    """
    received, given = kernels.received(F), kernels.given(F)
    core = core_members(F, nodes, method)
    distance = kernels.resistance(F, core)
    distance[~core.any(axis=-1)] = np.nan
    stacks = {
        "balance_ratio": kernels.ratio_of(received, given),
        "received_share": kernels.divide(received, kernels.total(received)),
        "core_distance": distance,
        "near_core": kernels.near_core(core, distance, kernels.significant(families)),
    }
    return {name: ranked(name, stack, at) for name, stack in stacks.items()}


def of_core(
    cells: Cells,
    values: Floats,
    families: Floats,
    nodes: list[str],
    at: int,
    method: CoreMethod = "rich",
) -> Values:
    """Compute whether the country is near the core, as `of_links` does.

    Parameters
    ----------
    cells, values
        Pairs of countries with foreign links, and these, ``(cells, draws)``.
    families, nodes, at, method
        See `of_links`.
    """
    counted = kernels.significant(families)
    exchange = Exchanged.of(np.arange(values.shape[0]), cells, method)
    near = kernels.near_core(*exchange.core(values, counted, nodes, method), counted)
    return {"near_core": ranked("near_core", near, at)}


def of_sources(F: Floats, classes: tuple[NDArray[np.int64], NDArray[np.int64]], at: int) -> Values:
    """Compute the effective number and likeness of sources, and the part of each group of
    countries.

    Parameters
    ----------
    F
        Foreign links, ``(draws, n, n)``.
    classes
        What `netpos.graph.dependence.partner_classes` returns for these countries.
    at
        Position of the country.

    Returns
    -------
    dict
        The rank of a group is its place among the three groups; see `places`.
    """
    of_partner, own = classes
    score = kernels.similarity_score(kernels.class_shares(F, of_partner))
    effective = kernels.source_diversity(F).effective
    groups = kernels.class_shares(F, own)[:, at]
    place = places(groups)
    found = {
        "source_effective": ranked("source_effective", effective, at),
        "similarity": ranked("similarity", score, at),
    }
    return found | {n: Measured(groups[:, k], place[:, k]) for k, n in enumerate(GROUPS)}


def places(groups: Floats) -> Floats:
    """Place of each group among the three: 1 = largest; those alike share the worse place.

    So of two that share the first place neither is first.

    Examples
    --------
    >>> places(np.array([[0.5, 0.3, 0.2], [0.4, 0.4, 0.2], [np.nan] * 3])).tolist()
    [[1.0, 2.0, 3.0], [2.0, 2.0, 3.0], [nan, nan, nan]]
    """
    value = kernels.significant(groups)
    larger = value[:, None, :] >= value[:, :, None]
    return np.where(np.isnan(value), np.nan, larger.sum(axis=-1))


def leader(stack: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Compute the position of the largest in each draw, and its value; -1 where several are, or
    none is.

    Examples
    --------
    >>> first, value = leader(np.array([[1.0, 3.0], [2.0, 2.0], [0.0, np.nan]]))
    >>> first.tolist(), value.tolist()
    ([1, -1, -1], [3.0, 2.0, nan])
    """
    values = kernels.significant(np.where(stack > 0, stack, -np.inf))
    top = values.max(axis=-1, keepdims=True, initial=-np.inf)
    alone = (values == top).sum(axis=-1) == 1
    there = np.isfinite(top[..., 0])
    first = np.where(alone & there, values.argmax(axis=-1), -1)
    return first.astype(np.int64), np.where(there, top[..., 0], np.nan)
