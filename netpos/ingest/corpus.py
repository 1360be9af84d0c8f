"""The corpus: a folder of Parquet tables made from exports, which grows and never half-changes.

``records/`` holds the columns of each export as read; the tables beside it are made from them and
can be made again at any time. ``corpus.json`` names what belongs to the corpus and is replaced
last, so a run that is killed leaves either the corpus as it was or one that says it must be
finished, which the next command does by itself.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import TYPE_CHECKING, Any

import polars as pl

from netpos.errors import InputError, OptionError
from netpos.files import locked, writing
from netpos.ingest.manifest import (
    SCHEMA_VERSION,
    TABLES,
    check_tables,
    is_whole,
    read_manifest,
    tables_of,
    write_json,
)
from netpos.ingest.readers.json_stream import MAX_RECORD
from netpos.ingest.selection import Selection, select
from netpos.progress import Report
from netpos.signals import unbroken

if TYPE_CHECKING:
    from netpos.ingest.discover import Source

ROLES = ("seed", "context")


@dataclass(frozen=True)
class Corpus:
    """The tables of a corpus, and its manifest.

    ``tables`` holds frames; with ``folder`` a table is read when it is first asked for.
    """

    manifest: dict[str, Any]
    folder: Path | None = None
    tables: dict[str, pl.DataFrame] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Say in one line how large it is and where; the manifest has thousands of letters."""
        counts = self.manifest.get("counts", {})
        where = "in memory" if self.folder is None else str(self.folder)
        return (
            f"Corpus({counts.get('kept', 0):,} documents, {counts.get('families', 0):,} simple "
            f"families, {where})"
        )

    def _repr_html_(self) -> str:
        """Show in a notebook what it holds and what it was made from."""
        rows = "".join(
            f"<tr><td>{escape(str(i['name']))}</td><td>{escape(str(i['form']))}</td>"
            f"<td>{i['read']:,}</td><td>{i['kept']:,}</td></tr>"
            for i in self.manifest.get("inputs", [])[:10]
        )
        head = "<tr><th>file</th><th>form</th><th>records</th><th>kept</th></tr>"
        return f"<p>{escape(repr(self))}</p><table>{head}{rows}</table>"

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


def _idents(manifest: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Tell what the tables were made from."""
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
        now = read_manifest(corpus.folder)
        if (
            now is None
            or not is_whole(corpus.folder, now)
            or _idents(now) != _idents(corpus.manifest)
        ):
            problem = "the corpus has changed since it was opened"
            raise InputError(problem, file=corpus.folder, remedy="run again")
        check_tables(corpus.folder, now, sizes_only=True)
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
    nonpatent: bool = False,
    selection: Selection | None = None,
    later: bool = False,
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
    nonpatent
        Also keep which papers the documents name; the exports are read once more for that.
    selection
        Of bulk tables that are seeds, which documents to read; default: all.
    later
        Only read the exports; the tables are made when the corpus is next opened. Of several
        additions in a row each then costs what reading it costs.

    Returns
    -------
    Corpus
        With ``later``, one without tables and counts.

    Raises
    ------
    InputError
        A file named by itself is no patent export, a file is damaged, or nothing can be read.
    OptionError
        ``role`` is unknown.
    """
    from netpos.ingest.discover import REFUSED, find  # not to open a corpus
    from netpos.ingest.readers.family_tables import FORMS as FAMILY_TABLES
    from netpos.ingest.readers.family_tables import NO_SEED

    if role not in ROLES:
        raise OptionError(f"--role {role}: unknown", remedy=f"choose one of {', '.join(ROLES)}")
    say = report or (lambda _: None)
    sources = select(find(paths), selection if role == "seed" else None)
    if role == "seed":
        sources = [
            replace(s, form="other-patents", why=NO_SEED) if s.form in FAMILY_TABLES else s
            for s in sources
        ]
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
        nonpatent=nonpatent,
        later=later,
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
    nonpatent: bool = False,
    later: bool = False,
) -> Corpus:
    """Add sources already found to a corpus; see `ingest`."""
    from netpos.ingest.inputs import add, drop_unnamed, forget_read  # not to open a corpus

    say, skipped = report or (lambda _: None), skipped or []
    with writing(folder):
        (folder / "records").mkdir(parents=True, exist_ok=True)
    with _locked(folder), writing(folder):
        manifest = read_manifest(folder) or {"schema": SCHEMA_VERSION, "inputs": [], "skipped": []}
        drop_unnamed(folder / "records", manifest)
        if exactly:
            manifest["skipped"] = []
        changed = add(sources, folder, manifest, role, processes, max_record, say, exactly=exactly)
        manifest["skipped"] = sorted(
            {(e["name"], e["form"], e["why"]): e for e in manifest["skipped"] + skipped}.values(),
            key=lambda e: (e["name"], e["form"]),
        )
        if changed or not is_whole(folder, manifest):
            if later:
                _put_off(folder, manifest)
            else:
                _finish(folder, manifest, say)
            forget_read(folder / "records")
            drop_unnamed(folder / "records", manifest)
        else:
            check_tables(folder, manifest)
        if nonpatent:
            from netpos.ingest.nonpatent import add_references  # not for the others

            if add_references(sources, folder, manifest, max_record, say):
                write_json(folder / "corpus.json", manifest)
    return Corpus(manifest, folder)


def _put_off(folder: Path, manifest: dict[str, Any]) -> None:
    """Say in the manifest what the corpus holds, and that its tables must be made."""
    for name in ("counts", "tables"):  # they are of the tables before
        manifest.pop(name, None)
    manifest["state"] = "building"
    write_json(folder / "corpus.json", manifest)


def _finish(folder: Path, manifest: dict[str, Any], say: Report) -> None:
    """Make the tables from the records and replace those of the folder."""
    from netpos.ingest.making import make  # not where they are there

    temporary = Path(mkdtemp(prefix=".tables-", dir=folder))
    try:
        make(folder, temporary, manifest, say)
        manifest["tables"] = tables_of(temporary)
        with unbroken():
            write_json(folder / "corpus.json", {**manifest, "state": "building"})
            for name in TABLES:
                (temporary / f"{name}.parquet").replace(folder / f"{name}.parquet")
            manifest["state"] = "complete"
            write_json(folder / "corpus.json", manifest)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def open_corpus(folder: Path | str) -> Corpus:
    """Open a corpus made by `ingest`; one whose making was interrupted is finished first.

    Raises
    ------
    InputError
        The folder holds no corpus, or one with tables of another version.
    """
    folder = Path(folder)
    manifest = read_manifest(folder) if folder.is_dir() else None
    if manifest is None:
        raise InputError(
            "no corpus in this folder",
            file=folder,
            remedy="make one with 'netpos ingest EXPORT... --corpus DIR'",
        )
    if not is_whole(folder, manifest):
        with _locked(folder), writing(folder):
            _finish(folder, manifest, lambda _: None)
    else:
        check_tables(folder, manifest)
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

    Raises
    ------
    InputError, OptionError
        As for `ingest`; or what is given names no files.
    """
    several = [paths] if isinstance(paths, str | Path) else list(paths)
    wrong = next((p for p in several if not isinstance(p, str | Path)), None)
    if not several or wrong is not None or hasattr(paths, "columns"):
        given = paths if hasattr(paths, "columns") or wrong is None else wrong
        problem = f"exports of type {type(given).__name__}" if several else "no exports are named"
        raise OptionError(problem, remedy="name files or folders, as netpos.read('exports/')")
    with TemporaryDirectory(prefix="netpos-") as folder:
        corpus = ingest(several, Path(folder), role=role)
        return Corpus(corpus.manifest, None, {t: corpus.table(t) for t in TABLES})
