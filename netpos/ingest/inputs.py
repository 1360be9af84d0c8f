"""The inputs of a corpus: which exports it holds, by content, and the parts read from each."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import compress
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from netpos.files import check_same, fingerprint, state
from netpos.ingest import compiled
from netpos.ingest.discover import Source
from netpos.ingest.manifest import SCHEMA_VERSION
from netpos.ingest.memory import give_back
from netpos.ingest.parts import TABLES, Part, hashes, parse, parts_to_json
from netpos.ingest.readers.json_stream import MAX_RECORD
from netpos.ingest.readers.wrappers import Page
from netpos.ingest.remarks import pages_told
from netpos.progress import Report, advance, reach, stage

Print = tuple[os.stat_result, str]


def cores() -> int:
    """Return how many cores this process may use; systems other than Linux say how many there are.

    Examples
    --------
    >>> cores() >= 1
    True
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def add(
    sources: list[Source],
    folder: Path,
    manifest: dict[str, Any],
    role: str,
    processes: int | None,
    max_record: int,
    say: Report,
    *,
    exactly: bool,
) -> bool:
    """Parse the exports that are new; tell whether anything changed."""
    workers = processes or cores()
    if why := compiled.refused():
        say(why)
    records = folder / "records"
    waiting = {(i["ident"], _limit(i)): i for i in read_before(records)}
    sizes = {item["bytes"] for item in [*manifest["inputs"], *waiting.values()]}
    prints = _prints(sources, sizes)
    changed = exactly and _only(manifest, _known(sources, prints), say)
    for source, found in _by_bytes(sources, prints):
        if found is None and _size(source) in {item["bytes"] for item in manifest["inputs"]}:
            found = fingerprint_of(source)
        ident = found and identity(source, found[1])
        known = next((i for i in manifest["inputs"] if i["ident"] == ident), None)
        longer = known is not None and max_record > known.get("max_record", MAX_RECORD)
        if known and longer and known["rejected"]:
            manifest["inputs"].remove(known)  # perhaps for length: read it again
        elif known:
            if known["role"] == "context" and role == "seed":
                known["role"], changed = "seed", True
            say(f"{source.name}: already in the corpus")
            continue
        item = waiting.get((ident or "", max_record))
        word = "read" if item is None else "were read by a run that was stopped"
        if item is None:
            item = _read(source, found, records, workers, max_record)
            _note(records, item)
            give_back()  # a long record and its copies, before the next export has its own
        item["name"] = known["name"] if known else _free_name(source, item["sha256"], manifest)
        item["role"] = "seed" if known and known["role"] == "seed" else role
        manifest["inputs"].append(item)
        changed = True
        say(f"{source.name}: {item['read']:,} records {word} ({source.form})")
    manifest["inputs"].sort(key=lambda i: (i["name"], i["ident"]))
    return changed


def _read(
    source: Source, found: Print | None, records: Path, workers: int, max_record: int
) -> dict[str, Any]:
    """Read an export, and return what the manifest says of it but its name and role."""
    parts, pages, (before, digest) = _whole_parts(source, found, records, workers, max_record)
    return {
        "ident": identity(source, digest),
        "sha256": digest,
        "form": source.form,
        "bytes": before.st_size,
        "read": sum(p.records + p.rejected for p in parts),
        "rejected": sum(p.rejected for p in parts),
        "parts": parts_to_json(parts),
        "notes": _notes(parts),
        "pages": pages_told(pages),
    } | ({} if max_record == MAX_RECORD else {"max_record": max_record})


def _prints(sources: list[Source], sizes: set[int]) -> list[Print | None]:
    """Return fingerprints of exports that can be known, by their size.

    One of another size is hashed while it is read.
    """
    alike = [_size(s) in sizes for s in sources]
    if not any(alike):
        return [None] * len(sources)
    with stage("comparing with what was read before", sum(map(_size, compress(sources, alike)))):
        return [
            fingerprint_of(s, advance) if like else None
            for s, like in zip(sources, alike, strict=True)
        ]


def _limit(item: dict[str, Any]) -> int:
    """Return the longest record that was held when an export was read."""
    return int(item.get("max_record", MAX_RECORD))


#: Exports read by a run that has not yet made the tables, one in each line of JSON.
_BEFORE = "read.jsonl"


def _note(records: Path, item: dict[str, Any]) -> None:
    """Take note of an export that was read, so that a run that goes on need not read it again."""
    with (records / _BEFORE).open("a", encoding="utf-8", newline="\n") as file:
        file.write(json.dumps({"schema": SCHEMA_VERSION, "item": item}) + "\n")


def read_before(records: Path) -> list[dict[str, Any]]:
    """Return the exports that a run read which was stopped before it had made the tables.

    Those read for tables of another version, and those whose parts are gone, are not among them.
    """
    try:
        lines = (records / _BEFORE).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return []
    found = []
    for line in lines:
        try:
            said = json.loads(line)
            item = said["item"]
            stems = [part["stem"] for part in item["parts"]]
            whole = all((records / f"{s}.{t}.parquet").is_file() for s in stems for t in TABLES)
        except (ValueError, KeyError, TypeError):
            continue  # the end of a line that was being written
        if whole and said.get("schema") == SCHEMA_VERSION:
            found.append(item)
    return found


def forget_read(records: Path) -> None:
    """Take away the note of what was read, once the corpus holds it."""
    (records / _BEFORE).unlink(missing_ok=True)


def identity(source: Source, digest: str) -> str:
    """Tell an export from others by its content: SHA-256, and which member of an archive, or what
    is read of it.
    """
    if source.selected:
        return f"{digest}:{source.selected}"
    return digest if source.member is None else f"{digest}:{source.member}"


def fingerprint_of(source: Source, tell: Callable[[int], None] | None = None) -> Print:
    """Return what the file is, and its SHA-256; of bulk tables that of all names and files.

    ``tell`` is called with the bytes of each piece.
    """
    if not source.tables:
        return fingerprint(source.path, source.name, tell)
    said = [f"{p.name}:{fingerprint(p, source.name, tell)[1]}" for p in source.tables]
    return state(source.path, source.name), hashlib.sha256("\n".join(said).encode()).hexdigest()


def _size(source: Source) -> int:
    try:
        return source.path.stat().st_size
    except OSError:
        return -1  # reading it will say why


def _by_bytes(
    sources: list[Source], prints: list[Print | None]
) -> Iterator[tuple[Source, Print | None]]:
    """Return sources in turn, with what is known of them; tells how many of all their bytes are
    read.
    """
    several = Counter(source.path for source in sources)  # those of an archive share its bytes
    sizes = [max(_size(source), 0) / several[source.path] for source in sources]
    with stage("reading exports", sum(sizes)):
        for number, pair in enumerate(zip(sources, prints, strict=True), start=1):
            yield pair
            reach(sum(sizes[:number]))


def _known(sources: list[Source], prints: list[Print | None]) -> dict[str, Source]:
    """Return sources by identity; those that cannot be in the corpus are left out."""
    pairs = zip(sources, prints, strict=True)
    return {identity(source, found[1]): source for source, found in pairs if found}


def _only(manifest: dict[str, Any], sources: dict[str, Source], say: Report) -> bool:
    """Take out inputs that are not among the sources, name the others as now given."""
    changed = False
    for item in list(manifest["inputs"]):
        source = sources.get(item["ident"])
        if source is None:
            manifest["inputs"].remove(item)
            say(f"{item['name']}: left out, as it is not among the exports given now")
            changed = True
        elif item["name"] != source.name:
            item["name"], changed = source.name, True
    return changed


def _notes(parts: list[Part]) -> list[str]:
    """Sentences about an export, counts in them added up over its parts."""
    totals: dict[str, int] = {}
    for note in (n for p in parts for n in p.notes):
        head, _, rest = note.partition(" ")
        if head.isdigit():
            totals[rest] = totals.get(rest, 0) + int(head)
        else:
            totals.setdefault(note, -1)
    return [text if n < 0 else f"{n} {one(text) if n == 1 else text}" for text, n in totals.items()]


_OF_ONE = {
    "are": "is", "come": "comes", "have": "has", "hold": "holds", "name": "names",
    "state": "states",
}  # fmt: skip


def one(text: str) -> str:
    """Return what a note says of several as it is said of one: its first word and its verbs.

    Examples
    --------
    >>> one("references are null and name no document")
    'reference is null and names no document'
    >>> one("cells of 'Kind' hold no kind, which are left out")
    "cell of 'Kind' holds no kind, which are left out"
    """
    first, *words = re.split(r"(\W+)", text)
    within = next((k for k, w in enumerate(words) if re.search("[,:;]", w)), len(words))
    said = [_OF_ONE.get(w, w) for w in words[:within]]
    return "".join([first.removesuffix("s"), *said, *words[within:]])


def _free_name(source: Source, digest: str, manifest: dict[str, Any]) -> str:
    """Return the name of an export, told apart from another of that name read before."""
    taken = {i["name"] for i in manifest["inputs"]}
    if source.name not in taken:
        return source.name
    name = f"{source.name} ({digest[:8]})"
    return name if name not in taken else f"{name} ({source.member})"


def _whole_parts(
    source: Source, known: Print | None, records: Path, workers: int, max_record: int
) -> tuple[list[Part], tuple[Page, ...], Print]:
    """Write parts under a temporary name and move them when all are there.

    What has no fingerprint yet gets it meanwhile.
    """
    temporary = Path(mkdtemp(prefix=".reading-", dir=records))
    with ThreadPoolExecutor(1) as beside:
        try:
            before = known[0] if known else state(source.path, source.name)
            others = [(path, state(path, source.name)) for path in source.tables]
            hashing = None
            if not known and not hashes(source):
                hashing = beside.submit(fingerprint_of, source)
            try:
                parsed = parse(source, temporary, "new", processes=workers, max_record=max_record)
                if known:
                    digest = known[1]
                elif hashing:
                    _, digest = hashing.result()
                else:
                    digest = parsed.digest or fingerprint_of(source)[1]
            finally:
                check_same(source.path, source.name, before)  # why whatever else went wrong
                for path, then in others:
                    check_same(path, source.name, then)
            stem = identity(source, digest).replace(":", "-")[:16]
            stem += "" if source.member is None else f"-{source.member}"
            stem += f"-{source.selected}" if source.selected else ""
            stem += "" if max_record == MAX_RECORD else f"-{max_record}"
            for path in sorted(temporary.iterdir()):
                path.replace(records / (stem + path.name.removeprefix("new")))
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    parts = [replace(p, stem=stem + p.stem.removeprefix("new")) for p in parsed.parts]
    return parts, parsed.pages, (before, digest)


def drop_unnamed(records: Path, manifest: dict[str, Any]) -> None:
    """Take away parts that a run left which did not get as far as naming them."""
    items = [*manifest["inputs"], *read_before(records)]
    named = {part["stem"] for item in items for part in item["parts"]}
    for path in records.glob("*.parquet"):
        if path.name.split(".", 1)[0] not in named:
            path.unlink(missing_ok=True)
