"""One spelling for each organisation: every step is a rule, and every rule can be shown.

Nothing here compares names with each other: two names are the same organisation when the rules
turn them into the same text. Whatever needs judgement (owners, translations, misprints) belongs in
the user's alias file, see `netpos.ingest.applicants`.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import polars as pl

from netpos.countries.codes import data_path, read_text_table

_TAG = re.compile(r"\s*\[[A-Z]{2}\]\s*$")
_ACRONYM = re.compile(r"\s*\(([A-Z]{2,8})\)?\s*$")
_HAN_FORM = re.compile(r"[(（](?:주|株|有|유)[)）]")
_APOSTROPHES = re.compile(r"(?<=\w)['`’´ʹʼ](?=S\b)")
_GAPS = re.compile(r"[^\w&]|_")
_AND = {"AND": "&", "UND": "&", "+": "&"}
_LETTERS = str.maketrans(
    {"Ä": "AE", "Ö": "OE", "Ü": "UE", "Æ": "AE", "Ø": "OE", "Œ": "OE", "Ł": "L", "Đ": "D",
     "Ð": "D", "Þ": "TH", "Ħ": "H", "İ": "I"}
)  # fmt: skip
_CYRILLIC = str.maketrans(
    {"А": "A", "Б": "B", "В": "V", "Г": "G", "Ґ": "G", "Д": "D", "Е": "E", "Ё": "E", "Є": "JE",
     "Ж": "ZH", "З": "Z", "И": "I", "І": "I", "Ї": "JI", "Й": "J", "К": "K", "Л": "L", "М": "M",
     "Н": "N", "О": "O", "П": "P", "Р": "R", "С": "S", "Т": "T", "У": "U", "Ў": "U", "Ф": "F",
     "Х": "KH", "Ц": "TS", "Ч": "CH", "Ш": "SH", "Щ": "SCH", "Ъ": "", "Ы": "Y", "Ь": "", "Э": "EH",
     "Ю": "JU", "Я": "JA"}
)  # fmt: skip
_PARTICLES = frozenset(
    {"DE", "DU", "DES", "DEL", "DELLA", "DELLE", "DI", "DA", "DOS", "DO", "LA", "LE", "LES", "EL",
     "D", "L", "ET", "Y"}
)  # fmt: skip
_SMALL = frozenset({"OF", "FOR", "THE"})
#: Words that tell a public body, whose name the offices write without particles.
_BODIES = frozenset(
    {"UNIV", "INST", "CT", "NAT", "RECH", "RES", "ACAD", "LAB", "MIN", "SOC", "COLL", "SCH", "HOSP",
     "COMMISSARIAT", "CONS", "AGENCY"}
)  # fmt: skip
#: Legal forms behind which a register puts the first name of the founder: BOSCH GMBH ROBERT.
_INVERTING = frozenset({"GMBH", "AG", "KG", "AB", "OY", "CO", "INC", "CORP", "LTD"})
#: Common words whose misprints are put right: one letter wrong, missing, doubled, or two swapped.
_COMMON = (
    "AIRCRAFT ASSOCIATION AUTOMATION COLLEGE COMMUNICATION COMMUNICATIONS COMPANY CORPORATION "
    "DEPARTMENT DEVELOPMENT ELECTRONIC ELECTRONICS ENGINEERING ENVIRONMENT ENVIRONMENTAL EQUIPMENT "
    "FOUNDATION GOVERNMENT INCORPORATED INDUSTRIAL INDUSTRIES INDUSTRY INFORMATION INSTITUTE "
    "INTELLIGENT INTERNATIONAL LABORATORIES LABORATORY LICENSING LIMITED MACHINERY MANUFACTURING "
    "PHARMACEUTICAL PHARMACEUTICALS RESEARCH ROBOTICS SCIENCE SCIENCES SCIENTIFIC SEMICONDUCTOR "
    "TEACHER TEACHERS TECHNOLOGIES TECHNOLOGY TELECOMMUNICATIONS UNIVERSITY"
)
Words = list[str]


def normalise_name(names: pl.Series) -> pl.DataFrame:
    """Return the normal spelling of each name.

    The steps, in this order: text read in the wrong encoding repaired where it can only be that;
    the country in square brackets and an abbreviation of the name in round ones left out; capitals,
    without accents, Latin script for Cyrillic (ä ö ü ø become AE OE UE OE, as patent offices write
    them); punctuation and "and" left out, single letters joined; misprints of common words
    (TECHNOLGY) put right, but for the first word; legal forms left out at the end
    (some at the start) until none is left; words shortened as patent offices do (University to
    UNIV); the order UNIV PLACE and FIRST-NAME FOUNDER. Firms of one name in two countries, told
    apart by the legal form alone, become one, but for those listed in ``name_homonyms.csv``.

    Parameters
    ----------
    names
        Names as filed, String.

    Returns
    -------
    pl.DataFrame
        ``name``, ``clean`` String, one row per name in the order given; null stays null. A name
        without any letter or digit keeps its text.

    Examples
    --------
    >>> names = pl.Series(["Robert Bosch G.m.b.H.", "BOSCH GMBH ROBERT [DE]", "Nanjing University"])
    >>> normalise_name(names)["clean"].to_list()
    ['ROBERT BOSCH', 'ROBERT BOSCH', 'UNIV NANJING']
    """
    return _mapped(names, normal)


def normal(name: str) -> str:
    """Return the normal spelling of one name.

    Examples
    --------
    >>> normal("Koninklijke Philips N.V.")
    'KONINKLIJKE PHILIPS'
    """
    text: str | Words = name.strip()
    for _, text in _steps(name):  # noqa: B007 - the last one is wanted
        pass
    return text if isinstance(text, str) else " ".join(text)


def explain_merge(names: pl.Series) -> pl.DataFrame:
    """Show how each name came to its normal spelling.

    Parameters
    ----------
    names
        Names as filed, String.

    Returns
    -------
    pl.DataFrame
        ``name``, ``clean``, ``steps`` String: what each step that changed something left, joined
        by "; ". One row per different name, sorted by ``clean``, then ``name``.

    Examples
    --------
    >>> explain_merge(pl.Series(["Parrot S.A."]))["steps"][0]
    'capitals: PARROT S.A.; punctuation: PARROT SA; legal form: PARROT'
    """
    found = sorted((normal(n), n, _told(n)) for n in names.drop_nulls().unique().to_list())
    schema = {"clean": pl.String, "name": pl.String, "steps": pl.String}
    return pl.DataFrame(found, schema=schema, orient="row").select("name", "clean", "steps")


def _told(name: str) -> str:
    parts, before = [], name.strip()
    for step, found in _steps(name):
        text = found if isinstance(found, str) else " ".join(found)
        if text != before:
            parts.append(f"{step}: {text}")
        before = text
    return "; ".join(parts)


def _mapped(names: pl.Series, function: Callable[[str], str]) -> pl.DataFrame:
    """Apply a function once to each different name."""
    unique = names.drop_nulls().unique()
    table = pl.DataFrame(
        {"name": unique, "clean": [function(n) for n in unique.to_list()]},
        schema={"name": pl.String, "clean": pl.String},
    )
    return (
        names.cast(pl.String)
        .to_frame("name")
        .join(table, on="name", how="left", maintain_order="left")
    )


# --- the steps ----------------------------------------------------------------------------------


def _steps(name: str) -> Iterator[tuple[str, str | Words]]:
    """Tell what each step left: a text or words."""
    text = repaired(name.strip())
    yield "encoding", text
    text = _without_brackets(text)
    yield "brackets", text
    text = capitals(text)
    yield "capitals", text
    words = split_words(text)
    if not words:
        return
    yield "punctuation", words
    if (known := _homonyms().get(" ".join(words))) is not None:
        yield "not another of this name", known
        return
    words = [words[0], *map(_respelled, words[1:])]
    yield "misprint", words
    words = _inverted(words)
    yield "founder's first name", words
    words = without_legal_forms(words)
    yield "legal form", words
    words = _short(words)
    yield "words shortened", words
    yield "university first", _university_first(words)


def repaired(text: str) -> str:
    """Undo UTF-8 that was read as Windows-1252, where the text can be nothing else.

    Examples
    --------
    >>> repaired("MÃ†RSK OLIE"), repaired("MÜLLER"), repaired("AT&amp;T")
    ('MÆRSK OLIE', 'MÜLLER', 'AT&T')
    """
    if "&" in text and ";" in text:
        text = html.unescape(text)
    if text.isascii():
        return text
    codes = bytearray()
    for letter in text:
        try:
            codes += letter.encode("cp1252")
        except UnicodeEncodeError:
            if ord(letter) > 255:
                return text
            codes.append(ord(letter))
    try:
        return codes.decode("utf-8")
    except UnicodeDecodeError:
        return text


def _without_brackets(text: str) -> str:
    if "]" in text:
        text = _TAG.sub("", text)
    if not text.isascii():
        text = _HAN_FORM.sub(" ", unicodedata.normalize("NFKC", text))
    text = text.strip()
    found = _ACRONYM.search(text) if "(" in text else None
    if found:
        before = text[: found.start()]
        initials = "".join(w[0] for w in re.findall(r"\w+", capitals(before)))
        if _within(found[1], initials) and initials.startswith(found[1][0]):
            return before
    return text


def _within(letters: str, initials: str) -> bool:
    """Whether the letters are initials in their order, others left out."""
    rest = iter(initials)
    return all(letter in rest for letter in letters)


def capitals(text: str) -> str:
    """Return a text in capitals of plain Latin letters; other scripts but Cyrillic stay.

    Examples
    --------
    >>> capitals("Försäkring"), capitals("Ｓｏｎｙ"), capitals("Парафарм"), capitals("株式会社")
    ('FOERSAEKRING', 'SONY', 'PARAFARM', '株式会社')
    """
    if text.isascii():
        return text.upper()
    text = unicodedata.normalize("NFKC", text).upper()
    if text.isascii():
        return text
    text = text.translate(_LETTERS).translate(_CYRILLIC)
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return unicodedata.normalize("NFC", plain)


def split_words(text: str) -> Words:
    """Return words without punctuation; "and" is "&"; runs of single letters are one word.

    Examples
    --------
    >>> split_words("W.R. GRACE AND CO."), split_words("L'AIR & PEOPLE'S")
    (['WR', 'GRACE', '&', 'CO'], ['L', 'AIR', '&', 'PEOPLES'])
    """
    if not (text.isascii() and text.replace(" ", "").isalnum()):
        text = _APOSTROPHES.sub("", text).replace("+", " & ").replace("&", " & ")
        text = _GAPS.sub(" ", text)
    found: Words = []
    run = False
    for word in text.split():
        word = _AND.get(word, word)
        single = len(word) == 1 and word.isascii() and word.isalpha()
        if single and run:
            found[-1] += word
        else:
            found.append(word)
        run = single
    while found and found[-1] == "&":
        found.pop()
    return found


@dataclass(frozen=True)
class _Forms:
    """Legal forms at the end and at the start, their last and first words, those without spaces."""

    end: frozenset[str]
    start: frozenset[str]
    last: frozenset[str]
    first: frozenset[str]
    joined: tuple[str, ...]
    longest: int  # in words


@cache
def _forms() -> _Forms:
    table = read_text_table(data_path("legal_forms.csv"), ("form", "place"))
    rows = [(" ".join(split_words(f)) if f[0] != "&" else f, p) for f, p in table.iter_rows()]
    end = frozenset(f for f, _ in rows)
    start = frozenset(f for f, place in rows if place == "both")
    joined = tuple(sorted(f for f in start if not f.isascii()))
    last = frozenset(f.split()[-1] for f in end)
    first = frozenset(f.split()[0] for f in start)
    return _Forms(end, start, last, first, joined, max(len(f.split()) for f in end))


@cache
def shortened_words() -> dict[str, str]:
    """Return words and the short form that patent offices use."""
    table = read_text_table(data_path("name_words.csv"), ("word", "short", "organisation"))
    return dict(table.select("word", "short").iter_rows())


@cache
def _homonyms() -> dict[str, str]:
    """Firms that only the legal form tells from another of the same name."""
    table = read_text_table(data_path("name_homonyms.csv"), ("name", "clean"))
    return dict(table.select("name", "clean").iter_rows())


def without_legal_forms(words: Words) -> Words:
    """Take legal forms off the end and the start until none is left; at least one word stays.

    Examples
    --------
    >>> without_legal_forms(["ACME", "CO", "LTD"]), without_legal_forms(["OOO", "ACME", "GMBH"])
    (['ACME'], ['ACME'])
    """
    forms = _forms()
    before: Words = []
    while words != before:
        before = words
        most = min(forms.longest, len(words) - 1) if words[-1] in forms.last else 0
        for n in range(most, 0, -1):
            if " ".join(words[-n:]) in forms.end:
                words = words[:-n]
                break
        most = min(forms.longest, len(words) - 1) if words[0] in forms.first else 0
        for n in range(most, 0, -1):
            if " ".join(words[:n]) in forms.start:
                words = words[n:]
                break
        while len(words) > 1 and words[-1] == "&":
            words = words[:-1]
        if not (words[0].isascii() and words[-1].isascii()):
            words = _without_joined_forms(words, forms.joined)
    return words


def _without_joined_forms(words: Words, joined: tuple[str, ...]) -> Words:
    first, last = words[0], words[-1]
    for form in joined:
        if len(last) > len(form) and last.endswith(form):
            return [*words[:-1], last[: -len(form)]]
        if len(first) > len(form) and first.startswith(form):
            return [first[len(form) :], *words[1:]]
    return words


@cache
def _common() -> dict[str, tuple[str, ...]]:
    """Return common words by their first and last letter."""
    found: dict[str, tuple[str, ...]] = {}
    for word in _COMMON.split():
        ends = word[0] + word[-1]
        found[ends] = (*found.get(ends, ()), word)
    return found


def _respelled(word: str) -> str:
    """Put a misprint of a common word right; other words, and words that are known, stay."""
    if len(word) < 6:
        return word
    alike = _common().get(word[0] + word[-1], ())
    if not alike or word in shortened_words() or word in _COMMON:
        return word
    from rapidfuzz.distance import OSA  # slow to load; a corpus that is there needs none of it

    near = [w for w in alike if OSA.distance(w, word) == 1]
    return near[0] if len(near) == 1 else word


def _inverted(words: Words) -> Words:
    """BOSCH GMBH ROBERT to ROBERT BOSCH: one or two words behind a legal form inside the name."""
    for i in range(max(1, len(words) - 3), len(words) - 1):
        tail = words[i + 1 :]
        if words[i] in _INVERTING and not (set(tail) & _tail_signs()):
            return tail + words[: i + 1]
    return words


@cache
def _tail_signs() -> frozenset[str]:
    """Words that are no first name: parts of legal forms, and words of organisations."""
    end = _forms().end
    parts = {word for form in end for word in form.split()}
    return frozenset(parts | set(shortened_words()))


def _short(words: Words) -> Words:
    """Shorten words; leave out "the", "of", "for", "&", and particles in names of public bodies."""
    table = shortened_words()
    short = [table.get(w, w) for w in words]
    drop = _SMALL | _PARTICLES if _BODIES.intersection(short) else _SMALL
    kept = [w for i, w in enumerate(short) if w != "&" and not (w in drop and (i or w == "THE"))]
    return kept or short


def _university_first(words: Words) -> Words:
    """X UNIV to UNIV X where X is one word: longer names can mean another university."""
    return ["UNIV", words[0]] if len(words) == 2 and words[1] == "UNIV" else words
