"""The manifest of a corpus: what belongs to it, and whether its tables belong together."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from netpos.errors import InputError

#: Version of the tables' columns; a corpus of another version is refused.
SCHEMA_VERSION = 5
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
_AGAIN = "delete the folder and ingest the exports again"
_INPUT = {
    **dict.fromkeys(("name", "ident", "sha256", "form", "role"), str),
    **dict.fromkeys(("bytes", "read", "rejected"), int),
    **dict.fromkeys(("parts", "notes"), list),
}
_PART = {"stem": str, "records": int, "rejected": int, "line_base": int}
_COMPLETE = {"counts": dict, "tables": dict, "residence_codes": list, "late": list}
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
    inputs, skipped = manifest.get("inputs"), manifest.get("skipped")
    if not isinstance(inputs, list) or not isinstance(skipped, list):
        return "inputs and skipped are no lists"
    for item in inputs:
        if why := _wrong(item, _INPUT, "an input"):
            return why
        for part in item["parts"]:
            if why := _wrong(part, _PART, "a part"):
                return why
            if not _STEM.fullmatch(part["stem"]):
                return "the name of a part"
    for item in skipped:
        if why := _wrong(item, {"name": str, "form": str}, "a file skipped"):
            return why
    if manifest.get("state") != "complete":
        return None
    if why := _wrong(manifest, _COMPLETE, "the whole"):
        return why
    if not all(isinstance(n, int) for n in manifest["counts"].values()):
        return "counts"
    if not {"read", "kept", "rejected", "duplicates", "families"} <= set(manifest["counts"]):
        return "counts"
    for name in TABLES:
        if why := _wrong(manifest["tables"].get(name), {"bytes": int, "sha256": str}, name):
            return why
    return None


def _wrong(found: object, fields: Mapping[str, type], what: str) -> str | None:
    if not isinstance(found, dict):
        return f"{what} is no object"
    bad = [k for k, kind in fields.items() if not isinstance(found.get(k), kind)]
    return f"{what}: {bad[0]}" if bad else None


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
