"""The user's own technologies: a template, a list, and what each definition finds in a corpus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos.analysis.technologies import (
    Technology,
    family_technologies,
    load_technologies,
    match,
    selection,
)
from netpos.errors import InputError
from netpos.files import check_name, write_text
from netpos.ingest.corpus import Corpus, ingest, open_corpus, reading
from netpos.ingest.manifest import read_manifest
from netpos.ingest.selection import LARGE
from netpos.progress import Report

#: Patterns that find nothing, named on a line of text.
_SHOWN = 12

TEMPLATE = """\
# Technology definitions of netpos: one [[technology]] table for each technology, in the order in
# which pages and tables show them. A line that begins with # is not read.
#
#   netpos technologies check FILE CORPUS    says what each of them finds
#   netpos run EXPORT... --out DIR --technologies FILE
#
# A pattern names classification symbols (CPC or IPC). Blanks and case do not matter.
#   "C12N"                  the whole subclass; "B82" the whole class
#   "G06N3/"                the main group 3 of G06N with all below it, not G06N30/
#   "Y02E60/1*"             every symbol that starts with the text before the star
#   "G02B6/12..G02B6/138"   all between the two, both ends and all that extends the end included;
#                           digits behind / compare as text: 12 < 122 < 138 < 14
#   "G06N10/00"             that symbol alone
#
# A family belongs to a technology when one of its symbols fits a pattern of ipc (IPC and CPC
# symbols) or of cpc (CPC symbols only), and that same symbol fits no pattern of exclude. A family
# may belong to several technologies, or to none: netpos counts those too.

schema_version = 1

[[technology]]
id = "quantum_computing"         # names files and rows: small letters, digits, _ and -; never "all"
name_en = "Quantum computing"    # on English pages; name = "..." stands for both languages
name_nl = "Quantumcomputers"     # on Dutch pages
ipc = ["G06N10/"]                # looked for in IPC and CPC symbols
cpc = ["B82Y10/00"]              # looked for in CPC symbols only; one of ipc and cpc is needed
# exclude = ["G06N10/80"]        # symbols that do not count; other symbols of the family still do
# core = ["G06N10/20"]           # what --narrow uses instead of ipc and cpc
# focus_area = "Digital"         # a colour, with --focus-areas definitions
# note = "Why these symbols."
# sources = ["where the choice comes from"]

# [[technology]]
# id = "batteries"
# name = "Batteries"
# cpc = ["H01M4/", "H01M10/", "Y02E60/10"]
"""


@dataclass(frozen=True)
class Caught:
    """What one definition finds among the families of a corpus.

    ``share`` is of all families of the exports, ``alone`` families in no other definition.
    ``unused`` are patterns of ``ipc``, ``cpc`` and ``core`` that no family has a counted symbol of;
    ``idle`` are those of ``exclude`` that take nothing away.
    """

    technology: str
    name: str
    families: int
    share: float | None
    alone: int
    unused: tuple[str, ...]
    idle: tuple[str, ...]


@dataclass(frozen=True)
class Overlap:
    """Families that two definitions share, and which part they are of each."""

    a: str
    b: str
    families: int
    share_of_a: float
    share_of_b: float


@dataclass(frozen=True)
class Checked:
    """What definitions find together; ``outside`` families are in none of them."""

    families: int
    outside: int
    without_symbols: int
    caught: tuple[Caught, ...]
    overlaps: tuple[Overlap, ...]
    notes: tuple[str, ...] = ()


def write_template(path: Path) -> Path:
    """Write a commented file of definitions to fill in.

    Raises
    ------
    InputError
        Something of that name is there already, or it cannot be written.
    """
    check_name(path)
    if path.exists() or path.is_symlink():
        raise InputError("is there already", file=path, remedy="choose another name")
    if not path.parent.is_dir():
        raise InputError("no such folder", file=path.parent, remedy="make it first")
    write_text(path, TEMPLATE)
    return path


def listed(path: Path | None) -> str:
    """Say which technologies are defined, one a line; None for those that come with netpos.

    Raises
    ------
    InputError
        See `netpos.analysis.technologies.load_technologies`.

    Examples
    --------
    >>> listed(None).splitlines()[2].split()[:3]
    ['quantum', '28', '0']
    """
    return _lines(load_technologies(path))


def _lines(technologies: Sequence[Technology]) -> str:
    head = ("id", "patterns", "excluded", "name")
    rows = [
        (
            t.id,
            str(len({*t.ipc, *t.cpc})),
            str(len(t.exclude)),
            t.name_en if t.name_en == t.name_nl else f"{t.name_en} / {t.name_nl}",
        )
        for t in technologies
    ]
    return aligned([head, *rows])


def aligned(rows: Sequence[tuple[str, ...]]) -> str:
    """Return rows as a text of columns, numbers to the right."""
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    right = [
        all(row[k][:1].isdigit() or row[k] in ("-", "") for row in rows[1:])
        for k in range(len(widths))
    ]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if number else cell.ljust(width)
            for cell, width, number in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in rows
    )


def check_definitions(
    technologies: Sequence[Technology], sources: Sequence[Path], *, report: Report | None = None
) -> Checked:
    """Apply definitions to a corpus or to exports; nothing is kept.

    Parameters
    ----------
    technologies
        From `netpos.analysis.technologies.load_technologies`.
    sources
        The folder of one corpus, or exports and folders of them.
    report
        Called with one line of progress at a time.

    Raises
    ------
    InputError
        There is no such file, or it cannot be read.
    """
    if len(sources) == 1 and sources[0].is_dir() and read_manifest(sources[0]) is not None:
        corpus = open_corpus(sources[0])
        with reading(corpus):
            return catches(corpus, technologies)
    with TemporaryDirectory(prefix="netpos-technologies-") as folder:
        chosen = selection(technologies)
        corpus = ingest(sources, Path(folder), report=report, selection=chosen)
        return catches(corpus, technologies)


def catches(corpus: Corpus, technologies: Sequence[Technology]) -> Checked:
    """Count what each definition finds among the families of the exports.

    Families of the context define nothing and are left out. Years are not looked at.

    Parameters
    ----------
    corpus
        From `netpos.open_corpus`.
    technologies
        From `netpos.analysis.technologies.load_technologies`.
    """
    families = corpus.columns("families", "family", "role")
    seeds = families.filter(pl.col("role") == "seed")["family"]
    table = corpus.columns("classifications", "family", "scheme", "symbol")
    table = table.filter(pl.col("family").is_in(seeds.implode()))
    table = table.cast({"scheme": pl.String, "family": pl.Int32})
    total = seeds.len()
    found = family_technologies(table, technologies)
    size = families.height  # they are numbered from 0
    member = {t.id: np.zeros(size, dtype=bool) for t in technologies}
    for (name,), part in found.group_by("technology"):
        member[str(name)][part["family"].to_numpy()] = True
    times = sum((m.astype(np.int32) for m in member.values()), np.zeros(size, dtype=np.int32))
    symbols = table.select("scheme", "symbol").unique()
    used = set(match(symbols, technologies).select("technology", "pattern").iter_rows())
    cores = [t for t in technologies if t.core]
    core = set(match(symbols, cores, narrow=True).select("technology", "pattern").iter_rows())
    idle = _idle(symbols, technologies)
    caught = tuple(
        Caught(
            t.id,
            t.name_en,
            int(member[t.id].sum()),
            int(member[t.id].sum()) / total if total else None,
            int((member[t.id] & (times == 1)).sum()),
            tuple(
                dict.fromkeys(
                    [p for p in (*t.ipc, *t.cpc) if (t.id, p) not in used]
                    + [p for p in t.core if (t.id, p) not in core]
                )
            ),
            idle[t.id],
        )
        for t in technologies
    )
    inputs = corpus.manifest["inputs"]
    notes = [f"{i['name']}: {n}" for i in inputs if i["form"] in LARGE for n in i["notes"]]
    return Checked(
        total,
        total - int((times > 0).sum()),
        total - table["family"].n_unique(),
        caught,
        tuple(_overlaps(member)),
        tuple(notes),
    )


def _idle(symbols: pl.DataFrame, technologies: Sequence[Technology]) -> dict[str, tuple[str, ...]]:
    """Patterns of ``exclude`` that fit no symbol which the definition would count without them."""
    out = {}
    for t in technologies:
        whole = match(symbols, [replace(t, exclude=())]).select("scheme", "symbol").unique()
        cut = match(whole, [replace(t, ipc=t.exclude, cpc=(), exclude=(), core=())])
        hits = set(cut["pattern"])
        out[t.id] = tuple(p for p in dict.fromkeys(t.exclude) if p not in hits)
    return out


def _overlaps(member: dict[str, NDArray[np.bool_]]) -> list[Overlap]:
    """Pairs that share families, the largest part of the smaller one first."""
    found = []
    for a, b in combinations(member, 2):
        both = int((member[a] & member[b]).sum())
        if both:
            of_a, of_b = both / int(member[a].sum()), both / int(member[b].sum())
            found.append(Overlap(a, b, both, of_a, of_b))
    return sorted(found, key=lambda o: (-max(o.share_of_a, o.share_of_b), o.a, o.b))


def checked_as_dict(checked: Checked) -> dict[str, object]:
    """Return plain values for ``technologies check --json``."""
    return asdict(checked)


def checked_as_text(checked: Checked) -> str:
    """Say what definitions find: a table, then what is shared, empty or never met."""
    rows = [("id", "families", "share", "in no other", "name")]
    rows += [
        (c.technology, f"{c.families:,}", _share(c.share), f"{c.alone:,}", c.name)
        for c in checked.caught
    ]
    lines = [aligned(rows), ""]
    some = checked.families
    outside = _share(checked.outside / some if some else None)
    lines.append(f"{some:,} families in all; {checked.outside:,} ({outside}) in no technology.")
    if checked.without_symbols:
        lines.append(f"{checked.without_symbols:,} families have no classification symbol at all.")
    lines += [f"{note}." for note in checked.notes]
    if empty := [c.technology for c in checked.caught if not c.families]:
        lines.append(f"Finds nothing: {', '.join(empty)}.")
    lines += [
        f"{o.a} and {o.b} share {o.families:,} families: {_share(o.share_of_a)} of the first, "
        f"{_share(o.share_of_b)} of the second."
        for o in checked.overlaps
    ]
    for c in checked.caught:
        if c.unused and c.families:
            lines.append(f"{c.technology}: no family has a symbol of {_some(c.unused)}.")
        if c.idle:
            lines.append(f"{c.technology}: excluded without effect: {_some(c.idle)}.")
    return "\n".join(lines)


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _some(patterns: Sequence[str]) -> str:
    more = f" and {len(patterns) - _SHOWN:,} more (--json)" if len(patterns) > _SHOWN else ""
    return ", ".join(patterns[:_SHOWN]) + more
