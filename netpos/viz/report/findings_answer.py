"""What a page of tables and figures says first: sentences that its intervals bear out.

A row is told only where its 95 % interval lies wholly on one side of a level; how many rows are on
neither side, or have no interval, is told as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from markupsafe import Markup, escape

from netpos.viz.numbers import FORMS, formed, number

Row = Mapping[str, Any]

#: Names told in a part of a sentence; of more the number is told.
NAMED = 6


@dataclass(frozen=True)
class Measure:
    """A column with an interval: its table, how it is written, and what tells its rows apart."""

    table: str
    column: str
    form: str
    keys: tuple[str, ...]


def cell(measure: Measure, row: Row, lang: str, column: str | None = None) -> Markup:
    """Write a number with the name of its cell, and its interval where it has one.

    Examples
    --------
    >>> share = Measure("science", "share", "percent", ("technology",))
    >>> row = {"technology": "q", "share": 0.25, "share_low": 0.2, "share_high": 0.3}
    >>> print(cell(share, row, "en").striptags())
    25.0 %; 20.0 – 30.0
    """
    name = column or measure.column
    keys = ",".join(_safe(str(row[key])) for key in measure.keys)
    low, high = row.get(f"{name}_low"), row.get(f"{name}_high")
    text = Markup('<span data-cell="{}">{}</span>').format(
        f"{measure.table}|{keys}|{name}", formed(row[name], FORMS[measure.form], lang)
    )
    if low is None or high is None:
        return text
    plain = FORMS["of_hundred" if measure.form == "percent" else measure.form]
    return text + Markup("; {} – {}").format(*(formed(v, plain, lang) for v in (low, high)))


def _safe(text: str) -> str:
    return text.replace("%", "%25").replace("|", "%7C").replace(",", "%2C")


def sides(
    rows: pl.DataFrame, measure: Measure, level: float
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], int]:
    """Part rows into those surely above a level, those surely below, and how many are neither.

    Examples
    --------
    >>> rows = pl.DataFrame({"technology": ["a", "b", "c"], "x": [2.0, 0.5, 1.1],
    ...     "x_low": [1.5, 0.2, 0.9], "x_high": [2.5, 0.8, 1.3]})
    >>> up, down, left = sides(rows, Measure("t", "x", "two", ("technology",)), 1.0)
    >>> [row["technology"] for row in up], [row["technology"] for row in down], left
    (['a'], ['b'], 1)
    """
    low, high = f"{measure.column}_low", f"{measure.column}_high"
    if not {low, high} <= set(rows.columns):
        return [], [], rows.height
    up = rows.filter(pl.col(low) > level).sort(measure.column, descending=True)
    down = rows.filter(pl.col(high) < level).sort(measure.column)
    return up.to_dicts(), down.to_dicts(), rows.height - up.height - down.height


def listed(parts: Sequence[Markup | str], t: Mapping[str, Any], lang: str) -> Markup:
    """Join as a sentence does; of many the first and the number of the others.

    Examples
    --------
    >>> words = {"and": "and", "others": "{} others"}
    >>> print(listed(["a", "b", "c"], words, "en"))
    a, b and c
    """
    shown = [escape(part) for part in parts[:NAMED]]
    if len(parts) > NAMED:
        shown.append(escape(t["others"].format(number(len(parts) - NAMED, 0, lang=lang))))
    if len(shown) < 2:
        return Markup("").join(shown)
    return Markup(", ").join(shown[:-1]) + Markup(" {} {}").format(t["and"], shown[-1])


def told(
    rows: pl.DataFrame,
    measure: Measure,
    level: float,
    names: Mapping[str, str],
    t: Mapping[str, str],
    lang: str,
    *,
    numbers: bool = True,
) -> Markup:
    """Say for which technologies a column is surely above a level and for which below.

    Parameters
    ----------
    rows
        One of each technology.
    measure, level
        What is compared with what.
    names
        Of the technologies, by id.
    t
        ``up``, ``down`` (with ``{names}``), ``left`` (with ``{n}``), ``none``, ``and``, ``others``.
    lang
        ``en`` or ``nl``.
    numbers
        Give each technology's number and interval.

    Examples
    --------
    >>> rows = pl.DataFrame({"technology": ["a"], "x": [2.0], "x_low": [1.5], "x_high": [2.5]})
    >>> t = {"up": "More in {names}.", "down": "", "left": "", "none": "Open.", "and": "and"}
    >>> print(told(rows, Measure("t", "x", "two", ("technology",)), 1.0, {}, t, "en").striptags())
    More in a (2.00; 1.50 – 2.50).
    """
    up, down, left = sides(rows, measure, level)
    said = []
    for way, found in (("up", up), ("down", down)):
        if found:
            each = []
            for row in found:
                name = escape(names.get(row["technology"], row["technology"]))
                beside = Markup("{} ({})").format(name, cell(measure, row, lang))
                each.append(beside if numbers else name)
            said.append(Markup(escape(t[way])).format(names=listed(each, t, lang)))
    if not said:
        return escape(t["none"])
    if left:
        said.append(escape(t["left"].format(n=number(left, 0, lang=lang))))
    return Markup(" ").join(said)
