"""Exports damaged at random, and what must hold whatever the damage.

A case is made from its number alone. Damage within lines of a JSONL export leaves the other lines
as they are; for these the records must come out as from the clean file.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import random
import signal
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import polars as pl

from netpos import analysis
from netpos.commands.check import check
from netpos.countries import data_path
from netpos.errors import NetposError
from netpos.ingest.corpus import ingest
from netpos.ingest.discover import find
from netpos.ingest.parts import batches
from netpos.options import make

#: Records longer than this are refused, so that a long line is a cheap test.
MAX_RECORD = 200_000
#: Longest time for one damaged file, in seconds; a clean one takes a fraction of one.
PATIENCE = 30
DETAILS = ("records", "parties", "classes", "members", "references")


@dataclass(frozen=True)
class Original:
    """A clean export; ``lines`` where it is JSONL, whose lines can be damaged one by one."""

    name: str
    content: bytes
    lines: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Case:
    """A damaged export; ``intact`` are the numbers of the lines that are still as they were."""

    number: int
    original: Original
    content: bytes
    damage: tuple[str, ...]
    intact: tuple[int, ...] | None = None
    suffix: str = ""


# --- clean exports ------------------------------------------------------------------------------


def _unzipped(path: Path) -> bytes:
    content = path.read_bytes()
    return gzip.decompress(content) if path.suffix == ".gz" else content


def originals(real: Path | None) -> list[Original]:
    """The synthetic demo in every JSON form and, where they are at hand, the real exports."""
    lines = _unzipped(data_path("demo_synthetic_lens.jsonl.gz")).splitlines()[:60]
    some = [json.loads(x) for x in lines[:25]]
    found = [
        Original("demo.jsonl", b"\n".join(lines) + b"\n", tuple(lines)),
        Original("array.json", b"[" + b",\n".join(lines[:25]) + b"]"),
        Original("response.json", json.dumps({"total": 25, "data": some}).encode()),
        Original("objects.json", b"\n".join(json.dumps(x, indent=1).encode() for x in some)),
    ]
    if real is None:
        return found
    lens = real / "lens_json" / "patentslens_jl"
    for path in sorted(lens.glob("*.jsonl*")):
        content = _unzipped(path)
        pieces = tuple(content.removeprefix(b"\xef\xbb\xbf").splitlines())
        found.append(Original(path.name.removesuffix(".gz"), content, pieces))
    found.append(
        Original(
            "sample.json",
            (real / "lens_json/lens_api_doc/sample_response_EP2471949A1.json").read_bytes(),
        )
    )
    legacy = _unzipped(real / "lens_json_legacy_2020/Coronavirus-CPC-based-patents.jsonl.gz")
    pieces = tuple(legacy.splitlines()[:40])
    found.append(Original("legacy.jsonl", b"\n".join(pieces), pieces))
    for path in sorted((real / "lens_csv").glob("*.csv.gz")):
        head = b"".join(_unzipped(path).splitlines(keepends=True)[:60])
        found.append(Original(path.name.removesuffix(".gz"), head))
    view = json.loads(_unzipped(real / "patentsview_nuclear/G21H.json.gz"))
    view["patents"] = view["patents"][:15]
    found.append(Original("view.json", json.dumps(view).encode()))
    small = _unzipped(real / "patentsview_nuclear/G21J.json.gz")
    return [*found, Original("G21J.json", small)]


# --- damage to bytes ----------------------------------------------------------------------------

Damage = Callable[[bytes, random.Random], bytes]


def _span(data: bytes, r: random.Random, longest: int) -> tuple[int, int]:
    start = r.randrange(len(data) + 1)
    return start, min(len(data), start + r.randint(1, longest))


def cut_end(data: bytes, r: random.Random) -> bytes:
    return data[: r.randrange(len(data) + 1)]


def cut_start(data: bytes, r: random.Random) -> bytes:
    return data[r.randrange(len(data) + 1) :]


def cut_out(data: bytes, r: random.Random) -> bytes:
    a, b = _span(data, r, r.choice([1, 10, 3000]))
    return data[:a] + data[b:]


def flip(data: bytes, r: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(r.choice([1, 3, 30])):
        if out:
            out[r.randrange(len(out))] ^= 1 << r.randrange(8)
    return bytes(out)


def put_in(data: bytes, r: random.Random) -> bytes:
    """Signs that mean something, or nothing, at a random place."""
    signs = [
        b"\0", b"\xff\xfe", b"\xc3", b"\xed\xa0\x80", b'"', b"\\", b"{", b"}", b"[", b"]",
        b"]" * 50, b",", b"\r", b"\xef\xbb\xbf", b"\\u0000", b"\\ud800", b"NaN", b"//", b";;",
        b"\t", b"<html>",
        b"\xe2\x80\xa8", b"\x1a", b'{"lens_id":', b'"data": [', b'""',
    ]  # fmt: skip
    for _ in range(r.choice([1, 1, 5])):
        a = r.randrange(len(data) + 1)
        data = data[:a] + r.choice(signs) + data[a:]
    return data


def overwrite(data: bytes, r: random.Random) -> bytes:
    a, b = _span(data, r, 40)
    return data[:a] + r.randbytes(b - a) + data[b:]


def repeat(data: bytes, r: random.Random) -> bytes:
    a, b = _span(data, r, 8000)
    return data[:b] + data[a:b] + data[b:]


def nest(data: bytes, r: random.Random) -> bytes:
    a = r.randrange(len(data) + 1)
    opened, closed = r.choice([(b"[", b"]"), (b'{"a":', b"}"), (b'{"lens_id":', b"}")])
    return data[:a] + opened * 10_000 + (closed * 10_000 if r.random() < 0.5 else b"") + data[a:]


def long_text(data: bytes, r: random.Random) -> bytes:
    a = r.randrange(len(data) + 1)
    return data[:a] + r.choice([b"x", b"9", b'"', b" "]) * (2 * MAX_RECORD) + data[a:]


def lines_mixed(data: bytes, r: random.Random) -> bytes:
    """Lines repeated, left out, joined, in another order or with other ends."""
    lines = data.split(b"\n")
    what = r.randrange(6)
    if what == 0:
        r.shuffle(lines)
    elif what == 1:
        a = r.randrange(len(lines))
        lines[a:a] = lines[a : a + r.randint(1, 20)]
    elif what == 2:
        del lines[r.randrange(len(lines))]
    elif what == 3:
        lines.insert(r.randrange(len(lines) + 1), r.choice([b"", b" ", b"null", b"[1]", b"{}"]))
    return r.choice([b"\r\n", b"\r", b""]).join(lines) if what > 3 else b"\n".join(lines)


def recoded(data: bytes, r: random.Random) -> bytes:
    text = data.decode("utf-8", "replace")
    coding = r.choice(["utf-16", "utf-16-be", "cp1252", "utf-8-sig"])
    return text.encode(coding, "replace")


BYTES: list[Damage] = [
    cut_end, cut_start, cut_out, flip, flip, put_in, put_in, overwrite, repeat, nest, long_text,
    lines_mixed, lines_mixed, recoded,
]  # fmt: skip

# --- damage to the values of a JSON record ------------------------------------------------------

_RAW = {  # written into the text in place of a value: what json.dumps cannot write
    "@deep-list": "[" * 10_000 + "]" * 10_000,
    "@deep-dict": '{"a":' * 10_000 + "1" + "}" * 10_000,
    "@some-list": "[" * 900 + "]" * 900,
    "@digits": "9" * 5000,
    "@exponent": "1e400",
    "@2^63": str(2**63),
    "@2^31": str(2**31),
    "@minus": "-0",
    "@surrogate": '"\\ud800"',
    "@bad-utf8": '"\udcff\udcfe"',  # bytes FF FE, by surrogateescape
    "@nan": "NaN",
    "@twice": '"a", "lens_id": "b"',
}
_VALUES: list[object] = [
    None, True, False, 0, -1, 1.5, "", " ", "x", "\0", "é\u202e", [], {}, [None], [[]], [{}],
    {"": None}, ["x"], {"value": None}, {"value": {"value": "x"}}, {"lens_id": None}, "٠" * 15,
    "NL" * 300, *_RAW,
]  # fmt: skip
_DATES: list[object] = [
    "2016-02-30", "0000-00-00", "99999-01-01", "20161301", "yesterday", "2016-06-14T25:61:00",
    20160614, 20160614.5, "2016", "-2016-01-01", "1066-01-01", "2016/06/14", "", "2016-06-14 ",
]  # fmt: skip


def places(value: object) -> Iterator[tuple[object, object]]:
    """Every (container, key) within a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in list(items):
        yield value, key
        if isinstance(inner, dict | list):
            yield from places(inner)


def change(record: object, r: random.Random) -> None:
    """Swap types, put in nulls, wrong dates, numbers that are too large, or deep nests."""
    found = list(places(record))
    dates = [(c, k) for c, k in found if isinstance(k, str) and "date" in k.lower()]
    for _ in range(r.choice([1, 1, 2, 6])):
        if dates and r.random() < 0.25:
            container, key = r.choice(dates)
            container[key] = r.choice(_DATES)
        elif found:
            container, key = r.choice(found)
            old = container[key]
            new = [r.choice(_VALUES), [old], {"value": old}, str(old)[:300], r.choice(_VALUES)]
            container[key] = r.choice(new)


def damaged_record(line: bytes, r: random.Random) -> bytes:
    """One record with other values inside."""
    try:
        record = json.loads(line)
    except ValueError:
        return line
    if not isinstance(record, dict | list) or not record:
        return line
    change(record, r)
    text = json.dumps(record, ensure_ascii=r.random() < 0.5)
    for mark, raw in _RAW.items():
        text = text.replace(f'"{mark}"', raw)
    return text.encode("utf-8", "surrogateescape")


# --- cases --------------------------------------------------------------------------------------


@cache
def _folded(real: Path | None) -> tuple[Original, ...]:
    return tuple(originals(real))


def make_case(number: int, real: Path | None) -> Case:
    """The damaged export of this number."""
    r = random.Random(number)
    original = r.choice(_folded(real))
    lines = original.lines
    if lines and r.random() < 0.5:
        return _by_line(number, original, r)
    content, names = original.content, []
    if r.random() < 0.35 and not original.name.endswith(".csv"):
        content = damaged_record(content, r)
        names.append("values")
    while not names or r.random() < 0.3:
        damage = r.choice(BYTES)
        content = damage(content, r)
        names.append(damage.__name__)
    case = Case(number, original, content, tuple(names))
    return _packed(case, r)


def _by_line(number: int, original: Original, r: random.Random) -> Case:
    lines = list(original.lines)
    hit = sorted(r.sample(range(len(lines)), r.randint(1, max(1, len(lines) // 3))))
    names = []
    for at in hit:
        if r.random() < 0.6:
            lines[at] = damaged_record(lines[at], r)
            names.append("values")
        else:
            damage = r.choice([d for d in BYTES if d is not recoded])
            lines[at] = damage(lines[at], r)
            names.append(damage.__name__)
        lines[at] = lines[at].replace(b"\n", b" ")
    intact = tuple(k + 1 for k in range(len(lines)) if k not in hit)
    case = Case(number, original, b"\n".join(lines) + b"\n", tuple(names), intact)
    if 0 in hit:  # the first line decides the form
        case = replace(case, content=original.lines[0] + b"\n" + case.content)
        case = replace(case, intact=(*(k + 1 for k in intact), 1))
    return case


def zipped(case: Case) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(case.original.name), case.content)
    return held.getvalue()


def _packed(case: Case, r: random.Random) -> Case:
    """Some are compressed, and a few damaged after that."""
    x = r.random()
    if x > 0.25 or not case.content:
        return case
    if x < 0.18:
        content, suffix = gzip.compress(case.content, 1, mtime=0), ".gz"
    else:
        content, suffix = zipped(case), ".zip"
    if r.random() < 0.4:
        content = r.choice([cut_end, flip, cut_out, overwrite])(content, r)
    return replace(case, content=content, suffix=suffix)


# --- what must hold -----------------------------------------------------------------------------


class Hang(Exception):
    """A file took longer than anyone waits."""


@contextlib.contextmanager
def patience(seconds: int) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise Hang

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def details(path: Path) -> dict[str, pl.DataFrame]:
    """What the reader took from each line: records, and all that hangs on them."""
    (source,) = find([path])
    found: dict[str, list[pl.DataFrame]] = {name: [] for name in DETAILS}
    for batch in batches(source, max_record=MAX_RECORD):
        line = batch.records["line"]
        for name in DETAILS:
            table: pl.DataFrame = getattr(batch, name)
            if "row" in table.columns:
                table = table.with_columns(line=line.gather(table["row"])).drop("row")
            found[name].append(table)
    return {name: pl.concat(parts).sort(pl.all()) for name, parts in found.items()}


def _changed(case: Case, path: Path, folder: Path) -> list[str]:
    """Tables in which a line that nobody touched reads otherwise than in the clean file."""
    clean = folder / f"clean-{case.original.name}"
    shift = 0 if case.intact[-1:] != (1,) else 1  # the first line stands before a damaged one
    body = b"\n".join(case.original.lines) + b"\n"
    clean.write_bytes(case.original.lines[0] + b"\n" + body if shift else body)
    want, have = details(clean), details(path)
    kept = pl.col("line").is_in(list(case.intact))
    return [
        f"{name}: an undamaged line reads otherwise"
        for name in DETAILS
        if not want[name].filter(kept).equals(have[name].filter(kept))
    ]


def problems(case: Case, folder: Path) -> list[str]:
    """What went wrong with a case; empty when all is as it must be.

    Exceptions that are none of netpos' own come through, as they would to the user.
    """
    path = folder / (case.original.name + case.suffix)
    path.write_bytes(case.content)
    found = []
    with patience(PATIENCE):
        try:
            corpus = ingest([path], folder / "corpus", max_record=MAX_RECORD, processes=1)
        except NetposError as error:
            text = str(error)
            if "\n" in text or len(text) > 1000:
                found.append(f"the message is not one line: {text[:200]!r}")
            if "zip archive" in text and not case.content.startswith(b"PK"):
                found.append(f"the message blames a zip archive: {text[:200]}")
            if case.intact:
                found.append(f"refused although {len(case.intact)} lines are whole: {text[:200]}")
            return found
        counts = corpus.counts
        if counts["read"] != counts["kept"] + counts["rejected"] + counts["duplicates"]:
            found.append(f"records do not add up: {counts}")
        if corpus.documents.height != counts["kept"]:
            found.append(f"{corpus.documents.height} documents, {counts['kept']} kept")
        if corpus.ledger.height != counts["rejected"] + counts["duplicates"]:
            found.append(f"{corpus.ledger.height} rows in the ledger: {counts}")
        if (
            corpus.documents["lens_id"].null_count()
            or corpus.documents["lens_id"].is_duplicated().any()
        ):
            found.append("a document has no name of its own")
        for name in ("documents", "families", "applicants", "citations", "outside"):
            table = corpus.table(name)
            texts = table.select(pl.selectors.string())
            if texts.width and (texts.select((pl.all() == "").any())).to_numpy().any():
                found.append(f"{name}: an empty text stands for unknown")
        if case.intact is not None:
            found += _changed(case, path, folder)
        if case.number % 12 == 0 and counts["kept"]:
            with contextlib.suppress(NetposError):
                study = analysis.prepare(corpus, make({"from": 1990}))
                study.links("all", (1990, 2025))
                analysis.coverage_table(study)
        if case.number % 20 == 0:
            with contextlib.suppress(NetposError):
                check([path])
    return found
