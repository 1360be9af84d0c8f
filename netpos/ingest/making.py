"""The tables of a corpus, made from the parts of its inputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any, TypeVar

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from netpos.errors import InputError
from netpos.ingest import derive
from netpos.ingest.citations import write_citations
from netpos.ingest.context import Cut
from netpos.ingest.context import cut as cut_context
from netpos.ingest.copies import unite
from netpos.ingest.details import Details, Origin
from netpos.ingest.documents import Documents, member_table, title_table
from netpos.ingest.families import group
from netpos.ingest.inputs import cores
from netpos.ingest.mentions import Mentions
from netpos.ingest.parties import applicant_table, parties
from netpos.ingest.parts import read_part
from netpos.ingest.remarks import (
    beyond,
    cut_told,
    incomplete,
    late_lines,
    newest_plausible,
    one_office,
)
from netpos.progress import Report, shared

T = TypeVar("T")
#: Share of the work that each table takes, in per cent of all; copies and families come first.
_SHARES = {
    "copies and families": 15,
    "documents": 5,
    "titles": 3,
    "classifications": 12,
    "applicants": 25,
    "members": 2,
    "families": 8,
    "outside": 15,
    "citations": 15,
}


def make(folder: Path, temporary: Path, manifest: dict[str, Any], say: Report) -> None:
    """Write the tables into ``temporary``, each as soon as it is made, and fill in the counts."""
    with shared("making the tables", sum(_SHARES.values())) as done:
        _make(folder, temporary, manifest, say, done)


def _until(stopped: Event, items: Iterable[T]) -> Iterator[T]:
    """Yield items until the work beside them has failed or was stopped: nobody waits for them."""
    for item in items:
        if stopped.is_set():
            raise CancelledError
        yield item


def _make(
    folder: Path,
    temporary: Path,
    manifest: dict[str, Any],
    say: Report,
    done: Callable[[float], None],
) -> None:
    stopped = Event()
    details, cut = _details(folder, manifest)
    if cut is not None:
        say(cut_told(manifest))

    def write(name: str, frames: Iterable[pl.DataFrame]) -> int:
        rows = _write_table(temporary / f"{name}.parquet", _until(stopped, frames))
        done(_SHARES.get(name, 0))
        return rows

    with ThreadPoolExecutor(1 if cores() < 3 else 2) as beside, _told_to_stop(stopped):
        large = details.height > _SIDE_BY_SIDE
        mentions = None if large else beside.submit(Mentions, details, hold=True)
        copies = unite(details)
        grouping = group(copies, details)
        done(_SHARES["copies and families"])
        rejected = _rejected(folder, manifest)
        ledger = pl.concat([rejected, copies.duplicates]).sort("file", "line", "outcome")

        def classes() -> None:
            write("classifications", derive.class_table(details, grouping, temporary))

        early = None if large else beside.submit(classes)  # they need the families alone
        docs = Documents(details, copies, grouping, temporary)
        say(f"{docs.height:,} documents kept")
        kept = _write_documents(docs, temporary)
        done(_SHARES["documents"] + _SHARES["titles"])
        filed = pl.coalesce("earliest_priority", "application_date").alias("filed")
        dates = docs.read(
            *("published", "earliest_priority", "application_date"),
            chosen=lambda part: part.select("published", filed),
        )
        newest = newest_plausible(dates["published"], dates["filed"])
        del dates
        late = beyond(docs, newest)
        for line in late_lines(late, newest):
            say(line)
        manifest["newest"] = None if newest is None else newest.isoformat()
        manifest["late"] = late
        of_office = docs.read("role", "office", chosen=lambda part: part.unique())
        manifest["one_office"] = one_office(of_office)
        manifest["incomplete"] = incomplete(manifest["inputs"], ledger)
        for sentence in manifest["incomplete"]:
            say(sentence)
        write("ledger", [ledger])
        _account(manifest, kept, ledger)

        def others() -> None:
            """Return tables that take as long as those of citations."""
            if early is None:
                classes()
            codes: list[pl.DataFrame] = []
            applicants = applicant_table(parties(details, copies, docs, temporary))
            write("applicants", _counting_codes(applicants, codes))
            manifest["residence_codes"] = _unusual_codes(codes)

        def of_families() -> int:
            write("members", together(member_table(grouping)))
            at = derive.family_offices(details, grouping, docs)
            columns = derive.FAMILY_COLUMNS
            tables = (derive.family_table(part, at) for part in docs.parts(*columns))
            return write("families", together(tables))

        meanwhile = beside.submit(others)
        if mentions is None:  # one after the other holds less
            meanwhile.result()
            found = Mentions(details, hold=False)
        else:
            found = mentions.result()
        rest = beside.submit(of_families) if not large else None
        counts = write_citations(details, found, docs, grouping, copies, write, temporary)
        families = rest.result() if rest else of_families()
        meanwhile.result()
        if early is not None:
            early.result()
        outcome = dict(ledger.group_by("outcome").len().iter_rows())
        read = sum(i["read"] - i.get("passed_over", 0) for i in manifest["inputs"])
        if cut is not None:
            counts |= {
                "passed_over": sum(i.get("passed_over", 0) for i in manifest["inputs"]),
                "context_mentions_outside": sum(cut.left_out.values()),
            }
        manifest["counts"] = {
            "read": read,
            "kept": docs.height,
            "rejected": outcome.get("rejected", 0),
            "duplicates": outcome.get("duplicate", 0),
            "no_inventions": int((grouping.family[copies.mask] < 0).sum()),
            "families": families,
            **counts,
        }
    if read != docs.height + ledger.height:
        message = f"records do not add up: {manifest['counts']}"
        raise AssertionError(message)


@contextmanager
def _told_to_stop(stopped: Event) -> Iterator[None]:
    """Tell the threads when this block fails, before their pool waits for them."""
    try:
        yield
    except BaseException:  # whatever it is: the threads end first, then it is raised again
        stopped.set()
        raise


def _details(folder: Path, manifest: dict[str, Any]) -> tuple[Details, Cut | None]:
    numbers, bases, origins, base = [], [], {}, 0
    open_part = partial(read_part, folder / "records")
    chosen = cut_context(manifest["inputs"], open_part)
    for item in manifest["inputs"]:
        item.pop("passed_over", None)
        for part in item["parts"]:
            stem = part["stem"]
            frame = open_part(stem, "records", ["doc"])
            if frame.height != part["records"]:
                remedy = "delete the folder of the corpus and ingest the exports again"
                raise InputError("a part of the corpus was replaced", file=folder, remedy=remedy)
            if chosen is not None:
                frame = chosen.records(stem, frame)
                if stem in chosen.rows:
                    over = item.get("passed_over", 0)
                    item["passed_over"] = over + chosen.passed_over(stem)
            numbers.append(frame["doc"].to_numpy())
            bases.append((stem, base))
            origins[stem] = Origin(item["name"], item["role"], part["line_base"])
            base += frame.height
    doc = np.concatenate(numbers)
    return Details(doc, bases, open_part if chosen is None else chosen.open, origins), chosen


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


#: Columns whose rows stand in order, or nearly: their differences are written, which is smaller.
_IN_ORDER = frozenset({"document", "family", "citing_family", "cited_family", "outside", "line"})

#: Texts that hardly ever come twice.
_DIFFERENT = frozenset({"lens_id", "doc_number", "title"})


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


#: As many rows as pyarrow puts into a group at most.
_ROWS = 1 << 20


def _groups_of_rows(frame: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Cut a frame where Parquet does, so that the file is the same; one without rows is whole."""
    yield from frame.iter_slices(_ROWS) if frame.height else [frame]


class _Rows:
    """Frames that follow each other put together, and cut as one frame is."""

    def __init__(self) -> None:
        self._held: list[pl.DataFrame] = []
        self._given = False

    def put(self, frame: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """Take a frame, and give those that are full."""
        self._held.append(frame)
        while (rows := sum(f.height for f in self._held)) >= _ROWS:
            whole = pl.concat(self._held)
            yield whole.head(_ROWS).rechunk()
            self._held, self._given = [whole.tail(rows - _ROWS)], True

    def rest(self) -> Iterator[pl.DataFrame]:
        """Give what is left; at least one frame is given in all."""
        if not self._given or any(f.height for f in self._held):
            yield pl.concat(self._held).rechunk()


def together(frames: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Put frames that follow each other together, and cut them as one frame is."""
    rows = _Rows()
    for frame in frames:
        yield from rows.put(frame)
    yield from rows.rest()


class _Writer:
    """Write frames that follow each other as one table.

    A frame is written while the next is made; of a large one a group of rows at a time is turned
    into what Parquet takes.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._beside = ThreadPoolExecutor(1)
        self._writer: Any = None
        self._written: Any = None
        self.rows = 0

    def __enter__(self) -> _Writer:
        return self

    def put(self, frame: pl.DataFrame) -> None:
        """Write a frame behind those before."""
        for piece in _groups_of_rows(frame):
            table = piece.to_arrow(compat_level=pl.CompatLevel.oldest())
            self.rows += piece.height
            del piece
            if self._writer is None:
                self._writer = pq.ParquetWriter(
                    self._path, table.schema, compression="zstd", **_encodings(table)
                )
            if self._written is not None:
                self._written.result()
            self._written = self._beside.submit(self._writer.write_table, table)
            del table

    def __exit__(self, kind: object, *rest: object) -> None:
        try:
            if self._written is not None and kind is None:
                self._written.result()
        finally:
            self._beside.shutdown()
            if self._writer is not None:
                self._writer.close()


def _write_table(path: Path, frames: Iterable[pl.DataFrame]) -> int:
    """Write frames that follow each other as one table; how many rows."""
    with _Writer(path) as writer:
        for frame in frames:
            writer.put(frame)
            del frame
    return writer.rows


def _write_documents(docs: Documents, folder: Path) -> dict[str, int]:
    """Make the documents and write them and their titles; how many each export gives."""
    counts: Counter[str] = Counter()
    titles = _Rows()
    with _Writer(folder / "titles.parquet") as of_titles:

        def tables() -> Iterator[pl.DataFrame]:
            first = 0
            for part in docs.made():
                counts.update(dict(part.group_by("file").len().iter_rows()))
                found = title_table(part).with_columns(pl.col("document") + first)
                first += part.height
                for frame in titles.put(found):
                    of_titles.put(frame)
                yield part.select(_DOCUMENT_COLUMNS)

        _write_table(folder / "documents.parquet", together(tables()))
        for frame in titles.rest():
            of_titles.put(frame)
    return dict(counts)


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


def _account(manifest: dict[str, Any], kept: dict[str, int], ledger: pl.DataFrame) -> None:
    """Give each input its own kept, rejected and duplicates."""
    lost = {(f, o): n for f, o, n in ledger.group_by("file", "outcome").len().iter_rows()}
    for item in manifest["inputs"]:
        item["kept"] = kept.get(item["name"], 0)
        item["duplicates"] = lost.get((item["name"], "duplicate"), 0)
