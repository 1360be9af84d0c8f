"""Mentions of one document by another put together to pairs: one row per pair of ends."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos.ingest.distinct import order_of
from netpos.ingest.records import CATEGORIES, PHASES

EXAMINER = frozenset({"SEA", "ISR", "SUP", "PRS", "CH2", "EXA"})
#: The number of an office that is none; the numbers below are bits of ``citations.office_mask``.
NO_OFFICE = 63
_OFFICE_MASK = np.array([*(1 << bit for bit in range(NO_OFFICE)), 0], dtype=np.int64)
_PHASE_BIT = np.array([0, *(1 << k for k in range(len(PHASES) - 1))], dtype=np.uint16)


def _passes_table() -> NDArray[np.uint16]:
    """Filter combinations that a mention passes, by phase number and category bits.

    Bit 3 * phase + category of ``citations.passes``; phase all, examiner or applicant, category
    all, XY or A.
    """
    table = np.zeros((len(PHASES), 1 << len(CATEGORIES)), dtype=np.uint16)
    bits = np.arange(table.shape[1])
    xy = (bits & sum(1 << CATEGORIES.index(c) for c in "XIY")) != 0
    only_a = (bits & (1 << CATEGORIES.index("A"))) != 0
    by_category = (np.ones_like(xy), xy, only_a)
    for number, name in enumerate(PHASES):
        for p, passed in enumerate((True, name in EXAMINER, name == "APP")):
            for c, chosen in enumerate(by_category):
                table[number] |= (chosen & passed).astype(np.uint16) << (3 * p + c)
    return table


_PASSES = _passes_table()


def _bits_table() -> NDArray[np.int64]:
    """All bits of a mention: of the phase, of the categories (from bit 16), of passes (32), of
    whether it stands with the document cited (48), which is the first of the table's dimensions;
    phase and categories are the others.
    """
    table = _PHASE_BIT.astype(np.int64)[:, None] | np.arange(_PASSES.shape[1]) << 16
    cited_by = np.int64(1) << 32 | np.int64(1) << 48
    return np.stack([table | _PASSES.astype(np.int64) << 32, table | cited_by]).ravel()


_BITS = _bits_table()


def merge_mentions(
    citing: NDArray[np.int32],
    cited: NDArray[np.int32],
    ends: int,
    cited_by: NDArray[np.bool_],
    phase: NDArray[np.uint8],
    categories: NDArray[np.uint16],
    office: NDArray[np.int8],
) -> pl.DataFrame:
    """Put the mentions of each pair of ends together.

    Parameters
    ----------
    citing, cited
        The ends of each mention, from 0 to before ``ends``.
    cited_by
        Whether the mention stands with the document cited.
    phase, categories
        Number of the phase, bits of the categories.
    office
        Number of the office of the citing document, `NO_OFFICE` where there is none.

    Returns
    -------
    pl.DataFrame
        One row per pair in order of both ends: ``citing, cited``; ``phase, categories, passes,
        offices``: bits, of all mentions together; ``mentions`` that stand with the citing
        document; ``backward``: whether one stands with the document cited.

    Raises
    ------
    ValueError
        A number is none of those above.

    Examples
    --------
    >>> ends = np.array([1, 0, 1], np.int32), np.array([0, 2, 0], np.int32)
    >>> none = np.zeros(3, np.uint8)
    >>> found = merge_mentions(*ends, 3, np.array([False, False, True]), none,
    ...                      none.astype(np.uint16), none.astype(np.int8))
    >>> found.select("citing", "cited", "mentions", "backward").rows()
    [(0, 2, 1, False), (1, 0, 1, True)]
    """
    limits = ((citing, ends), (cited, ends), (phase, len(PHASES)), (office, NO_OFFICE + 1))
    for numbers, end in (*limits, (categories, _PASSES.shape[1])):
        if numbers.size and not 0 <= numbers.min() <= numbers.max() < end:
            raise ValueError("a mention with an end, phase, category or office that there is not")
    pair = citing.astype(np.int64) * ends + cited
    said = cited_by.astype(np.int32)  # the place in `_BITS`
    for numbers, size in ((phase, len(PHASES)), (categories, _PASSES.shape[1])):
        said *= size
        said += numbers
    bits = _BITS[said]
    pair, order = order_of(pair)
    new = np.diff(pair, prepend=-1) != 0
    first, again = order[new], order[~new]  # hardly any pair is told of twice
    of = (np.cumsum(new) - 1)[~new]
    offices = _OFFICE_MASK[office[first]]
    mentions = (~cited_by[first]).astype(np.int32)
    np.bitwise_or.at(offices, of, _OFFICE_MASK[office[again]])
    np.add.at(mentions, of, ~cited_by[again])
    more, bits = bits[again], bits[first]
    np.bitwise_or.at(bits, of, more)
    return pl.DataFrame(
        {
            "citing": citing[first],
            "cited": cited[first],
            "phase": (bits & 0xFFFF).astype(np.uint16),
            "categories": (bits >> 16 & 0xFFFF).astype(np.uint16),
            "passes": (bits >> 32 & 0xFFFF).astype(np.uint16),
            "offices": offices,
            "mentions": mentions,
            "backward": (bits >> 48 & 1).astype(np.bool_),
        }
    )
