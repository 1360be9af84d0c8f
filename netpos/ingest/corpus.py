"""The corpus: a folder of Parquet tables made from exports, which grows and never half-changes.

``records/`` holds the columns of each export as read; the tables beside it are made from them and
can be made again at any time. ``corpus.json`` names what belongs to the corpus and is replaced
last, so a run that is killed leaves either the corpus as it was or one that says it must be
finished, which the next command does by itself.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

import polars as pl
import pyarrow as pa  # type: ignore[import-untyped] # it has no types
import pyarrow.parquet as pq  # type: ignore[import-untyped] # it has no types

from netpos.errors import InputError, OptionError
from netpos.ingest import derive
from netpos.ingest.citations import read_mentions, write_citations
from netpos.ingest.discover import REFUSED, Source, find
from netpos.ingest.families import match_sources
from netpos.ingest.folders import check_same, fingerprint, locked, state, writing
from netpos.ingest.json_stream import MAX_RECORD
from netpos.ingest.parts import Part, hashes, parse, parts_to_json, read_part

#: Version of the tables' columns; a corpus of another version is refused.
SCHEMA_VERSION = 3
#: The tables of a corpus, each a Parquet file of this name.
TABLES = (
    "documents",
    "families",
    "applicants",
    "classifications",
    "citations",
    "outside",
    "members",
    "ledger",
)
Print = tuple[os.stat_result, str]
ROLES = ("seed", "context")

Report = Callable[[str], None]


@dataclass(frozen=True)
class Corpus:
    """The tables of a corpus, and its manifest.

    ``tables`` holds frames; with ``folder`` a table is read when it is first asked for.
    """

    manifest: dict[str, Any]
    folder: Path | None = None
    tables: dict[str, pl.DataFrame] = field(default_factory=dict)

    def table(self, name: str) -> pl.DataFrame:
        """Read a whole table."""
        if name not in self.tables:
            assert self.folder is not None  # one of the two is always given
            self.tables[name] = pl.read_parquet(self.folder / f"{name}.parquet")
        return self.tables[name]

    def scan(self, name: str) -> pl.LazyFrame:
        """Read a table lazily, so that only the columns and rows in question are loaded."""
        if name in self.tables or self.folder is None:
            return self.table(name).lazy()
        return pl.scan_parquet(self.folder / f"{name}.parquet")

    def columns(self, name: str, *columns: str) -> pl.DataFrame:
        """Read some columns of a table, not to be kept as a whole table is."""
        return self.scan(name).select(columns).collect()

    @property
    def documents(self) -> pl.DataFrame:
        """One row per publication kept."""
        return self.table("documents")

    @property
    def families(self) -> pl.DataFrame:
        """One row per simple family."""
        return self.table("families")

    @property
    def applicants(self) -> pl.DataFrame:
        """One row per family and party."""
        return self.table("applicants")

    @property
    def citations(self) -> pl.DataFrame:
        """One row per citing and cited family."""
        return self.table("citations")

    @property
    def ledger(self) -> pl.DataFrame:
        """One row per record not kept."""
        return self.table("ledger")

    @cached_property
    def counts(self) -> dict[str, int]:
        """Counts of the ingest: read = kept + rejected + duplicates, and more."""
        return dict(self.manifest["counts"])


def _write_json(path: Path, content: object) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    temporary.write_text(text, encoding="utf-8", newline="\n")
    temporary.replace(path)


def _manifest(folder: Path) -> dict[str, Any] | None:
    path = folder / "corpus.json"
    if not path.exists():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        version = found["schema"]
    except (ValueError, KeyError, TypeError) as error:
        remedy = "delete the folder and ingest the exports again"
        raise InputError("not the manifest of a corpus", file=path, remedy=remedy) from error
    if version != SCHEMA_VERSION:
        problem = f"the corpus has tables of version {version}, this netpos uses {SCHEMA_VERSION}"
        raise InputError(problem, file=folder, remedy="ingest the exports into a new folder")
    return dict(found)


def _whole(folder: Path, manifest: dict[str, Any]) -> bool:
    """Whether the tables are those of the manifest, all of them."""
    there = all((folder / f"{name}.parquet").exists() for name in TABLES)
    return manifest.get("state") == "complete" and there


def _idents(manifest: dict[str, Any]) -> list[tuple[Any, ...]]:
    """What the tables were made from."""
    return [(i["name"], i["ident"], i["role"], i["read"]) for i in manifest["inputs"]]


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder for this process, and take away what a run that was killed left."""
    with locked(folder):
        for left in (*folder.glob(".tables-*"), *folder.glob("records/.reading-*")):
            shutil.rmtree(left, ignore_errors=True)
        for left in folder.glob(".corpus.json.*.tmp"):
            left.unlink(missing_ok=True)
        yield


@contextlib.contextmanager
def reading(corpus: Corpus) -> Iterator[None]:
    """Keep others from changing a corpus on disk while its tables are read.

    Raises
    ------
    InputError
        Another run is changing it, or has changed it since it was opened.
    """
    if corpus.folder is None:
        yield
        return
    with locked(corpus.folder, shared=True):
        now = _manifest(corpus.folder)
        if (
            now is None
            or not _whole(corpus.folder, now)
            or _idents(now) != _idents(corpus.manifest)
        ):
            problem = "the corpus has changed since it was opened"
            raise InputError(problem, file=corpus.folder, remedy="run again")
        yield


def ingest(
    paths: Sequence[Path | str],
    folder: Path,
    *,
    role: str = "seed",
    processes: int | None = None,
    max_record: int = MAX_RECORD,
    report: Report | None = None,
    exactly: bool = False,
) -> Corpus:
    """Add exports to a corpus; what is already in it is not read again.

    Parameters
    ----------
    paths
        Files and folders with exports in any of the forms netpos reads.
    folder
        The corpus; made when absent.
    role
        ``seed``: the exports define the technologies. ``context``: they only give countries to
        the ends of links.
    processes
        Workers for large files; default: one per core.
    max_record
        Longest record held, in bytes.
    report
        Called with one line of progress at a time.
    exactly
        The corpus shall hold these exports and no others: what it held besides is taken out.

    Returns
    -------
    Corpus

    Raises
    ------
    InputError
        A file named by itself is no patent export, a file is damaged, or nothing can be read.
    OptionError
        ``role`` is unknown.
    """
    if role not in ROLES:
        raise OptionError(f"--role {role}: unknown", remedy=f"choose one of {', '.join(ROLES)}")
    say = report or (lambda _: None)
    sources = find(paths)
    readable = {s.path for s in sources if s.form not in REFUSED}
    named = {Path(p) for p in paths if not Path(p).is_dir()} - readable
    for source in sources:
        if source.form in REFUSED and source.path in named:
            raise InputError(source.why or "not an export", file=source.name)
    usable = [s for s in sources if s.form not in REFUSED]
    skipped = [{"name": s.name, "form": s.form, "why": s.why} for s in sources if s not in usable]
    for entry in skipped:
        say(f"skipped {entry['name']}: {entry['why']}")
    if not usable:
        first = ", ".join(map(str, paths))
        raise InputError("no patent export here", file=first, remedy="see 'netpos check'")
    return build(
        usable,
        folder,
        role=role,
        processes=processes,
        max_record=max_record,
        skipped=skipped,
        report=say,
        exactly=exactly,
    )


def build(
    sources: list[Source],
    folder: Path,
    *,
    role: str = "seed",
    processes: int | None = None,
    max_record: int = MAX_RECORD,
    skipped: list[dict[str, str | None]] | None = None,
    report: Report | None = None,
    exactly: bool = False,
) -> Corpus:
    """Add sources already found to a corpus; see `ingest`."""
    say, skipped = report or (lambda _: None), skipped or []
    with writing(folder):
        (folder / "records").mkdir(parents=True, exist_ok=True)
    with _locked(folder), writing(folder):
        manifest = _manifest(folder) or {"schema": SCHEMA_VERSION, "inputs": [], "skipped": []}
        _drop_unnamed(folder / "records", manifest)
        if exactly:
            manifest["skipped"] = []
        changed = _add(sources, folder, manifest, role, processes, max_record, say, exactly=exactly)
        manifest["skipped"] = sorted(
            {(e["name"], e["form"], e["why"]): e for e in manifest["skipped"] + skipped}.values(),
            key=lambda e: (e["name"], e["form"]),
        )
        if changed or not _whole(folder, manifest):
            _finish(folder, manifest, say)
            _drop_unnamed(folder / "records", manifest)
    return Corpus(manifest, folder)


def _add(
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
    workers = processes or len(os.sched_getaffinity(0))
    sizes = {item["bytes"] for item in manifest["inputs"]}
    prints = [
        fingerprint(s.path, s.name) if _size(s) in sizes else None for s in sources
    ]  # one of another size cannot be known: it is hashed while it is read
    changed = exactly and _only(manifest, _known(sources, prints), say)
    for source, found in zip(sources, prints, strict=True):
        if found is None and _size(source) in {item["bytes"] for item in manifest["inputs"]}:
            found = fingerprint(source.path, source.name)
        ident = found and _ident(source, found[1])
        known = next((i for i in manifest["inputs"] if i["ident"] == ident), None)
        longer = known is not None and max_record > known.get("max_record", MAX_RECORD)
        if known and longer and known["rejected"]:
            manifest["inputs"].remove(known)  # perhaps for length: read it again
        elif known:
            if known["role"] == "context" and role == "seed":
                known["role"], changed = "seed", True
            say(f"{source.name}: already in the corpus")
            continue
        parts, (before, digest) = _whole_parts(
            source, found, folder / "records", workers, max_record
        )
        read = sum(p.records + p.rejected for p in parts)
        notes = _notes(parts)
        manifest["inputs"].append(
            {
                "name": known["name"] if known else _free_name(source, digest, manifest),
                "ident": _ident(source, digest),
                "sha256": digest,
                "form": source.form,
                "bytes": before.st_size,
                "role": "seed" if known and known["role"] == "seed" else role,
                "read": read,
                "rejected": sum(p.rejected for p in parts),
                "parts": parts_to_json(parts),
                "notes": notes,
            }
            | ({} if max_record == MAX_RECORD else {"max_record": max_record})
        )
        changed = True
        say(f"{source.name}: {read:,} records read ({source.form})")
    manifest["inputs"].sort(key=lambda i: (i["name"], i["ident"]))
    return changed


def _ident(source: Source, digest: str) -> str:
    return digest if source.member is None else f"{digest}:{source.member}"


def _size(source: Source) -> int:
    try:
        return source.path.stat().st_size
    except OSError:
        return -1  # reading it will say why


def _known(sources: list[Source], prints: list[Print | None]) -> dict[str, Source]:
    """Sources by identity; those that cannot be in the corpus are left out."""
    pairs = zip(sources, prints, strict=True)
    return {_ident(source, found[1]): source for source, found in pairs if found}


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
    return [text if n < 0 else f"{n} {text}" for text, n in totals.items()]


def _free_name(source: Source, digest: str, manifest: dict[str, Any]) -> str:
    """The name of an export, told apart from another of that name read before."""
    taken = {i["name"] for i in manifest["inputs"]}
    if source.name not in taken:
        return source.name
    name = f"{source.name} ({digest[:8]})"
    return name if name not in taken else f"{name} ({source.member})"


def _whole_parts(
    source: Source, known: Print | None, records: Path, workers: int, max_record: int
) -> tuple[list[Part], Print]:
    """Write parts under a temporary name and move them when all are there.

    What has no fingerprint yet gets it meanwhile.
    """
    temporary = Path(mkdtemp(prefix=".reading-", dir=records))
    with ThreadPoolExecutor(1) as beside:
        try:
            before = known[0] if known else state(source.path, source.name)
            hashing = None
            if not known and not hashes(source):
                hashing = beside.submit(fingerprint, source.path, source.name)
            try:
                parsed = parse(source, temporary, "new", processes=workers, max_record=max_record)
                if known:
                    digest = known[1]
                elif hashing:
                    _, digest = hashing.result()
                else:
                    digest = parsed.digest or fingerprint(source.path, source.name)[1]
            finally:
                check_same(source.path, source.name, before)  # why whatever else went wrong
            stem = _ident(source, digest).replace(":", "-")[:16]
            stem += "" if source.member is None else f"-{source.member}"
            stem += "" if max_record == MAX_RECORD else f"-{max_record}"
            for path in sorted(temporary.iterdir()):
                path.replace(records / (stem + path.name.removeprefix("new")))
        except BrokenExecutor as error:
            problem = "a worker was stopped from outside, perhaps for want of memory"
            remedy = "close other programs or use --processes 1"
            raise InputError(problem, file=source.name, remedy=remedy) from error
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    parts = [replace(p, stem=stem + p.stem.removeprefix("new")) for p in parsed.parts]
    return parts, (before, digest)


def _drop_unnamed(records: Path, manifest: dict[str, Any]) -> None:
    """Take away parts that a run left which did not get as far as naming them."""
    named = {part["stem"] for item in manifest["inputs"] for part in item["parts"]}
    for path in records.glob("*.parquet"):
        if path.name.split(".", 1)[0] not in named:
            path.unlink(missing_ok=True)


def _details(folder: Path, manifest: dict[str, Any]) -> derive.Details:
    frames, bases, base = [], [], 0
    for item in manifest["inputs"]:
        for part in item["parts"]:
            frame = read_part(folder / "records", part["stem"], "records").with_columns(
                pl.col("line") + part["line_base"],
                file=pl.lit(item["name"]),
                role=pl.lit(item["role"]),
            )
            frames.append(frame)
            bases.append((part["stem"], base))
            base += frame.height
    records = pl.concat(frames).with_columns(record=pl.int_range(pl.len(), dtype=pl.Int32))
    return derive.Details(match_sources(records), bases, partial(read_part, folder / "records"))


def _rejected(folder: Path, manifest: dict[str, Any]) -> pl.DataFrame:
    frames = [
        read_part(folder / "records", part["stem"], "rejected").select(
            file=pl.lit(item["name"]),
            line=pl.col("line") + part["line_base"],
            outcome=pl.lit("rejected"),
            reason="reason",
        )
        for item in manifest["inputs"]
        for part in item["parts"]
    ]
    return pl.concat(frames)


def _finish(folder: Path, manifest: dict[str, Any], say: Report) -> None:
    """Make the tables from the records and replace those of the folder."""
    temporary = Path(mkdtemp(prefix=".tables-", dir=folder))
    try:
        _make(folder, temporary, manifest, say)
        _write_json(folder / "corpus.json", {**manifest, "state": "building"})
        for name in TABLES:
            (temporary / f"{name}.parquet").replace(folder / f"{name}.parquet")
        manifest["state"] = "complete"
        _write_json(folder / "corpus.json", manifest)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _make(folder: Path, temporary: Path, manifest: dict[str, Any], say: Report) -> None:
    """Write the tables into ``temporary``, each as soon as it is made, and fill in the counts."""
    details = _details(folder, manifest)

    def write(name: str, frames: Iterable[pl.DataFrame]) -> int:
        return _write_table(temporary / f"{name}.parquet", frames)

    with ThreadPoolExecutor(2) as beside:
        large = details.records.height > _SIDE_BY_SIDE
        mentions = None if large else beside.submit(read_mentions, details)
        docs, grouping, duplicates = derive.documents(details)
        rejected = _rejected(folder, manifest)
        ledger = pl.concat([rejected, duplicates]).sort("file", "line", "outcome")
        say(f"{docs.height:,} documents kept")
        write("documents", [docs.select(_DOCUMENT_COLUMNS)])
        write("ledger", [ledger])
        _account(manifest, docs, ledger)
        docs = docs.select(_NEEDED_COLUMNS)
        details = replace(details, records=details.records.select("office"))

        def others() -> None:
            """Tables that take as long as those of citations."""
            write("classifications", derive.class_table(details, docs))
            codes: list[pl.DataFrame] = []
            applicants = derive.applicant_table(*derive.parties(details, docs))
            write("applicants", _counting_codes(applicants, codes))
            manifest["residence_codes"] = _unusual_codes(codes)

        def of_families() -> int:
            write("members", [derive.member_table(grouping)])
            return write("families", [derive.family_table(docs)])

        meanwhile = beside.submit(others)
        if mentions is None:  # one after the other holds less
            meanwhile.result()
            found = read_mentions(details)
        else:
            found = mentions.result()
        rest = beside.submit(of_families) if not large else None
        counts = write_citations(details, found, docs, grouping, write)
        families = rest.result() if rest else of_families()
        meanwhile.result()
        outcome = dict(ledger.group_by("outcome").len().iter_rows())
        read = sum(i["read"] for i in manifest["inputs"])
        manifest["counts"] = {
            "read": read,
            "kept": docs.height,
            "rejected": outcome.get("rejected", 0),
            "duplicates": outcome.get("duplicate", 0),
            "no_inventions": int(docs["family"].null_count()),
            "families": families,
            **counts,
        }
    if read != docs.height + ledger.height:
        message = f"records do not add up: {manifest['counts']}"
        raise AssertionError(message)


#: Columns whose rows stand in order, or nearly: their differences are written, which is smaller.
_IN_ORDER = frozenset({"family", "citing_family", "cited_family", "outside", "line"})

#: Texts that hardly ever come twice.
_DIFFERENT = frozenset({"lens_id", "doc_number"})


def _encodings(table: pa.Table) -> dict[str, Any]:
    """How Parquet is to hold the columns of a table."""
    ordered = {f.name: "DELTA_BINARY_PACKED" for f in table.schema if f.name in _IN_ORDER}
    others = [
        f"{f.name}.list.element" if pa.types.is_large_list(f.type) else f.name
        for f in table.schema
        if f.name not in ordered
    ]
    return {
        "use_dictionary": [name for name in others if name not in _DIFFERENT],
        "column_encoding": ordered,
        "write_statistics": list(ordered),
    }


def _write_table(path: Path, frames: Iterable[pl.DataFrame]) -> int:
    """Write frames that follow each other as one table; how many rows.

    A frame is written while the next is made.
    """
    rows, writer, written = 0, None, None
    with ThreadPoolExecutor(1) as beside:
        try:
            for frame in frames:
                table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
                rows += frame.height
                del frame
                if writer is None:
                    writer = pq.ParquetWriter(
                        path, table.schema, compression="zstd", **_encodings(table)
                    )
                if written is not None:
                    written.result()
                written = beside.submit(writer.write_table, table)
                del table
            if written is not None:
                written.result()
        finally:
            beside.shutdown()
            if writer is not None:
                writer.close()
    return rows


#: What the other tables need of the documents.
_NEEDED_COLUMNS = (
    "record",
    "doc",
    "family",
    "family_id",
    "office",
    "doc_number",
    "kind",
    "published",
    "granted",
    "application_date",
    "earliest_priority",
    "priority_offices",
    "extended_source",
    "family_size",
    "utility",
    "role",
    "cites_count",
    "cited_by_count",
)
#: Up to so many documents the citations are made beside the other tables.
_SIDE_BY_SIDE = 400_000
_DOCUMENT_COLUMNS = (
    "lens_id",
    "family_id",
    "family",
    "office",
    "doc_number",
    "kind",
    "published",
    "granted",
    "publication_type",
    "legal_status",
    "application_date",
    "grant_date",
    "term_date",
    "discontinued_date",
    "utility",
    "role",
    "form",
    "file",
    "line",
)


def _counting_codes(
    tables: Iterable[pl.DataFrame], codes: list[pl.DataFrame]
) -> Iterator[pl.DataFrame]:
    """Pass tables of applicants on; count residence codes that were not simply kept."""
    for table in tables:
        odd = table.filter(
            pl.col("residence_as_filed").is_not_null() & (pl.col("repair") != "kept")
        )
        by = odd.group_by(code="residence_as_filed", country="residence", reason="repair")
        codes.append(by.agg(parties=pl.len()))
        yield table


def _unusual_codes(codes: list[pl.DataFrame]) -> list[dict[str, Any]]:
    """Residence codes that were repaired, replaced or not understood, with their number."""
    counted = pl.concat(codes).group_by("code", "country", "reason").agg(pl.col("parties").sum())
    return counted.sort("code", "country", "reason", nulls_last=True).to_dicts()


def _account(manifest: dict[str, Any], docs: pl.DataFrame, ledger: pl.DataFrame) -> None:
    """Give each input its own kept, rejected and duplicates."""
    kept = dict(docs.group_by("file").len().iter_rows())
    lost = {(f, o): n for f, o, n in ledger.group_by("file", "outcome").len().iter_rows()}
    for item in manifest["inputs"]:
        item["kept"] = kept.get(item["name"], 0)
        item["duplicates"] = lost.get((item["name"], "duplicate"), 0)


def open_corpus(folder: Path) -> Corpus:
    """Open a corpus made by `ingest`; one whose making was interrupted is finished first.

    Raises
    ------
    InputError
        The folder holds no corpus, or one with tables of another version.
    """
    manifest = _manifest(folder) if folder.is_dir() else None
    if manifest is None:
        raise InputError(
            "no corpus in this folder",
            file=folder,
            remedy="make one with 'netpos ingest EXPORT... --corpus DIR'",
        )
    if not _whole(folder, manifest):
        with _locked(folder), writing(folder):
            _finish(folder, manifest, lambda _: None)
    return Corpus(manifest, folder)


def read(paths: Iterable[Path | str] | Path | str, *, role: str = "seed") -> Corpus:
    """Read exports into memory, for use in a notebook.

    Parameters
    ----------
    paths
        One file or folder, or several.
    role
        See `ingest`.

    Returns
    -------
    Corpus
        With every table loaded; nothing is left on disk.
    """
    several = [paths] if isinstance(paths, str | Path) else list(paths)
    with TemporaryDirectory(prefix="netpos-") as folder:
        corpus = ingest(several, Path(folder), role=role)
        return Corpus(corpus.manifest, None, {t: corpus.table(t) for t in TABLES})
