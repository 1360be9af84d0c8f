"""The manifest of a corpus: what belongs to it, and whether its tables belong together."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NotRequired, TypedDict

from netpos.errors import InputError

#: Version of the tables' columns; a corpus of another version is refused.
SCHEMA_VERSION = 7
#: The tables of a corpus, each a Parquet file of this name.
TABLES = (
    "documents",
    "titles",
    "families",
    "applicants",
    "classifications",
    "citations",
    "outside",
    "members",
    "ledger",
)
_AGAIN = "delete the folder and ingest the exports again"


class _Part(TypedDict):
    stem: str
    records: int
    rejected: int
    line_base: int


class _Pages(TypedDict):
    totals: dict[int, int]
    errors: dict[str, int]


class _Input(TypedDict):
    name: str
    ident: str
    sha256: str
    form: str
    role: str
    bytes: int
    read: int
    rejected: int
    parts: list[_Part]
    notes: list[str]
    pages: NotRequired[_Pages]
    max_record: NotRequired[int]


class _Skipped(TypedDict):
    name: str
    form: str
    why: str | None


class _Manifest(TypedDict):
    inputs: list[_Input]
    skipped: list[_Skipped]


class _Table(TypedDict):
    bytes: int
    sha256: str


class _Code(TypedDict):
    code: str
    country: str | None
    reason: str
    parties: int


class _Late(TypedDict):
    file: str
    line: int
    lens_id: str
    date: dt.date


class _Complete(_Manifest):
    counts: dict[str, int]
    tables: dict[str, _Table]
    residence_codes: list[_Code]
    late: list[_Late]
    incomplete: list[str]
    newest: dt.date | None


_STEM = re.compile(r"[0-9A-Za-z-]+")


def write_json(path: Path, content: object) -> None:
    """Write a file of JSON, whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    temporary.write_text(text, encoding="utf-8", newline="\n")
    temporary.replace(path)


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """Return the manifest of a corpus, None where the folder has none.

    Raises
    ------
    InputError
        It is damaged, or of tables of another version.
    """
    path = folder / "corpus.json"
    if not path.exists():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError("not the manifest of a corpus", file=path, remedy=_AGAIN) from error
    version = found.get("schema") if isinstance(found, dict) else None
    if not isinstance(version, int) or isinstance(version, bool):
        raise InputError("not the manifest of a corpus", file=path, remedy=_AGAIN)
    if version != SCHEMA_VERSION:
        problem = f"the corpus has tables of version {version}, this netpos uses {SCHEMA_VERSION}"
        raise InputError(problem, file=folder, remedy="ingest the exports into a new folder")
    if why := _lacking(found):
        problem = f"the manifest of the corpus is damaged ({why})"
        raise InputError(problem, file=path, remedy=_AGAIN)
    return dict(found)


def _lacking(manifest: Mapping[str, Any]) -> str | None:
    """Tell what a manifest lacks, or has in a wrong form."""
    import msgspec  # takes a while to load; a new corpus has no manifest

    whole = manifest.get("state") == "complete"
    try:
        msgspec.convert(manifest, _Complete if whole else _Manifest, str_keys=True)
    except msgspec.ValidationError as error:
        return str(error)
    stems = [part["stem"] for item in manifest["inputs"] for part in item["parts"]]
    if not all(map(_STEM.fullmatch, stems)):
        return "the name of a part"
    if not whole:
        return None
    if not {"read", "kept", "rejected", "duplicates", "families"} <= set(manifest["counts"]):
        return "counts"
    return next((name for name in TABLES if name not in manifest["tables"]), None)


def is_whole(folder: Path, manifest: Mapping[str, Any]) -> bool:
    """Tell whether the tables of the manifest are there, all of them."""
    there = all((folder / f"{name}.parquet").exists() for name in TABLES)
    return manifest.get("state") == "complete" and there


def tables_of(folder: Path) -> dict[str, dict[str, Any]]:
    """Return size and SHA-256 of each table in a folder."""
    with ThreadPoolExecutor(2) as pool:
        return dict(
            zip(TABLES, pool.map(_told, [folder / f"{t}.parquet" for t in TABLES]), strict=True)
        )


def _told(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"bytes": path.stat().st_size, "sha256": digest}


def check_tables(folder: Path, manifest: Mapping[str, Any], *, sizes_only: bool = False) -> None:
    """See that the tables are those that were made together.

    Raises
    ------
    InputError
        One is another, cut, damaged or no file.
    """
    for name in TABLES:
        path = folder / f"{name}.parquet"
        if not path.is_file():
            raise InputError("not a table of the corpus", file=path, remedy=_AGAIN)
        if path.stat().st_size != manifest["tables"][name]["bytes"]:
            raise _other(path)
    if sizes_only:
        return
    for name, found in tables_of(folder).items():
        if found["sha256"] != manifest["tables"][name]["sha256"]:
            raise _other(folder / f"{name}.parquet")


def _other(path: Path) -> InputError:
    problem = "the tables of the corpus do not belong together: this one was changed or replaced"
    return InputError(problem, file=path, remedy=_AGAIN)
