"""Other ways of counting, begun elsewhere before the tables of a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol, TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos.analysis import results, sensitivity, without
from netpos.analysis.study import Study
from netpos.progress import Listener, Relay, meanwhile

T = TypeVar("T")
R = TypeVar("R")
Co = TypeVar("Co", covariant=True)


class Awaited(Protocol[Co]):
    """What is made elsewhere."""

    def result(self) -> Co:
        """Wait for it."""


class Elsewhere(Protocol):
    """Have ``make(given)`` done in another process, and tell ``told`` how far it has come."""

    def __call__(self, make: Callable[[T], R], given: T, told: Listener | None) -> Awaited[R]:
        """Return what waits for it."""


def sensitivity_begun(
    study: Study, elsewhere: Elsewhere
) -> Callable[[dict[str, pl.DataFrame]], dict[str, pl.DataFrame]]:
    """Begin to count in other ways in another process, and return what does the rest and waits.

    It is begun before the tables: other ways of counting need no more of them than the value of
    each family, and Python runs one thread at a time.

    Parameters
    ----------
    study
        The run.
    elsewhere
        Has it done, see `netpos.commands.beside`.

    Returns
    -------
    callable
        From the tables of a run, those of `netpos.analysis.results.sensitivity_tables`.
    """
    if not results.is_counted_otherwise(study):
        return lambda _: {}
    values = results.family_values_table(study, study.valued)
    asked = replace(study), sensitivity.worth_of(study, values)  # without what can be made again
    relay = Relay()
    waiting = meanwhile(elsewhere(_counted_otherwise, asked, relay).result, relay)
    return lambda tables: results.marked(study, tables, *waiting())


def _counted_otherwise(
    asked: tuple[Study, NDArray[np.float64] | None],
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Count in every other way, and without each organisation."""
    return sensitivity.sensitivity(*asked), without.without_one(*asked)
