"""Whether a statement holds under the other ways of counting: the rows of its own claim decide."""

from __future__ import annotations

import polars as pl

#: Part of the ways of counting with a value in which a statement must hold.
AGREE = 0.9
#: A place behind every other.
_LAST = 10**9


class Sensitivity:
    """The rows of a technology in the sensitivity table: how often a statement holds in them.

    Each question is put to the rows of its own claim. The answer is None where there is no such
    table, and False where it has no rows of the claim, or fewer than half of them have a value.
    """

    def __init__(self, table: pl.DataFrame) -> None:
        self.table = table

    def _agree(self, name: str, holds: pl.Expr, known: pl.Expr) -> bool | None:
        if not self.table.height:
            return None
        rows = self.table.filter(pl.col("indicator") == name)
        found = rows.filter(known).select(holds.fill_null(value=False)).to_series()
        if not len(found) or 2 * len(found) < rows.height:
            return False
        return bool(found.sum() >= AGREE * len(found))

    def values(self, name: str, holds: pl.Expr) -> bool | None:
        """Tell whether nine in ten values of the indicator pass."""
        return self._agree(name, holds, pl.col("value").is_not_null())

    def ranks(self, name: str, holds: pl.Expr) -> bool | None:
        """Tell whether nine in ten ranks pass; who has nothing comes behind all others."""
        last = pl.when(pl.col("value") == 0).then(pl.lit(_LAST))
        place = pl.coalesce(pl.col("rank").cast(pl.Int64), last).alias("rank")
        if not self.table.height:
            return None
        return Sensitivity(self.table.with_columns(place))._agree(
            name, holds, pl.col("rank").is_not_null()
        )

    def leads(self, name: str, country: str) -> bool | None:
        """Tell whether this country alone comes first in nine in ten ways of counting."""
        if self.table.height and "leader" not in self.table.columns:
            return False
        return self._agree(name, pl.col("leader") == country, pl.col("value").is_not_null())

    def leaders(self, name: str) -> list[str]:
        """Return countries that come first in some way of counting, the most frequent first."""
        if not self.table.height or "leader" not in self.table.columns:
            return []
        found = self.table.filter((pl.col("indicator") == name) & pl.col("leader").is_not_null())
        order = found.group_by("leader").len().sort(["len", "leader"], descending=[True, False])
        return order["leader"].to_list()

    def largest_bloc(self, bloc: str) -> bool | None:
        """Tell whether this group of countries alone comes first in nine in ten ways of
        counting.
        """
        first = pl.col("rank") == 1  # of two alike both are second
        return self._agree(f"share_{bloc}", first, pl.col("value").is_not_null())
