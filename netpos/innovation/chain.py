"""The innovation chain of a country: its part of publications, patents, companies, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import polars as pl

from netpos.errors import TableError
from netpos.tables import require

#: What is measured along the chain, in order.
STAGES = (
    "publications", "families", "value", "startups", "scaleups", "startup_funding",
    "scaleup_funding",
)  # fmt: skip
#: Stages that follow one another; the others measure one of these once more.
STEPS = ("publications", "families", "startups", "scaleups")

_SHARES: dict[str, pl.DataType] = {
    "technology": pl.String(), "stage": pl.String(), "share": pl.Float64(),
    "numerator": pl.Float64(), "denominator": pl.Float64(), "low": pl.Float64(),
    "high": pl.Float64(),
}  # fmt: skip


def chain(shares: pl.DataFrame) -> pl.DataFrame:
    r"""Follow a country's share from publications to scale-ups.

    .. math:: step_k = \frac{s_k}{s_{k-1}}, \qquad retention_k = \frac{s_k}{s_{publications}}

    Steps run over `STEPS`: publications, families, start-ups, scale-ups; value and funding measure
    families and companies once more and are no step of their own. A step is taken from the step
    before it that is known; retention needs publications.

    Parameters
    ----------
    shares
        One row per technology and stage of `STAGES`: ``technology``, ``stage`` String, ``share``,
        ``numerator``, ``denominator``, ``low``, ``high`` Float64 [null: not known].

    Returns
    -------
    pl.DataFrame
        ``shares`` plus ``step_ratio``, ``retention`` Float64 [null where a share is not known or
        that divided by is 0] and ``declines`` Boolean, the same in every row of a technology: true
        where the share falls at every step and the first and last interval do not overlap; null
        where a step or one of the two intervals is not known. Stages in order.

    Raises
    ------
    TableError
        A column is missing or of another type, a stage is not known or occurs twice.

    Examples
    --------
    >>> shares = pl.DataFrame({"technology": ["q"] * 2, "stage": ["publications", "families"],
    ...     "share": [0.04, 0.03], "numerator": [4.0, 3.0], "denominator": [100.0, 100.0],
    ...     "low": [0.02, 0.01], "high": [0.09, 0.08]})
    >>> chain(shares)["step_ratio"].to_list()
    [None, 0.75]
    """
    require(shares, _SHARES, name="shares")
    odd = shares.filter(~pl.col("stage").is_in(STAGES))
    if odd.height:
        raise TableError(f"table 'shares': stage '{odd['stage'][0]}' is not known")
    twice = shares.filter(pl.struct("technology", "stage").is_duplicated())
    if twice.height:
        raise TableError(f"table 'shares': {twice['stage'][0]} occurs more than once")
    order = pl.col("stage").cast(pl.Enum(STAGES))
    rows = shares.sort("technology", order, maintain_order=True)
    known = pl.col("stage").is_in(STEPS) & pl.col("share").is_not_null()
    before = pl.when(known).then("share").shift(1).forward_fill().over("technology")
    first = pl.col("share").filter(pl.col("stage") == STEPS[0]).first().over("technology")
    rows = rows.with_columns(
        step_ratio=pl.when(known & (before > 0)).then(pl.col("share") / before),
        retention=pl.when(first > 0).then(pl.col("share") / first),
    )
    return rows.join(_declines(rows), on="technology", how="left", maintain_order="left")


def _declines(rows: pl.DataFrame) -> pl.DataFrame:
    """Whether the share of a technology falls at every step beyond what intervals allow."""
    found = []
    for name in rows["technology"].unique().sort():
        steps = {
            r["stage"]: r
            for r in rows.filter(pl.col("technology") == name).to_dicts()
            if r["stage"] in STEPS
        }
        found.append((name, _falls([steps.get(stage) for stage in STEPS])))
    schema = {"technology": pl.String, "declines": pl.Boolean}
    return pl.DataFrame(found, schema, orient="row")


def _falls(steps: Sequence[dict[str, float | None] | None]) -> bool | None:
    shares = [None if s is None else s["share"] for s in steps]
    first, last = steps[0], steps[-1]
    known = [s for s in shares if s is not None]
    if first is None or last is None or len(known) < len(shares):
        return None
    low, high = first["low"], last["high"]
    if low is None or high is None:
        return None
    return high < low and all(b < a for a, b in pairwise(known))
