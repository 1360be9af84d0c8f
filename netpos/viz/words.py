"""What the report says, in both languages, from a file of words."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import polars as pl

from netpos import countries
from netpos.viz.safe_html import template_text

#: A number alone, as English sentences of a command write it: 4,599 or 4.6%, no version or date.
_PERCENT = re.compile(r"(?<![\w.,-])(\d+(?:[.,]\d+)?)%(?=\)| of | van )")  # as warnings have them
_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+) ?%?")
_SWAPPED = str.maketrans(",.", ".,")


@cache
def _file() -> dict[str, Any]:
    return tomllib.loads(template_text("report_words.toml"))


def words(lang: str) -> dict[str, Any]:
    """Return every sentence and label of the report in a language.

    Examples
    --------
    >>> words("en")["share"], words("nl")["share"]
    ('Share', 'Aandeel')
    """
    return dict(_file()[lang])


def in_sentence(code: str, lang: str) -> str:
    """Name a country as it stands within a sentence; other texts stay as they are.

    Examples
    --------
    >>> in_sentence("NL", "en"), in_sentence("US", "nl"), in_sentence("ACME", "en")
    ('the Netherlands', 'de Verenigde Staten', 'ACME')
    """
    special: Mapping[str, str] = words(lang)["in_sentence"]
    known = (len(code) == 2 and countries.is_country(code)) or countries.is_union(code)
    return special.get(code, countries.name(code, lang)) if known else code


@cache
def _technologies() -> dict[str, dict[str, str]]:
    text = countries.data_path("nts_technologies.toml").read_text(encoding="utf-8")
    listed = tomllib.loads(text)["technology"]
    return {t["id"]: {"en": t["name_en"], "nl": t["name_nl"]} for t in listed}


def technology_name(ident: str, lang: str) -> str:
    """Name a technology of the shipped definitions; the id of another stands for itself.

    Examples
    --------
    >>> technology_name("quantum", "nl"), technology_name("all", "en"), technology_name("q", "en")
    ('Quantumtechnologie', 'All technologies together', 'q')
    """
    if ident == "all":
        return str(words(lang)["all"])
    return _technologies().get(ident, {}).get(lang, ident)


def with_names(table: pl.DataFrame, lang: str) -> pl.DataFrame:
    """Name the technologies of a table that is drawn.

    Examples
    --------
    >>> with_names(pl.DataFrame({"technology": ["imaging", "q"]}), "en")["technology"].to_list()
    ['Imaging technologies', 'q']
    """
    names = {i: technology_name(i, lang) for i in table["technology"].unique()}
    return table.with_columns(pl.col("technology").replace_strict(names, return_dtype=pl.String))


def joined(names: Sequence[str], lang: str) -> str:
    """Join names as a sentence does.

    Examples
    --------
    >>> joined(["a", "b", "c"], "en"), joined(["a", "b"], "nl")
    ('a, b and c', 'a en b')
    """
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {words(lang)['and']} {names[-1]}"


def translated(text: str, kind: str, lang: str) -> tuple[str, bool]:
    """Give a sentence that a run wrote in English in the language of the report.

    Parameters
    ----------
    text
        The sentence.
    kind
        ``warning`` or ``reason``: which list of sentences it may be in.
    lang
        Language of the report.

    Returns
    -------
    (str, bool)
        The sentence, and whether it is in that language; one that is not listed stays as it is.

    Examples
    --------
    >>> translated("the file is empty", "reason", "nl")
    ('het bestand is leeg', True)
    >>> translated("something new", "reason", "nl")
    ('something new', False)
    >>> noted = "In no technology: 211 of 4,599 families of the exports (4.6%), counted nowhere; "
    >>> tip = "netpos technologies check says what each definition finds."
    >>> translated(noted + tip, "warning", "nl")[0][:65]
    'In geen technologie: 211 van de 4.599 families van de exports (4,'
    >>> ours = "netpos reads patent exports of Lens.org or PatentsView"
    >>> translated(f"an unknown kind of JSON; {ours}", "reason", "nl")[0]
    'een onbekend soort JSON; netpos leest patentexports van Lens.org of PatentsView'
    """
    if lang == "en":
        return _spaced(text, kind), True
    for pattern, other in _patterns(kind, lang):
        found = pattern.fullmatch(text)
        if found:
            fields = {k: _inner(k, v, kind, lang) for k, v in found.groupdict().items()}
            return _spaced(_filled(other, fields), kind), True
    return _spaced(text, kind), False


def _filled(text: str, fields: Mapping[str, object]) -> str:
    """Put fields in the place of their names in braces."""
    return re.sub(r"\{(\w+)\}", lambda m: str(fields[m[1]]), text)


def _spaced(text: str, kind: str) -> str:
    """Write percentages in warnings as everywhere else on the page: 62 %."""
    return _PERCENT.sub(r"\1 %", text) if kind == "warning" else text


def _inner(field: str, text: str, kind: str, lang: str) -> str:
    """Translate what stands inside a sentence, where that is a sentence or a list of pieces."""
    if field == "why":
        return translated(text, kind, lang)[0]
    if field == "list":
        return "; ".join(translated(piece, "piece", lang)[0] for piece in text.split("; "))
    return dutch_number(text)


def dutch_number(text: str) -> str:
    """Write a number as Dutch does, where it is all of a text; 4,599 would be four and a half.

    Examples
    --------
    >>> dutch_number("4,599"), dutch_number("4.6%"), dutch_number("0.1.0"), dutch_number("a.csv")
    ('4.599', '4,6 %', '0.1.0', 'a.csv')
    """
    return re.sub(" ?%", " %", text.translate(_SWAPPED)) if _NUMBER.fullmatch(text) else text


@cache
def _patterns(kind: str, lang: str) -> Sequence[tuple[re.Pattern[str], str]]:
    return [
        (re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+?)", re.escape(entry["en"]))), entry[lang])
        for entry in _file()[kind]
    ]
