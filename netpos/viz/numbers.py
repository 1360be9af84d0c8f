"""Numbers as people read them, each bound to the cell of the table that it stands for."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from markupsafe import Markup, escape

from netpos.viz.words import words

#: Shown where a value is unknown or undefined.
UNKNOWN = "–"
MINUS = "\u2212"

_NAMED = re.compile(r"(.+?) \((\d+(?:\.\d+)?) %\)(?:; |$)")


class Form(NamedTuple):
    """How a number is written: factor, decimals, unit, whether the sign always shows.

    With ``significant`` a number near zero gets as many decimals as show that many digits of it.
    """

    factor: float = 1.0
    digits: int = 0
    unit: str = ""
    signed: bool = False
    significant: int = 0


FORMS: Mapping[str, Form] = {
    "count": Form(),
    "one": Form(digits=1),
    "two": Form(digits=2),
    "three": Form(digits=3),
    "small": Form(digits=2, significant=2),
    "steps": Form(signed=True),
    "percent": Form(100.0, 1, " %"),
    "whole_percent": Form(100.0, 0, " %"),
    "small_percent": Form(100.0, 1, " %", significant=2),
    "points": Form(100.0, 1, "", signed=True),
    "of_hundred": Form(100.0, 1),
}

#: The columns that tell the rows of a table apart, besides technology and period.
KEYS: Mapping[str, tuple[str, ...]] = {
    "countries": ("country",),
    "technologies": (),
    "coverage": ("rule",),
    "coverage_by_country": ("country", "direction"),
    "located": ("direction", "source", "form", "rule"),
    "open": ("direction", "reason", "office"),
    "exposure": ("kind", "source"),
    "dependents": ("country",),
    "organisations": ("organisation",),
    "holders": ("kind", "organisation"),
    "residuals": ("citing", "cited"),
    "links": ("citing", "cited"),
    "source_links": ("citing", "cited"),
    "organisation_links": ("citing", "cited"),
    "overlap": ("other",),
    "trend": ("country", "year"),
    "bounds": ("country", "indicator"),
    "indicators": ("country", "indicator"),
    "robustness": ("indicator",),
    "differences": ("indicator", "country", "other_country", "other_period"),
    "sensitivity": (
        "indicator", "counting", "by", "family", "scope", "window", "phase", "citing_office",
        "symbols", "utility_models", "classes",
    ),
}  # fmt: skip


def number(value: float | None, digits: int = 1, *, lang: str = "en") -> str:
    """Write a number for people: thousands separated, unknown as a dash, a true minus sign.

    Examples
    --------
    >>> number(1234.56), number(1234.56, lang="nl"), number(None), number(-0.01)
    ('1,234.6', '1.234,6', '–', '0.0')
    """
    if value is None:
        return UNKNOWN
    text = f"{value:,.{digits}f}"
    if not text.strip("-0.,"):
        text = text.lstrip("-")
    text = text.replace("-", MINUS)
    return text if lang == "en" else text.replace(",", " ").replace(".", ",").replace(" ", ".")


def percent(value: float | None, digits: int = 1, *, lang: str = "en") -> str:
    """Write a share as a percentage.

    Examples
    --------
    >>> percent(0.1234), percent(None), percent(0.0001, lang="nl")
    ('12.3 %', '–', '< 0,1 %')
    """
    return formed(value, Form(100.0, digits, " %"), lang)


def formed(value: float | None, form: Form, lang: str) -> str:
    """Write a number in a form; a part of something never shows as nothing.

    Examples
    --------
    >>> formed(0.012, FORMS["points"], "en"), formed(-2, FORMS["steps"], "en")
    ('+1.2', '−2')
    >>> formed(-0.000374, FORMS["small"], "en"), formed(0.25, FORMS["small"], "en")
    ('−0.00037', '0.25')
    """
    if value is None:
        return UNKNOWN
    scaled = value * form.factor
    digits = form.digits
    if form.significant and scaled:
        digits = max(digits, form.significant - 1 - math.floor(math.log10(abs(scaled))))
    text = number(scaled, digits, lang=lang)
    if form.unit and value > 0 and not text.strip("0.,"):
        return f"< {number(10.0**-form.digits, form.digits, lang=lang)}{form.unit}"
    plus = "+" if form.signed and scaled > 0 and text.strip("0.,") else ""
    return f"{plus}{text}{form.unit}"


def reference(table: str, row: Mapping[str, Any], column: str) -> str:
    """Name the cell of a table: table, technology, period, key and column, parted by bars.

    Bars, commas and percent signs inside a name are written as in addresses.

    Examples
    --------
    >>> row = {"technology": "quantum", "period": "all", "organisation": "A|B, C"}
    >>> reference("organisations", row, "families")
    'organisations|quantum|all|A%7CB%2C C|families'
    """
    keys = ",".join(_safe("" if row[k] is None else str(row[k])) for k in KEYS[table])
    period = str(row.get("period") or "")
    return "|".join([table, _safe(str(row["technology"])), _safe(period), keys, column])


def _safe(text: str) -> str:
    return text.replace("%", "%25").replace("|", "%7C").replace(",", "%2C")


def cell(table: str, row: Mapping[str, Any], column: str, form: str, lang: str) -> Markup:
    """Write the number in a cell of a table, with the name of the cell.

    Examples
    --------
    >>> row = {"technology": "quantum", "period": "all", "country": "NL", "families": 2.5}
    >>> print(cell("countries", row, "families", "one", "en"))
    <span data-cell="countries|quantum|all|NL|families">2.5</span>
    """
    text = formed(row.get(column), FORMS[form], lang)
    return Markup('<span data-cell="{}">{}</span>').format(reference(table, row, column), text)


def interval(
    table: str,
    row: Mapping[str, Any],
    column: str,
    form: str,
    lang: str,
    reasons: Mapping[tuple[str, str, str, str], str] | None = None,
) -> Markup | None:
    """Write the bounds of a number, or why there are none, or nothing where nothing is known.

    Parameters
    ----------
    table, row, column, form, lang
        As for `cell`; the bounds are the columns ``<column>_low`` and ``<column>_high``.
    reasons
        (technology, period, country, indicator) -> reason, for rows of the table of countries.

    Examples
    --------
    >>> row = {"technology": "x", "period": "all", "country": "NL", "rank_low": 3, "rank_high": 5}
    >>> print(interval("countries", row, "rank", "count", "en").striptags())
    3 – 5
    """
    low, high = f"{column}_low", f"{column}_high"
    if row.get(low) is None or row.get(high) is None:
        technology, period, country = (str(row.get(k)) for k in ("technology", "period", "country"))
        key = (technology, period, country, column)
        why = (reasons or {}).get(key) if table == "countries" else None
        if why is None or row.get(column) is None:
            return None
        of = reference("indicators", {**row, "indicator": column}, "reason")
        text = words(lang)[f"reason_{why}"]
        return Markup('<span class="why" data-reason="{}">{}</span>').format(of, text)
    ends = [cell(table, row, name, form, lang) for name in (low, high)]
    return Markup(" – ").join(ends)


def difference(
    table: str,
    later: Mapping[str, Any] | None,
    earlier: Mapping[str, Any] | None,
    column: str,
    form: str,
    lang: str,
    *,
    absent: float | None = None,
) -> Markup | None:
    """Write what a number moved between two rows, with the names of both cells.

    Parameters
    ----------
    table, column, form, lang
        As for `cell`.
    later, earlier
        The two rows; a missing one counts as ``absent``.
    absent
        What a missing row stands for; None: the difference is unknown.

    Returns
    -------
    Markup or None
        None where either value is unknown.
    """
    values = [absent if row is None else row.get(column) for row in (later, earlier)]
    if values[0] is None or values[1] is None:
        return None
    names = ["" if row is None else reference(table, row, column) for row in (later, earlier)]
    text = formed(values[0] - values[1], FORMS[form], lang)
    return Markup('<span data-cell="{}" data-less="{}">{}</span>').format(*names, text)


def listed(table: str, row: Mapping[str, Any], column: str, *, lang: str) -> Markup:
    """Write a cell of the form ``NAME (12.3 %); NAME (4.5 %)`` with numbers of the language.

    Examples
    --------
    >>> row = {"technology": "t", "period": "all", "country": "DE", "names": "A (4.5 %)"}
    >>> print(listed("dependents", row, "names", lang="nl").striptags())
    A (4,5 %)
    """
    text = str(row[column])
    found = _NAMED.findall(text)
    if found and "; ".join(f"{name} ({part} %)" for name, part in found) == text:
        parts = [f"{name} ({number(float(part), 1, lang=lang)} %)" for name, part in found]
        items = Markup("; ").join(parts)
    else:
        items = escape(text)
    return Markup('<span data-cell="{}">{}</span>').format(reference(table, row, column), items)
