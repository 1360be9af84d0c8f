"""Non-patent references of a corpus: read apart, and only for runs that look at papers.

Each export gets one table beside its parts, named in the manifest by what it holds. An export that
has none was read without; it is refused by name, never taken for one without references.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from netpos.errors import InputError
from netpos.ingest.discover import Source, opened
from netpos.ingest.inputs import fingerprint_of, identity
from netpos.ingest.parts import read_part, recovered
from netpos.ingest.readers.json_stream import lines, objects
from netpos.ingest.readers.lens_header import split_header
from netpos.ingest.readers.nonpatent import (
    Named,
    read_csv,
    read_json,
    read_legacy,
    states_papers,
)
from netpos.progress import reach, stage
from netpos.tables import Schema

if TYPE_CHECKING:
    from netpos.ingest.corpus import Corpus

Report = Callable[[str], None]
#: Columns of the table of an export.
NAMED: Schema = {
    "line": pl.Int64,
    "document": pl.String,  # id of the citing document, as in ``documents.lens_id``
    "number": pl.Int32,  # references that the row stands for, see `readers.nonpatent.Named`
    "lens_id": pl.String,
    "doi": pl.String,
    "pmid": pl.String,
}
_TABLE = "nonpatent"
_ROWS = 200_000
_HEAD = 1 << 16


def add_references(
    sources: list[Source], folder: Path, manifest: dict[str, Any], max_record: int, say: Report
) -> bool:
    """Read the non-patent references of those exports that lack them; tell whether any did.

    Parameters
    ----------
    sources
        Exports at hand; those of the corpus that are not among them stay as they are.
    folder, manifest
        The corpus, locked by the caller, who writes the manifest.
    max_record
        Longest record held, in bytes.
    say
        Called with one line per export.
    """
    wanted = {i["ident"]: i for i in manifest["inputs"] if _TABLE not in i and i["parts"]}
    if not wanted:
        return False
    sizes = {i["bytes"] for i in wanted.values()}
    near = [s for s in sources if s.path.stat().st_size in sizes]
    changed = False
    with stage("reading non-patent references", len(near)):
        for number, source in enumerate(near, start=1):
            digest = fingerprint_of(source)[1]
            item = wanted.pop(identity(source, digest), None)
            if item is not None:
                item[_TABLE] = _add(source, item, folder / "records", max_record)
                found = item[_TABLE]
                changed = True
                say(
                    f"{source.name}: {found['references']:,} non-patent references, "
                    f"{found['identified']:,} with an identifier"
                    if found["stated"]
                    else f"{source.name}: this form lists no non-patent references"
                )
            reach(number)
    return changed


def _add(source: Source, item: dict[str, Any], records: Path, max_record: int) -> dict[str, Any]:
    table = pl.concat(list(_frames(source, max_record)))
    path = records / f"{item['parts'][0]['stem']}.{_TABLE}.parquet"
    temporary = path.with_suffix(".tmp")
    table.write_parquet(temporary, compression="zstd")
    temporary.replace(path)
    known = pl.any_horizontal(pl.col("lens_id", "doi", "pmid").is_not_null())
    return {
        "rows": table.height,
        "references": int(table["number"].sum()),
        "identified": int(table.filter(known)["number"].sum()),
        "stated": _states(source),
    }


def _frames(source: Source, max_record: int) -> Iterator[pl.DataFrame]:
    rows: list[Named] = []
    for row in named(source, max_record):
        rows.append(row)
        if len(rows) >= _ROWS:
            yield pl.DataFrame(rows, dict(NAMED), orient="row")
            rows.clear()
    yield pl.DataFrame(rows, dict(NAMED), orient="row")


def named(source: Source, max_record: int) -> Iterator[Named]:
    """Return the papers that the records of an export name; nothing of a form without them."""
    with opened(source.path, source.compression, source.member, source.encoding) as stream:
        if source.form == "lens-csv":
            yield from read_csv(stream, file=source.name, max_record=max_record)
        elif source.form == "lens-legacy-jsonl":
            cut = (
                lines(stream, max_record=max_record)
                if source.container is None
                else objects(stream, source.container, max_record=max_record)
            )
            yield from read_legacy(cut)
        elif source.form == "lens-jsonl":
            yield from read_json(lines(stream, max_record=max_record))
        elif source.form == "lens-json" and source.container is not None:
            found = objects(stream, source.container, max_record=max_record)
            yield from read_json(recovered(found))


def _states(source: Source) -> bool:
    """Tell whether the form of an export has non-patent references at all."""
    if source.form != "lens-csv":
        return source.form in ("lens-jsonl", "lens-json", "lens-legacy-jsonl")
    with opened(source.path, source.compression, source.member, source.encoding) as stream:
        return states_papers(split_header(stream.read(_HEAD).decode("utf-8", "replace")))


def references(corpus: Corpus) -> tuple[pl.DataFrame, list[str]]:
    """Return the papers that the families of a corpus name, and the files that can name none.

    Returns
    -------
    references : pl.DataFrame
        ``family`` Int32, ``counted`` Int32 [references that the row stands for; 0 for those of a
        record left out as a copy], ``lens_id``, ``doi``, ``pmid``.
    silent : list of str
        Exports of a form without non-patent references.

    Raises
    ------
    InputError
        An export was read without its non-patent references, or their table is damaged.
    """
    lacking = [i["name"] for i in corpus.manifest["inputs"] if _TABLE not in i and i["parts"]]
    if corpus.folder is None or lacking:
        what = ", ".join(lacking[:3]) or "this corpus"
        problem = f"the corpus does not hold the non-patent references of {what}"
        remedy = "give the exports to 'netpos ingest ... --nonpatent' or to 'netpos run' again"
        raise InputError(problem, file=corpus.folder or Path("corpus"), remedy=remedy)
    families = corpus.columns("documents", "lens_id", "family", "file", "line")
    families = families.rename({"lens_id": "document", "file": "of", "line": "at"})
    parts = [_EMPTY]
    for item in corpus.manifest["inputs"]:
        if not item["parts"]:
            continue
        table = read_part(corpus.folder / "records", item["parts"][0]["stem"], _TABLE)
        if dict(table.schema) != dict(NAMED) or table.height != item[_TABLE]["rows"]:
            remedy = "delete the folder of the corpus and ingest the exports again"
            problem = "the non-patent references of the corpus were replaced"
            raise InputError(problem, file=corpus.folder, remedy=remedy)
        own = (pl.col("of") == item["name"]) & (pl.col("at") == pl.col("line"))
        parts.append(
            table.join(families, on="document")
            .filter(pl.col("family").is_not_null())
            .select(
                "family",
                "lens_id",
                "doi",
                "pmid",
                counted=pl.when(own).then("number").otherwise(pl.lit(0, pl.Int32)),
            )
            .select(_EMPTY.columns)
        )
    silent = [i["name"] for i in corpus.manifest["inputs"] if not i.get(_TABLE, {}).get("stated")]
    found = pl.concat(parts).sort("family", "lens_id", "doi", "pmid", "counted")
    return found, silent


_EMPTY = pl.DataFrame(
    schema={
        "family": pl.Int32, "counted": pl.Int32, "lens_id": pl.String, "doi": pl.String,
        "pmid": pl.String,
    }
)  # fmt: skip
