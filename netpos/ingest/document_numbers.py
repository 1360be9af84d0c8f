"""The number of a publication, written the same whatever source it comes from.

Lens, PatentsView, DOCDB, Google/IFI and the offices write one publication in many ways:
``US 2014/0313399 A1``, ``US-2014313399-A1``, ``20140313399``. `normal_number` brings the number to
one form, `parse` takes a whole key apart, `document_key` puts it together, and `normal_numbers`
does the first for a column. The form is for comparing, not for showing.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

import polars as pl

#: First year of an era less one, by its letter in Japanese numbers.
_ERAS = {"M": 1867, "T": 1911, "S": 1925, "H": 1988, "R": 2018}
#: The first international applications were published in 1978.
_FIRST_WO = 1978
_NOT_ALNUM = re.compile(r"[^0-9A-Z]+")
_OFFICE = re.compile(r"[A-Z]{2}")
_KEY = re.compile(
    r"([A-Z]{2})[\s_.:-]*(.*?)(?:[\s_.-]*([A-Z]\d{0,2}))?(?:[\s_-]+((?:1[6-9]|2[01])\d{6}))?"
)
_JP_ERA = re.compile(r"([MTSHR])\W*(\d{1,2})\W+(\d{1,6})|([MTSHR])(\d{2})(\d{1,6})")
_US_LETTERS = re.compile(r"(RE|PP|AI|D|H|T|X)(\d+)")


class DocumentNumber(NamedTuple):
    """Office, number in its normal form, kind; None for a kind that is not stated."""

    office: str
    number: str
    kind: str | None


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).upper()


def normal_number(office: str, number: str) -> str | None:
    r"""Return the number of a publication in the one form in which numbers are compared.

    Punctuation, blanks, leading zeros and a repeated office code are taken off. Then

    - US: a pre-grant number of ten digits gets the zero that others write (``2014313399`` is
      ``20140313399``), zeros behind the letters of designs and the like are taken off;
    - WO: numbers of 7, 8 and 10 digits begin with the year, of two digits (78 to 99 are 1978 to
      1999) or four; all others stay as they are;
    - JP: an era (``H01-98729``, ``H0198729``: Heisei 1) becomes the year;
    - KR: the type of right before the year (``10-2005-0012345``) is taken off.

    Parameters
    ----------
    office
        Two letters.
    number
        As written anywhere.

    Returns
    -------
    str or None
        Capitals and digits; None where no letter or digit is left.

    Examples
    --------
    >>> normal_number("US", "2014/313399"), normal_number("US", "20140313399")
    ('20140313399', '20140313399')
    >>> normal_number("US", "D0781234"), normal_number("US", "09364525")
    ('D781234', '9364525')
    >>> [normal_number("WO", n) for n in ("99/12345", "99/012345", "1999/012345", "2008155")]
    ['1999012345', '1999012345', '1999012345', '2020008155']
    >>> normal_number("JP", "H01-98729"), normal_number("JP", "H0198729")
    ('1989098729', '1989098729')
    """
    raw = _plain(number).strip()
    office = office.upper()
    if raw.startswith(office) and raw[len(office) :].strip(" _.:-/")[:1].isdigit():
        raw = raw[len(office) :]
    digits = _NOT_ALNUM.sub("", raw)
    if not digits:
        return None
    match office:
        case "US":
            found = _us(raw, digits)
        case "WO":
            found = _wo(digits)
        case "JP":
            found = _jp(raw, digits)
        case "KR":
            found = digits[2:] if re.fullmatch(r"[12]0(?:19|20)\d{9}", digits) else digits
        case _:
            found = digits
    return found.lstrip("0") or "0"


def _us(raw: str, digits: str) -> str:
    parted = re.fullmatch(r"\W*(20\d\d)[/ -]\s*(\d{1,7})\W*", raw)
    if parted:
        return f"{parted[1]}{int(parted[2]):07d}"
    if re.fullmatch(r"20\d{8}", digits):
        return f"{digits[:4]}0{digits[4:]}"
    letters = _US_LETTERS.fullmatch(digits)
    return f"{letters[1]}{int(letters[2])}" if letters else digits


def _wo(digits: str) -> str:
    if not digits.isdigit():
        return digits
    if len(digits) == 10:
        return digits
    if len(digits) in (7, 8):
        year = int(digits[:2])
        year += 1900 if year >= _FIRST_WO % 100 else 2000
        return f"{year}{int(digits[2:]):06d}"
    return digits


def _jp(raw: str, digits: str) -> str:
    era = _JP_ERA.fullmatch(raw.strip(" _.:-/")) or _JP_ERA.fullmatch(digits)
    if era:
        letter, year, serial = era[1] or era[4], era[2] or era[5], era[3] or era[6]
        return f"{_ERAS[letter] + int(year)}{int(serial):06d}"
    parted = re.fullmatch(r"\W*((?:19|20)\d\d)\s*[/-]\s*(\d{1,6})\W*", raw)
    return f"{parted[1]}{int(parted[2]):06d}" if parted else digits


def parse(text: str) -> DocumentNumber | None:
    """Take a publication's key apart: office, number, kind; a date behind it is passed over.

    Examples
    --------
    >>> parse("US-2014313399-A1")
    DocumentNumber(office='US', number='20140313399', kind='A1')
    >>> parse("US_20160266975_A1_20160915").kind, parse("EP 0259054 B9").number
    ('A1', '259054')
    >>> parse("WO2008155316A1"), parse("US D0781234 S1").number, parse("JP-H0198729-A").number
    (DocumentNumber(office='WO', number='2008155316', kind='A1'), 'D781234', '1989098729')
    >>> parse("EP 1234567"), parse("none")
    (DocumentNumber(office='EP', number='1234567', kind=None), None)
    """
    found = _KEY.fullmatch(_plain(text).strip())
    if not found or not any(c.isdigit() for c in found[2]):
        return None
    number = normal_number(found[1], found[2])
    return None if number is None else DocumentNumber(found[1], number, found[3])


def document_key(office: str | None, number: str | None, kind: str | None) -> str | None:
    """Return ``office_number_kind`` with the number in its normal form; None without a number.

    Examples
    --------
    >>> document_key("WO", "2008/155316", "A1"), document_key("US", "2014313399", None)
    ('WO_2008155316_A1', 'US_20140313399')
    """
    if not office or not number or not (office := _NOT_ALNUM.sub("", _plain(office))):
        return None
    plain = normal_number(office, number)
    if plain is None:
        return None
    kind = _NOT_ALNUM.sub("", _plain(kind)) if kind else None
    return f"{office}_{plain}_{kind}" if kind else f"{office}_{plain}"


def normal_numbers(office: pl.Series, number: pl.Series) -> pl.Series:
    """Return `normal_number` for columns; null where either is null or nothing is left.

    Most numbers are plain digits of offices that write them one way: those take no loop. Of the
    others each is looked at once.

    Examples
    --------
    >>> office = pl.Series(["US", "EP", None])
    >>> normal_numbers(office, pl.Series(["2014/313399", "0259054", "1"])).to_list()
    ['20140313399', '259054', None]
    """
    table = pl.DataFrame({"office": office.cast(pl.String), "number": number.cast(pl.String)})
    text, digits = pl.col("number"), pl.col("number").str.len_bytes()
    codes = table["office"].unique().drop_nulls().to_list()
    proper = [c for c in codes if _OFFICE.fullmatch(c)]
    of_office = pl.col("office").is_in(proper)
    if len(proper) == len(codes):
        of_office = pl.col("office").is_not_null()
    # the two forms that millions of references have: US pre-grant and WO with a short year
    short_us = (pl.col("office") == "US") & (digits == 10) & text.str.starts_with("20")
    short_wo = (pl.col("office") == "WO") & digits.is_in([7, 8])
    if table.select((short_us | short_wo).any()).item():
        plain = text.str.contains(r"^[1-9][0-9]*$")
        year = text.str.slice(0, 2).cast(pl.Int32, strict=False)
        century = pl.when(year >= _FIRST_WO % 100).then(pl.lit("19")).otherwise(pl.lit("20"))
        table = table.with_columns(
            number=pl.when(plain & short_us)
            .then(text.str.slice(0, 4) + "0" + text.str.slice(4))
            .when(plain & short_wo)
            .then(century + text.str.slice(0, 2) + text.str.slice(2).str.zfill(6))
            .otherwise(text)
        )
    as_written = (
        pl.when(pl.col("office") == "US")
        .then((digits != 10) | ~text.str.starts_with("20"))
        .when(pl.col("office") == "WO")
        .then(~digits.is_in([7, 8]))
        .when(pl.col("office") == "KR")
        .then(digits != 13)
        .otherwise(pl.lit(True))
    )
    # a cast tells digits in a fifth of the time of a pattern
    plain = text.cast(pl.UInt64, strict=False).is_not_null() & ~text.str.starts_with("0")
    plain &= ~text.str.starts_with("+")
    simple = plain & as_written & of_office
    other = table.select((~simple).fill_null(value=True)).to_series().arg_true()
    found = table["number"].alias("")
    if not other.len():
        return found
    rows = table[other]
    known: dict[tuple[str, str], str | None] = {}
    values: list[str | None] = []
    for pair in rows.iter_rows():
        if None in pair:
            values.append(None)
            continue
        if pair not in known:
            known[pair] = normal_number(*pair)
        values.append(known[pair])
    return found.scatter(other, pl.Series(values, dtype=pl.String))
