"""How Lens writes dates, priorities, numbers and types in its flat exports (CSV, 2020 JSONL)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from typing import Literal, NamedTuple

#: Order of day and month in dates that a spreadsheet rewrote.
DateOrder = Literal["day", "month"]

_ISO = re.compile(r"(\d{4})([-/.]?)(\d{1,2})\2(\d{1,2})(?:[T ].*)?")
_SHORT = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})(?: .*)?")
_PRIORITY_DATE = re.compile(r"[12]\d{7}")
_NOT_ALNUM = re.compile(r"[^0-9A-Za-z]+")


class Priority(NamedTuple):
    """One entry of `Priority Numbers`: office, number without punctuation, kind, date if given."""

    office: str
    number: str
    kind: str
    date: dt.date | None


def cleaned(text: object) -> str | None:
    r"""Return a text without NUL, lone surrogates and outer white space; None when nothing is left.

    Examples
    --------
    >>> cleaned("  a\x00b "), cleaned(" "), cleaned(None)
    ('ab', None, None)
    """
    if not isinstance(text, str):
        return None
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode("utf-8")
    return text.replace("\0", "").strip() or None


def count(text: object) -> int | None:
    """Return a count as Lens writes it, or None when it is no number from 0 to 2^31.

    Examples
    --------
    >>> count("17"), count(3), count("17.0"), count("-1"), count("many"), count(True)
    (17, 3, 17, None, None, None)
    """
    if isinstance(text, bool):
        return None
    if isinstance(text, str):
        whole = text.strip().removesuffix(".0")
        if len(whole) > 10 or not (whole.isascii() and whole.isdigit()):
            return None
        text = int(whole)
    return text if isinstance(text, int) and 0 <= text < 2**31 else None


def iso_date(text: str | None) -> dt.date | None:
    """Return a date written year first, or None.

    Examples
    --------
    >>> iso_date("1995-08-25"), iso_date("1995-8-25 00:00:00"), iso_date("25/08/95")
    (datetime.date(1995, 8, 25), datetime.date(1995, 8, 25), None)
    """
    found = _ISO.fullmatch(text.strip()) if text else None
    return _date(int(found[1]), int(found[3]), int(found[4])) if found else None


def short_date(
    text: str | None,
    order: DateOrder,
    *,
    year: int | None = None,
    own: bool = True,
) -> dt.date | None:
    """Return a date written as a spreadsheet shows it, year last; None when it is no such date.

    A cell that is impossible in this order is read in the other one. The century of a two-digit
    year comes from the year of publication, where it is known: the nearest one for the date of
    publication itself (``own``), for a date before it the latest that is not after (a year later
    is borne, as the columns can differ by one). Where it is not known it is read as spreadsheets
    write it: 00-29 are 2000-2029, 30-99 are 1930-1999.

    Examples
    --------
    >>> short_date("10/07/08", "day"), short_date("10/07/1908", "month")
    (datetime.date(2008, 7, 10), datetime.date(1908, 10, 7))
    >>> short_date("18/12/19", "day", year=1919), short_date("31/12/99", "day", year=2000)
    (datetime.date(1919, 12, 18), datetime.date(1999, 12, 31))
    """
    found = _SHORT.fullmatch(text.strip()) if text else None
    if found is None:
        return None
    stated = int(found[4])
    if len(found[4]) == 2:
        if year is None:
            stated += 2000 if stated < 30 else 1900
        else:
            reach = 50 if own else 1  # years that it may lie behind
            stated = year + reach - (year + reach - stated) % 100
    first, second = int(found[1]), int(found[3])
    day, month = (first, second) if order == "day" else (second, first)
    return _date(stated, month, day) or _date(stated, day, month)


def order_of(texts: Iterable[str | None]) -> DateOrder | None:
    """Tell whether a column of spreadsheet dates puts the day or the month first.

    A number above 12 can only be a day; where cells contradict each other, the larger part
    decides. None: nothing tells.

    Examples
    --------
    >>> order_of(["10/07/08", "23/07/08"]), order_of(["07/23/2008"]), order_of(["10/07/08"])
    ('day', 'month', None)
    """
    first = second = 0
    for text in texts:
        if text and (found := _SHORT.fullmatch(text.strip())):
            first += int(found[1]) > 12
            second += int(found[3]) > 12
    if first == second:
        return None
    return "day" if first > second else "month"


def _date(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day) if 1600 <= year <= 2200 else None
    except ValueError:
        return None


def publication_type(words: object) -> str | None:
    """Return a document type in the words of the JSON exports.

    Examples
    --------
    >>> publication_type("Ammended Patent"), publication_type("Design right")
    ('AMENDED_PATENT', 'DESIGN_RIGHT')
    """
    text = cleaned(words)
    if text is None:
        return None
    word = _NOT_ALNUM.sub("_", text).upper().strip("_").replace("AMMENDED", "AMENDED")
    return "SPC" if word == "SUPPLEMENTARY_PROTECTION_CERTIFICATE" else word or None


def symbol(text: str) -> str:
    """Return a classification symbol without spaces, in capitals.

    Examples
    --------
    >>> symbol(" c12q   1/6881 ")
    'C12Q1/6881'
    """
    return "".join(text.split()).upper()


def document_number(shown: str | None, office: str | None, kind: str | None) -> str | None:
    """Return the number inside ``US 2011/0185700 A1`` or ``WO_2008_155316_A1``.

    Examples
    --------
    >>> document_number("US 2011/0185700 A1", "US", "A1")
    '20110185700'
    >>> document_number("EP 0259054 B9 20031217", "EP", "B9")
    '0259054'
    """
    words = (shown or "").replace("_", " ").split()
    if not words:
        return None
    if office is None or words[0] == office:
        words = words[1:]
    if kind is not None and kind in words[1:]:
        words = words[: words.index(kind, 1)]
    return _NOT_ALNUM.sub("", "".join(words)) or None


def priority(entry: object) -> Priority | None:
    """Take an entry of `Priority Numbers` apart: ``AT 33585 A 19850206`` or ``DE 4024240 A``.

    Examples
    --------
    >>> priority("AT 33585 A 19850206")
    Priority(office='AT', number='33585', kind='A', date=datetime.date(1985, 2, 6))
    >>> priority("US 2014/0046834 W").number
    '20140046834'
    """
    words = (cleaned(entry) or "").split()
    if len(words) < 2 or not re.fullmatch(r"[A-Z]{2}", words[0]):
        return None
    date = None
    if len(words) > 2 and _PRIORITY_DATE.fullmatch(words[-1]) and not words[-2].isdigit():
        date = iso_date(words.pop())
    kind = words.pop() if len(words) > 2 and not words[-1].isdigit() else ""
    number = _NOT_ALNUM.sub("", "".join(words[1:]))
    return Priority(words[0], number, kind, date) if number else None


def priority_set(priorities: Iterable[Priority]) -> str | None:
    """Return all priority numbers, sorted, joined by ";": comparable between exports.

    Kinds and dates are left out, since not every export gives them.

    Examples
    --------
    >>> priority_set([priority("US 2 P 20060804"), priority("NL 1009588 A")])
    'NL1009588;US2'
    """
    return ";".join(sorted({f"{p.office}{p.number}" for p in priorities})) or None


def earliest_offices(
    priorities: list[Priority], earliest: dt.date | None, own: Priority | None = None
) -> str | None:
    """Return the offices of the earliest priority, sorted and joined by a space.

    With dates: the offices of the entries that bear the earliest one. Without (exports from 2022
    on): the offices of all entries, less those that cannot be the earliest, which are the record's
    own application where it was filed on another day, and numbers that contain another year than
    that of ``earliest`` (US, EP, DE, FR, GB, JP, KR, CN and international applications write the
    year into the number).

    Parameters
    ----------
    priorities
        The entries of the record.
    earliest
        The earliest priority date, where the export states it.
    own
        The record's own application, with its date.

    Examples
    --------
    >>> entries = ["US 5494302 A", "NL 1009588 A", "US 75511601 A"]
    >>> earliest_offices([priority(e) for e in entries], dt.date(1998, 7, 8))
    'NL'
    """
    dated = [p.date for p in priorities if p.date is not None]
    if dated:
        first = min(dated)
        chosen = [p for p in priorities if p.date == first]
    elif earliest is not None:
        later = None if own is None or own.date in (None, earliest) else own[:3]
        chosen = [
            p
            for p in priorities
            if p[:3] != later and (not (years := _years(p)) or earliest.year in years)
        ]
        chosen = chosen or priorities
    else:
        chosen = priorities
    return " ".join(sorted({p.office for p in chosen})) or None


def _years(entry: Priority) -> set[int]:
    """Years that the number can mean by its office's way of numbering; empty: it does not tell."""
    digits = "".join(c for c in entry.number if c.isdigit())
    n, found = len(digits), set[str]()
    if entry.kind == "W":
        found = {digits[:4]} if n in (10, 11) else {digits[:2]} if n == 7 else found
    elif entry.office == "US":
        found = {digits[:4]} if n == 12 else {digits[-2:]} if n in (7, 8) else found
    elif entry.office == "EP" and n == 8:
        found = {digits[:2]}
    elif entry.office in ("FR", "GB") and n == 7:
        found = {digits[:2], digits[-2:]}
    elif entry.office == "DE":
        if n == 12 and digits[:2] in ("10", "11", "20", "21"):
            found = {digits[2:6]}
        elif n == 8 and digits[0] == "1":
            found = {digits[1:3]}
    elif entry.office == "CN":
        found = {digits[:4]} if n == 12 else {digits[:2]} if n == 8 else found
    elif entry.office == "KR" and n == 11:
        found = {digits[:4]}
    elif entry.office == "JP":
        found = {digits[:4]} if n == 10 else {digits[-2:]} if n in (7, 8) else found
    whole = {int(y) for y in found if len(y) == 4 and 1850 <= int(y) <= 2100}
    return whole.union(*({1900 + int(y), 2000 + int(y)} for y in found if len(y) == 2))
