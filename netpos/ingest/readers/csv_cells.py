"""Cells of a row whose lists were cut by the sign that separates the cells."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

#: How a cell of a column looks; what does not is a sign that the cells are shifted.
_SHAPES = {
    "lens_id": r"\d{3}-\d{3}-\d{3}-\d{3}-\d{2}[\dXx]",
    "office": r"[A-Z]{2}",
    "kind": r"[A-Z]\d?",
    "shown": r"[A-Z]{2}[ _].*\d.*",
    "published": r"[\d./ -]{6,}.*",
    "year": r"\d{4}",
    "application_number": r"[A-Z]{2} .*\d.*",
    "application_date": r"[\d./ -]{6,}.*",
    "earliest_priority": r"[\d./ -]{6,}.*",
    "priorities": r"[A-Z]{2} .*\d.*",
    "url": r"https?://.*",
    "cites": r"\d+",
    "cited_by": r"\d+",
    "family_size": r"\d+",
    "members": r"\d{3}-\d{3}-\d{3}-\d{3}-\d{2}[\dXx]",
    "member_offices": r"[A-Z]{2}",
    "extended_members": r"\d{3}-\d{3}-\d{3}-\d{3}-\d{2}[\dXx]",
    "cpc": r"[A-HY]\d\d[A-Z]\s*\d*.*",
    "ipc": r"[A-H]\d\d[A-Z]\s*\d*.*",
    "legal_status": r"[A-Za-z]+",
    "type": r"[A-Za-z ]+",
}
_LISTS = {
    *("applicants", "inventors", "priorities", "members", "member_offices", "extended_members"),
    *("cpc", "ipc"),
}
_PATTERNS = {field: re.compile(shape) for field, shape in _SHAPES.items()}
#: Cells too many that are still told apart.
_MOST = 120


def fitted(cells: Sequence[str], at: Mapping[str, Sequence[int]], columns: int) -> list[str] | None:
    """Put the cells of lists that were cut at ``;;`` together again.

    A spreadsheet that separates cells by ``;`` and quotes none cuts ``A;;B`` into ``A``, nothing
    and ``B``. The columns whose cells have a known shape tell where each list ends.

    Parameters
    ----------
    cells
        Of the row, more than there are columns.
    at
        Positions of the columns that are known, by field.
    columns
        How many there are.

    Returns
    -------
    list of str or None
        One cell per column; None where the shapes cannot be fitted.

    Examples
    --------
    >>> at = {"lens_id": [0], "applicants": [1], "cpc": [2], "office": [3]}
    >>> fitted(["000-000-000-000-019", "A", "", "B", "G06N10/00", "", "H01L31/00", "NL"], at, 4)
    ['000-000-000-000-019', 'A;;B', 'G06N10/00;;H01L31/00', 'NL']
    """
    spare = len(cells) - columns
    while spare and not cells[-1].strip() and spare > _MOST:
        cells, spare = cells[:-1], spare - 1
    if spare > _MOST:
        return None
    field_of = {i: field for field, places in at.items() for i in places}
    # best[k]: score and cuts of the columns so far, with k cells more than columns
    best: dict[int, tuple[int, tuple[int, ...]]] = {0: (0, ())}
    for column in range(columns):
        field = field_of.get(column, "")
        following: dict[int, tuple[int, tuple[int, ...]]] = {}
        for more, (score, cuts) in best.items():
            first = column + more
            for run in _runs(cells, first, field, spare - more):
                fit = _fit(cells[first : first + run : 2], field)
                found = (score + fit, (*cuts, first + run))
                known = following.get(more + run - 1)
                if known is None or found[0] > known[0]:
                    following[more + run - 1] = found
        best = following
    if spare not in best or best[spare][0] < 0:
        return None
    ends = best[spare][1]
    return [";".join(cells[a:b]) for a, b in zip((0, *ends[:-1]), ends, strict=True)]


def _runs(cells: Sequence[str], first: int, field: str, spare: int) -> list[int]:
    """How many cells from ``first`` a column can take: ``A``, nothing, ``B``, nothing, ``C`` ..."""
    found = [1]
    if field and field not in _LISTS:
        return found
    run = 3
    while run - 1 <= spare and first + run <= len(cells):
        between, last = cells[first + run - 2], cells[first + run - 1]
        if between.strip() or not last.strip() or not cells[first].strip():
            break
        found.append(run)
        run += 2
    return found


def _fit(values: Sequence[str], field: str) -> int:
    """Points for cells of the shape of their column, and against those that are not."""
    pattern = _PATTERNS.get(field)
    filled = [v.strip() for v in values if v.strip()]
    if pattern is None or not filled:
        return 0
    return sum(1 if pattern.fullmatch(v) else -9 for v in filled)
