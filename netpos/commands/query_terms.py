r"""Symbols of a technology as search terms: patterns less excludes, written positively.

A query asks for whole documents, so an ``exclude`` pattern cannot be written as ``NOT``: that
would lose each document which carries an excluded symbol beside a wanted one. The excluded
symbols are taken out of the included ones here, and what is left is written as terms that end in
a star (``G06N3/*``) or name one symbol (``G06N10/00``). A search engine need not know how symbols
are ordered to match them.

Symbols are taken as Lens writes them: subclass, main group without leading zeros, slash, at least
two digits.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from netpos.analysis.technologies import Technology, pattern_bounds

_SYMBOL = re.compile(r"[A-HY]\d\d[A-Z]\d{1,4}/\d{2,}")
_AFTER = "\U0010ffff"  # sorts behind every sign of a symbol
_Span = tuple[str, str]


def symbol_terms(
    technology: Technology, scheme: Literal["IPC", "CPC"], *, narrow: bool = False
) -> list[str]:
    r"""Write the symbols of a technology as terms: ``G06N3/*`` or ``G06N10/00``.

    With :math:`I` the symbols of the patterns and :math:`E` those of ``exclude``, the terms match
    the symbols of :math:`I \setminus E`, and no symbol twice.

    Parameters
    ----------
    technology
        From `netpos.analysis.technologies.load_technologies`.
    scheme
        ``IPC`` (``ipc`` patterns) or ``CPC`` (``ipc`` and ``cpc`` patterns).
    narrow
        Use the ``core`` patterns, where there are any, in both schemes.

    Returns
    -------
    list of str
        In the order of the symbols, the slash not escaped. Empty where the scheme has no pattern.

    Examples
    --------
    >>> ai = Technology("ai", "AI", "AI", ipc=("G06N3/02..G06N3/04",), exclude=("G06N3/03*",))
    >>> symbol_terms(ai, "IPC")
    ['G06N3/02*', 'G06N3/04*']
    >>> symbol_terms(Technology("x", "X", "X", ipc=("B82",), exclude=("B82Y",)), "IPC")[-2:]
    ['B82X*', 'B82Z*']
    """
    patterns = technology.ipc if scheme == "IPC" else technology.ipc + technology.cpc
    if narrow and technology.core:
        patterns = technology.core
    spans = _difference(
        [s for p in patterns for s in _spans(p)],
        [s for p in technology.exclude for s in _spans(p)],
    )
    terms: list[str] = []
    for start in sorted({low[:3] for low, _ in spans}):
        terms += _cover(start, spans)[1]
    return terms


def _spans(pattern: str) -> list[_Span]:
    """Half-open intervals of symbols whose main group is filled up to four digits."""
    low, high, padded = pattern_bounds(pattern)
    if padded:
        return [(low, high)]
    digits = low[4:]  # of a star inside a main group: G06N3* is G06N3/, G06N30/ to G06N3999/
    if digits.startswith("0"):
        return []
    starts = (low[:4] + "0" * (4 - width) + digits for width in range(len(digits), 5))
    return [(start, start + _AFTER) for start in starts]


def _difference(included: Sequence[_Span], excluded: Sequence[_Span]) -> list[_Span]:
    """Disjoint intervals, in order, of what is in the first list and not in the second."""
    out: list[_Span] = []
    for a, b in pairwise(sorted({end for span in (*included, *excluded) for end in span})):
        inside = any(low <= a and b <= high for low, high in included)
        if inside and not any(low <= a and b <= high for low, high in excluded):
            if out and out[-1][1] == a:
                a = out.pop()[0]
            out.append((a, b))
    return out


def _cover(node: str, spans: Sequence[_Span]) -> tuple[bool, list[str]]:
    """Terms for the wanted symbols that begin with ``node``, and whether that is all of them."""
    ranges = [(start, start + _AFTER) for start in _starts(node)]
    if not any(a < high and low < b for a, b in ranges for low, high in spans):
        return False, []
    if all(any(low <= a and b <= high for low, high in spans) for a, b in ranges):
        return True, [f"{node}*"]
    whole, terms = True, []
    if _SYMBOL.fullmatch(node):
        alone = ranges[0][0]
        if any(low <= alone < high for low, high in spans):
            terms.append(node)
        else:
            whole = False
    for sign in _next_signs(node):
        all_of_it, found = _cover(node + sign, spans)
        whole, terms = whole and all_of_it, terms + found
    if whole and len(_next_signs(node)) > 1:  # H01S2301/* reads better than H01S2301*
        return True, [f"{node}*"]
    return whole, terms


def _starts(node: str) -> list[str]:
    """With which texts symbols begin that begin with ``node``, main groups filled up."""
    head, slash, rest = node.partition("/")
    digits = head[4:]
    if slash:
        return [head[:4] + digits.rjust(4, "0") + slash + rest]
    if not digits:
        return [node]
    return [head[:4] + "0" * (4 - width) + digits for width in range(len(digits), 5)]


def _next_signs(node: str) -> str:
    if len(node) == 3:
        return "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    if len(node) == 4:
        return "123456789"
    if "/" in node:
        return "0123456789"
    return "/0123456789" if len(node) < 8 else "/"
