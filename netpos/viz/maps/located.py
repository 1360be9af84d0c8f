"""How the citations behind a map were located, and what one more source could add, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import polars as pl

from netpos.viz import words as report_words
from netpos.viz.maps.data import LANGUAGES, number, words

DIRECTIONS = ("given", "received")


def located_context(
    tables: Mapping[str, pl.DataFrame], technology: str
) -> dict[str, dict[str, str]]:
    """Say by which source and rule the citations of a technology have a country at both ends.

    Parameters
    ----------
    tables
        ``located`` and ``open`` of a run; nothing is computed anew but sums of their rows.
    technology
        Id of the technology.

    Returns
    -------
    dict
        ``located_given`` and ``located_received``, each by language: a line a period, with
        citations [family pairs] located by source and rule, how many are open, and the office
        whose publications could locate most of these. Without citations no entry.
    """
    found: dict[str, dict[str, str]] = {}
    here = {n: tables[n].filter(pl.col("technology") == technology) for n in ("located", "open")}
    for direction in DIRECTIONS:
        rows = {n: t.filter(pl.col("direction") == direction) for n, t in here.items()}
        if not rows["located"].height:
            continue
        counted = {
            period: _Counted.of(*(t.filter(pl.col("period") == period) for t in rows.values()))
            for period in dict.fromkeys(["all", *rows["located"]["period"]])
        }
        found[f"located_{direction}"] = {
            lang: "\n".join(_line(counts, period, lang) for period, counts in counted.items())
            for lang in LANGUAGES
        }
    return found


class _Counted(NamedTuple):
    """Citations of one direction and period: all, located, by source and rule, and open ones."""

    citations: int
    located: int
    ways: list[tuple[str, str, int]]
    open: int
    most: tuple[str, int] | None

    @classmethod
    def of(cls, located: pl.DataFrame, open_: pl.DataFrame) -> _Counted:
        """Count them; ``most`` is the office whose publications could locate most of the open."""
        rows = located.filter(pl.col("located") > 0)
        by = rows.group_by("source", "rule").agg(pl.col("located").sum())
        by = by.sort("located", "source", "rule", descending=[True, False, False])
        numbered = open_.filter(pl.col("reason") == "number").drop_nulls("office")
        numbered = numbered.sort("citations", "office", descending=[True, False])
        return cls(
            int(located["citations"].sum()),
            int(located["located"].sum()),
            by.rows(),
            int(open_["citations"].sum()),
            numbered.select("office", "citations").row(0) if numbered.height else None,
        )


def _line(counted: _Counted, period: str, lang: str) -> str:
    """Say it of one direction and period."""
    said, of_report = words(lang), report_words.words(lang)
    ways = [
        said["located_way"].format(
            number=number(count, lang),
            source=_lower(of_report[f"end_{source}"]),
            rule=_lower(of_report[f"rule_{rule}"]),
        )
        for source, rule, count in counted.ways
    ]
    text = said["located_line"].format(
        period=of_report["whole_span"] if period == "all" else period,
        located=number(counted.located, lang),
        citations=number(counted.citations, lang),
    )
    if ways:
        text += f" ({'; '.join(ways)})"
    if not counted.open:
        return f"{text}."
    office, most = counted.most or ("", 0)
    sentence = said["located_open" if office else "located_open_no_number"].format(
        open=number(counted.open, lang),
        office=report_words.in_sentence(office, lang) if office else "",
        most=number(most, lang) if office else "",
    )
    return f"{text}. {sentence}"


def _lower(label: str) -> str:
    """Begin a label as it stands within a sentence."""
    return label[:1].lower() + label[1:]
