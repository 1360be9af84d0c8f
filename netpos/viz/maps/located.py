"""How the citations behind a map were located, and what one more source could add, in words."""

from __future__ import annotations

from collections.abc import Mapping

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
        periods = list(dict.fromkeys(["all", *rows["located"]["period"]]))
        found[f"located_{direction}"] = {
            lang: "\n".join(
                _line(
                    rows["located"].filter(pl.col("period") == period),
                    rows["open"].filter(pl.col("period") == period),
                    period,
                    lang,
                )
                for period in periods
            )
            for lang in LANGUAGES
        }
    return found


def _line(located: pl.DataFrame, open_: pl.DataFrame, period: str, lang: str) -> str:
    """Say it of one direction and period."""
    said, of_report = words(lang), report_words.words(lang)
    rows = located.filter(pl.col("located") > 0)
    by = rows.group_by("source", "rule").agg(pl.col("located").sum())
    by = by.sort("located", "source", "rule", descending=[True, False, False])
    ways = [
        said["located_way"].format(
            number=number(count, lang),
            source=_lower(of_report[f"end_{source}"]),
            rule=_lower(of_report[f"rule_{rule}"]),
        )
        for source, rule, count in by.iter_rows()
    ]
    text = said["located_line"].format(
        period=of_report["whole_span"] if period == "all" else period,
        located=number(int(located["located"].sum()), lang),
        citations=number(int(located["citations"].sum()), lang),
    )
    if ways:
        text += f" ({'; '.join(ways)})"
    total = int(open_["citations"].sum())
    if not total:
        return f"{text}."
    numbered = open_.filter(pl.col("reason") == "number").drop_nulls("office")
    most = numbered.sort("citations", "office", descending=[True, False]).head(1).to_dicts()
    sentence = said["located_open" if most else "located_open_no_number"].format(
        open=number(total, lang),
        office=report_words.in_sentence(most[0]["office"], lang) if most else "",
        most=number(most[0]["citations"], lang) if most else "",
    )
    return f"{text}. {sentence}"


def _lower(label: str) -> str:
    """Begin a label as it stands within a sentence."""
    return label[:1].lower() + label[1:]
