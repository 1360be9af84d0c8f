"""Technology definitions: which classification symbols make a family part of a technology.

A definition is a TOML file of ``[[technology]]`` tables with lists of patterns. Symbols compare as
text, without blanks and in capitals (``G06N3/08``):

======================== =========================================================================
``C12N``, ``B82``         the whole subclass, the whole class
``G06N3/``                the whole main group 3 of G06N, not G06N30/
``Y02E60/1*``             every symbol that starts with the text before the star
``G02B6/12..G02B6/138``   every symbol between the two, both ends and all that extends the end
                          included; digits behind the slash compare as text: 12 < 122 < 138 < 14
``G06N10/00``             that symbol alone
======================== =========================================================================

A family belongs to a technology when one of its symbols matches an ``ipc`` pattern (IPC symbols) or
an ``ipc`` or ``cpc`` pattern (CPC symbols) and that same symbol matches no ``exclude`` pattern:
an exclusion takes away a symbol, never a family. A family may belong to several technologies.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from netpos.countries import data_path
from netpos.errors import InputError, OptionError
from netpos.files import DEVICES
from netpos.ingest.records import SCHEMES
from netpos.ingest.selection import Selection
from netpos.options import toml_of
from netpos.tables import Schema, require

#: What `match` reads and what `family_technologies` reads.
SYMBOLS: Schema = {"scheme": pl.String, "symbol": pl.String}
CLASSIFICATIONS: Schema = {"family": pl.Int32, **SYMBOLS}

_ID = re.compile(r"[a-z0-9_-]{1,100}")
_SUBCLASS = re.compile(r"[A-HY]\d\d[A-Z]?")
_GROUP = re.compile(r"[A-HY]\d\d[A-Z]\d{1,4}/")
_STAR = re.compile(r"([A-HY]\d\d(?:[A-Z](?:\d{1,4}(?:/\d*)?)?)?)\*")
_SYMBOL = re.compile(r"[A-HY]\d\d[A-Z]\d{1,4}/\d{2,}")
_HEAD = re.compile(r"[A-Z][0-9]{2}[A-Z]")
_AFTER = "\U0010ffff"  # sorts behind every sign of a symbol


@dataclass(frozen=True)
class Technology:
    """One technology: its names and its patterns, as the definition file gives them.

    ``focus_area`` is None where the file gives none (or says ``none``); ``cpc`` patterns are
    looked for in CPC symbols only, besides those of ``ipc``; ``core`` is the narrow choice.
    """

    id: str
    name_en: str
    name_nl: str
    focus_area: str | None = None
    ipc: tuple[str, ...] = ()
    cpc: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    core: tuple[str, ...] = ()
    note: str | None = None
    sources: tuple[str, ...] = ()


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    id: str
    name: str | None = None
    name_en: str | None = None
    name_nl: str | None = None
    focus_area: str | None = None
    ipc: list[str] = Field(default_factory=list)
    cpc: list[str] = Field(default_factory=list)
    exclude: list[str] = Field(default_factory=list)
    core: list[str] = Field(default_factory=list)
    note: str | None = None
    sources: list[str] = Field(default_factory=list)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    schema_version: Literal[1] = 1
    status: str | None = None
    scheme_note: str | None = None
    technology: list[_Entry] = Field(min_length=1)


def load_technologies(path: Path | None = None) -> tuple[Technology, ...]:
    """Read a definition file, checking every key and every pattern.

    Parameters
    ----------
    path
        A TOML file, or None for the shipped list of the ten technologies of the Dutch
        Nationale Technologiestrategie. The least a technology needs is ``id`` and one of ``ipc``
        and ``cpc``; ``name`` stands for ``name_en`` and ``name_nl`` where these are absent.

    Returns
    -------
    tuple of Technology
        In the order of the file, which is the order of all outputs.

    Raises
    ------
    InputError
        No such file, not TOML, an unknown key, an identifier that cannot be a file name or comes
        twice, a technology without patterns, or a pattern outside the grammar above.

    Examples
    --------
    >>> [t.id for t in load_technologies()][:3]
    ['optical_photonics', 'quantum', 'process']
    """
    path = data_path("nts_technologies.toml") if path is None else path
    raw = toml_of(path, remedy="check the path")
    try:
        file = _File.model_validate(raw)
    except ValidationError as cause:
        raise InputError(_first_problem(cause, raw), file=path) from cause
    out: list[Technology] = []
    for entry in file.technology:
        problem = _problem(entry, {t.id for t in out})
        if problem:
            raise InputError(f"technology {entry.id}: {problem}", file=path)
        english = entry.name_en or entry.name or entry.name_nl or entry.id
        out.append(
            Technology(
                id=entry.id,
                name_en=english,
                name_nl=entry.name_nl or entry.name or english,
                focus_area=None if entry.focus_area in (None, "", "none") else entry.focus_area,
                ipc=tuple(entry.ipc),
                cpc=tuple(entry.cpc),
                exclude=tuple(entry.exclude),
                core=tuple(entry.core),
                note=entry.note,
                sources=tuple(entry.sources),
            )
        )
    return tuple(out)


def _first_problem(cause: ValidationError, raw: dict[str, object]) -> str:
    """Say in one clause what pydantic found first, naming the technology and the key."""
    error = cause.errors()[0]
    place = list(error["loc"])
    where = ""
    if len(place) > 1 and place[0] == "technology" and isinstance(place[1], int):
        tables = raw["technology"]
        table = tables[place[1]] if isinstance(tables, list) else None
        named = table.get("id") if isinstance(table, dict) else None
        where = f"technology {named or place[1] + 1}: "
        place = place[2:]
    key = ".".join(str(p) for p in place)
    allowed = _Entry if where else _File
    if error["type"] == "extra_forbidden":
        return f"{where}key '{key}' is not known; use {', '.join(allowed.model_fields)}"
    if error["type"] == "missing":
        return f"{where}key '{key}' is missing"
    return f"{where}key '{key}': {error['msg'].lower()}, got {error['input']!r}"


def _problem(entry: _Entry, taken: Iterable[str]) -> str | None:
    """Say what is wrong with one technology, or None."""
    if not _ID.fullmatch(entry.id) or entry.id in DEVICES:
        return "the id becomes a file name; use at most 100 small letters, digits, _ and -"
    if entry.id == "all" or entry.id.endswith("-organisations"):
        return "this id is taken by a file of the results; choose another"
    if entry.id in taken:
        return "this id comes twice; choose another for one of them"
    if not entry.ipc and not entry.cpc:
        return "there is neither an ipc nor a cpc pattern; give at least one"
    for pattern in (*entry.ipc, *entry.cpc, *entry.exclude, *entry.core):
        try:
            pattern_bounds(pattern)
        except ValueError as cause:
            return f'pattern "{pattern}": {cause}'
    return None


def pattern_bounds(pattern: str) -> tuple[str, str, bool]:
    r"""Turn a pattern into a half-open interval of texts.

    Parameters
    ----------
    pattern
        In the grammar of the definitions: a subclass, main group, symbol, range, or a start with
        a star.

    Returns
    -------
    low, high : str
        A symbol matches when ``low <= text < high``.
    padded : bool
        Whether the text is the symbol with its main group filled up to four digits, by which
        symbols sort, rather than the symbol itself.

    Raises
    ------
    ValueError
        The pattern is outside the grammar; the message says what is expected.

    Examples
    --------
    >>> pattern_bounds("G06N10/00")
    ('G06N0010/00', 'G06N0010/00\x00', True)
    """
    text = "".join(pattern.split()).upper()
    if ".." in text:
        first, _, last = text.partition("..")
        if not (_SYMBOL.fullmatch(first) and _SYMBOL.fullmatch(last)):
            raise ValueError('a range needs two whole symbols, as in "G02B6/12..G02B6/138"')
        if first[:4] != last[:4]:
            raise ValueError("a range stays inside one subclass; write one range for each")
        low, high = _padded(first), _padded(last) + _AFTER
        if not low < high:
            raise ValueError("the range ends before it begins (digits behind / compare as text)")
        return low, high, True
    if star := _STAR.fullmatch(text):
        start = star.group(1)
        padded = "/" in start
        start = _padded(start) if padded else start
        return start, start + _AFTER, padded
    if _SUBCLASS.fullmatch(text) or _GROUP.fullmatch(text):
        start = _padded(text)
        return start, start + _AFTER, True
    if _SYMBOL.fullmatch(text):
        return _padded(text), _padded(text) + "\0", True
    if "*" in text:
        raise ValueError('a star stands once, at the end, as in "Y02E60/1*"')
    raise ValueError('expected "C12N", "G06N3/", "Y02E60/1*", "G02B6/12..G02B6/138" or "G06N10/00"')


def _padded(text: str) -> str:
    """Fill the main group up to four digits, so that text order is order by main group."""
    head, slash, rest = text.partition("/")
    return head[:4] + head[4:].rjust(4, "0") + slash + rest if slash else text


def _key(symbols: pl.Series) -> pl.Series:
    """Return `_padded` for a column; texts that are no symbol with a slash stay as they are."""
    frame = pl.DataFrame({"s": symbols})
    parts = pl.col("s").str.extract_groups(r"^([A-HY]\d\d[A-Z])(\d{1,4})(/.*)$").struct
    padded = pl.concat_str(
        parts.field("1"), parts.field("2").str.pad_start(4, "0"), parts.field("3")
    )
    return frame.select(pl.coalesce(padded, "s").alias("key"))["key"]


def normalise_symbols(symbols: pl.Series) -> pl.Series:
    """Write symbols without blanks and in capitals; a blank one becomes null.

    Examples
    --------
    >>> normalise_symbols(pl.Series(["G06N 3/08", "g06n3/08", " ", None])).to_list()
    ['G06N3/08', 'G06N3/08', None, None]
    """
    text = symbols.cast(pl.String).str.replace_all(r"\s+", "").str.to_uppercase()
    return (
        text.to_frame("s")
        .select(pl.when(pl.col("s") != "").then(pl.col("s")))["s"]
        .alias(symbols.name)
    )


def match(
    symbols: pl.DataFrame,
    technologies: Sequence[Technology],
    *,
    narrow: bool = False,
    symbols_from: Literal["both", "ipc"] = "both",
) -> pl.DataFrame:
    """Find the symbols that belong to each technology, and by which pattern.

    Parameters
    ----------
    symbols
        ``scheme`` String (``CPC``, ``IPC``; others match nothing) and ``symbol`` String; repeated
        rows count once. `normalise_symbols` is applied; the answer has the symbols as they came.
    technologies
        From `load_technologies`.
    narrow
        Look for the ``core`` patterns instead, in both schemes; where a technology has none, its
        whole list is used, which a run says. ``exclude`` holds as before.
    symbols_from
        ``both``, or ``ipc`` to leave CPC symbols out.

    Returns
    -------
    pl.DataFrame
        ``technology, scheme, symbol, pattern`` String, one row per match, ordered by technology
        (as given), then scheme, symbol and pattern by code point.

    Raises
    ------
    OptionError
        Another value of ``symbols_from``.
    TableError
        A column is missing or has another type.

    Examples
    --------
    >>> table = pl.DataFrame({"scheme": ["IPC", "IPC", "CPC"],
    ...     "symbol": ["G06N3/08", "G06N30/00", "G06N 3/02"]})
    >>> ai = Technology("ai", "AI", "AI", ipc=("G06N3/",), exclude=("G06N3/02",))
    >>> match(table, [ai]).rows()
    [('ai', 'IPC', 'G06N3/08', 'G06N3/')]
    """
    require(symbols, SYMBOLS, name="symbols")
    rows = symbols.filter(in_reach(symbols["symbol"], technologies))
    found = _matched(rows, technologies, narrow=narrow, symbols_from=symbols_from)
    return found.sort("order", "scheme", "symbol", "pattern").select(
        "technology", "scheme", "symbol", "pattern"
    )


def _matched(
    symbols: pl.DataFrame,
    technologies: Sequence[Technology],
    *,
    narrow: bool,
    symbols_from: Literal["both", "ipc"],
) -> pl.DataFrame:
    """`match`, in any order and with ``order``, the position of the technology."""
    if symbols_from not in ("both", "ipc"):
        problem = f"--symbols {symbols_from}: not a choice of symbols"
        raise OptionError(problem, remedy="use both or ipc")
    schemes = ("IPC", "CPC") if symbols_from == "both" else ("IPC",)
    rows = symbols.select("scheme", "symbol").unique()
    rows = rows.with_columns(_key(normalise_symbols(rows["symbol"])).alias("key"))
    rows = rows.filter(pl.col("scheme").is_in(schemes) & pl.col("key").is_not_null())
    keys = rows["key"].unique().sort()
    found = _positions(keys, technologies, narrow=narrow)
    if symbols_from == "ipc":
        found = found.filter(~pl.col("cpc_only"))
    found = found.with_columns(keys.gather(found["position"]))
    both = pl.col("cpc_only").not_() | (pl.col("scheme") == "CPC")
    return rows.join(found, on="key").filter(both)


def in_reach(symbols: pl.Series, technologies: Sequence[Technology]) -> pl.Series:
    """Tell which symbols begin so that a pattern may match them; the others, and nulls, cannot.

    What has to be cleaned first stays in: only the first four signs are looked at, and a symbol is
    left out only where these are clean (two letters and two digits, as in ``G06N``).
    """
    patterns = [p for t in technologies for p in (*t.ipc, *t.cpc, *t.core)]
    starts = {pattern_bounds(p)[0][:4] for p in patterns}
    heads = symbols.str.slice(0, 4)
    wanted = [
        head
        for head in heads.unique().drop_nulls().to_list()
        if head in starts or head[:3] in starts or not _HEAD.fullmatch(head)
    ]
    return heads.is_in(wanted)


def _positions(
    keys: pl.Series, technologies: Sequence[Technology], *, narrow: bool
) -> pl.DataFrame:
    """Places in the sorted keys that each pattern of each technology covers, less the excluded."""
    ordered = keys.to_list()
    places: list[NDArray[np.int64]] = []
    rows: list[tuple[int, str, str, bool]] = []  # what is said of each
    for order, technology in enumerate(technologies):
        excluded = np.zeros(len(ordered), dtype=bool)
        for pattern in technology.exclude:
            excluded[_covered(pattern, ordered, keys)] = True
        wide = dict.fromkeys(technology.ipc, False)
        wide |= {p: True for p in technology.cpc if p not in wide}
        for pattern, cpc_only in (
            dict.fromkeys(technology.core, False) if narrow and technology.core else wide
        ).items():
            covered = _covered(pattern, ordered, keys)
            places.append(covered[~excluded[covered]])
            rows.append((order, technology.id, pattern, cpc_only))
    schema = {
        "order": pl.Int32,
        "technology": pl.String,
        "pattern": pl.String,
        "cpc_only": pl.Boolean,
    }
    said = pl.DataFrame(rows, schema, orient="row")
    which = np.repeat(np.arange(len(rows)), [one.size for one in places])
    position = np.concatenate([np.empty(0, dtype=np.int64), *places]).astype(np.uint32)
    return said[which].insert_column(0, pl.Series("position", position))


def _covered(pattern: str, ordered: list[str], keys: pl.Series) -> NDArray[np.int64]:
    """Places in the sorted keys that match a pattern."""
    low, high, padded = pattern_bounds(pattern)
    if padded or len(low) <= 4:  # up to the subclass, keys and symbols are the same text
        return np.arange(bisect_left(ordered, low), bisect_left(ordered, high), dtype=np.int64)
    first, last = bisect_left(ordered, low[:4]), bisect_left(ordered, low[:4] + _AFTER)
    plain = keys.slice(first, last - first).str.replace(r"^([A-HY]\d\d[A-Z])0{1,3}", "${1}")
    return first + plain.str.starts_with(low).arg_true().to_numpy().astype(np.int64)


def selection(technologies: Sequence[Technology]) -> Selection:
    """Return which symbols any of the technologies names, for reading large tables.

    Examples
    --------
    >>> table = pl.DataFrame({"scheme": ["CPC", "CPC"], "symbol": ["H04L9/08", "A01B1/00"]})
    >>> selection(load_technologies()).chosen(table).to_list()
    [True, False]
    """

    def chosen(symbols: pl.DataFrame) -> pl.Series:
        hits = _matched(symbols, technologies, narrow=False, symbols_from="both")
        pairs = hits.select("scheme", "symbol", hit=pl.lit(value=True)).unique()
        found = symbols.join(pairs, on=["scheme", "symbol"], how="left", maintain_order="left")
        return found["hit"].fill_null(value=False)

    said = repr([(t.id, t) for t in technologies]).encode()
    return Selection(hashlib.sha256(said).hexdigest()[:12], chosen)


def family_technologies(
    classifications: pl.DataFrame,
    technologies: Sequence[Technology],
    *,
    narrow: bool = False,
    symbols_from: Literal["both", "ipc"] = "both",
) -> pl.DataFrame:
    """Find the technologies of each family.

    Parameters
    ----------
    classifications
        ``family`` Int32, ``scheme`` String (``CPC``, ``IPC``) or `netpos.ingest.records.SCHEMES`,
        ``symbol`` String.
    technologies, narrow, symbols_from
        As in `match`.

    Returns
    -------
    pl.DataFrame
        ``family`` Int32, ``technology`` String, each pair once, ordered by technology (as given),
        then family. Families without a technology are absent.

    Raises
    ------
    OptionError, TableError
        As in `match`.

    Examples
    --------
    >>> table = pl.DataFrame({"family": [0, 0, 1], "scheme": ["IPC", "CPC", "CPC"],
    ...     "symbol": ["C12N15/00", "C12N15/11", "H04L9/08"]}, CLASSIFICATIONS)
    >>> family_technologies(table, load_technologies()).rows()
    [(0, 'biomolecular_cell'), (1, 'cybersecurity')]
    """
    said = classifications.head(0)
    if said.schema.get("scheme") == SCHEMES:
        said = said.cast({"scheme": pl.String})
    require(said, CLASSIFICATIONS, name="classifications")
    rows = classifications.select("family", "scheme", "symbol")
    rows = rows.filter(in_reach(rows["symbol"], technologies))
    hits = _matched(rows, technologies, narrow=narrow, symbols_from=symbols_from)
    pairs = hits.select("order", "scheme", "symbol").unique()
    names = pl.Series("technology", [t.id for t in technologies], dtype=pl.String)
    found = (
        rows.lazy()
        .join(pairs.lazy(), on=["scheme", "symbol"])
        .select("order", "family")
        .unique()
        .sort("order", "family")
        .collect()
    )
    return found.select("family", names.gather(found["order"]))
