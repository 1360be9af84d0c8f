"""Which documents of large tables are read: those with a class that a definition names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from netpos.ingest.discover import Source

#: Forms of which whole offices come at once.
LARGE = ("uspto-tables",)


@dataclass(frozen=True)
class Selection:
    """A choice of symbols; ``name`` tells it from others, as by a hash of the definitions.

    ``chosen`` returns for ``scheme`` (CPC, IPC) and ``symbol`` whether a definition names it.
    """

    name: str
    chosen: Callable[[pl.DataFrame], pl.Series]


def select(sources: Sequence[Source], selection: Selection | None) -> list[Source]:
    """Give the selection to the exports that it is for.

    Examples
    --------
    >>> from pathlib import Path
    >>> from netpos.ingest.discover import Source
    >>> source = Source(Path("a.jsonl"), "a.jsonl", "", None, "lens-jsonl")
    >>> every = Selection("x", lambda symbols: symbols["symbol"].is_not_null())
    >>> select([source, Source(Path("g"), "g", "", None, "uspto-tables")], every)[1].selected
    'x'
    """
    if selection is None:
        return list(sources)
    return [
        replace(s, selected=selection.name, chosen=selection.chosen) if s.form in LARGE else s
        for s in sources
    ]
