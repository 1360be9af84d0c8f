"""Mentions put together to pairs, against a plain loop."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from netpos.ingest.pairs import NO_OFFICE, merge_mentions
from netpos.ingest.records import CATEGORIES, PHASES

EXAMINERS = {"SEA", "ISR", "SUP", "PRS", "CH2", "EXA"}


def passes(phase: str, categories: set[str]) -> set[int]:
    """Which filters a mention passes, as a user would say it."""
    by_phase = [True, phase in EXAMINERS, phase == "APP"]
    by_category = [True, bool(categories & set("XIY")), "A" in categories]
    return {3 * p + c for p in range(3) for c in range(3) if by_phase[p] and by_category[c]}


def bits(places: set[int]) -> int:
    return sum(1 << place for place in places)


def mentions(n: int, ends: int, seed: int) -> tuple[np.ndarray, ...]:
    r = np.random.default_rng(seed)
    return (
        r.integers(0, ends, n).astype(np.int32),
        r.integers(0, ends, n).astype(np.int32),
        r.random(n) < 0.4,
        r.integers(0, len(PHASES), n).astype(np.uint8),
        (r.integers(0, 1 << len(CATEGORIES), n) & r.integers(0, 1 << 11, n)).astype(np.uint16),
        r.integers(0, NO_OFFICE + 1, n).astype(np.int8),
    )


def expected(citing, cited, cited_by, phase, categories, office) -> list[tuple[object, ...]]:
    found: dict[tuple[int, int], list[tuple[bool, int, set[int], int]]] = {}
    for row in range(citing.size):
        of = {k for k in range(len(CATEGORIES)) if int(categories[row]) >> k & 1}
        said = (bool(cited_by[row]), int(phase[row]), of, int(office[row]))
        found.setdefault((int(citing[row]), int(cited[row])), []).append(said)
    rows = []
    for pair, said in sorted(found.items()):
        passed = [
            {0} if back else passes(PHASES[p], {CATEGORIES[k] for k in of})
            for back, p, of, _ in said
        ]
        rows.append(
            (
                *pair,
                bits({p - 1 for _, p, _, _ in said if p}),
                bits(set().union(*(of for _, _, of, _ in said))),
                bits(set().union(*passed)),
                bits({o for *_, o in said if o != NO_OFFICE}),
                sum(not back for back, *_ in said),
                any(back for back, *_ in said),
            )
        )
    return rows


@pytest.mark.parametrize(("n", "ends"), [(0, 0), (0, 5), (1, 1), (40, 3), (3000, 40), (900, 5000)])
def test_pairs_are_those_of_a_plain_loop(n: int, ends: int) -> None:
    given = mentions(n, max(ends, 1), seed=n + ends)
    citing, cited, *rest = given
    table = merge_mentions(citing, cited, ends, *rest)
    assert table.rows() == expected(*given)
    assert table.schema == {
        "citing": pl.Int32,
        "cited": pl.Int32,
        "phase": pl.UInt16,
        "categories": pl.UInt16,
        "passes": pl.UInt16,
        "offices": pl.Int64,
        "mentions": pl.Int32,
        "backward": pl.Boolean,
    }


def test_columns_may_be_steps_through_others() -> None:
    given = mentions(500, 9, seed=1)
    steps = [column[::-3] for column in given]
    table = merge_mentions(steps[0], steps[1], 9, *steps[2:])
    assert table.rows() == expected(*steps)


@pytest.mark.parametrize(
    ("column", "value"), [(0, 3), (0, -1), (1, 3), (3, 12), (4, 2048), (5, -1)]
)
def test_a_number_that_there_is_not_is_refused(column: int, value: int) -> None:
    given = list(mentions(4, 3, seed=2))
    given[column][1] = value
    with pytest.raises(ValueError, match="that there is not"):
        merge_mentions(given[0], given[1], 3, *given[2:])
