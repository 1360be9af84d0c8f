"""A folder of results as a later command reads it: run.json, tables, and what the run saw."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import BaseModel, ConfigDict, ValidationError

from netpos.errors import InputError
from netpos.files import check_name
from netpos.ingest.corpus import Corpus

_REMEDY = "name the --out folder of a run"


class Input(BaseModel):
    """An export of a run."""

    model_config = ConfigDict(strict=True)

    name: str
    sha256: str
    role: str = "seed"
    read: int = 0


class KeptFile(BaseModel):
    """A file that an option named: its SHA-256, and where in the results it lies."""

    model_config = ConfigDict(strict=True)

    sha256: str
    kept: str


class Run(BaseModel):
    """What ``run.json`` says of a run; one over the user's own tables has no corpus and counts."""

    model_config = ConfigDict(strict=True)

    netpos: str
    libraries: dict[str, str] = {}
    inputs: list[Input]
    options: dict[str, Any]
    counts: dict[str, int] = {}
    corpus: str | None = None
    data_date: str | None = None
    option_files: dict[str, KeptFile] = {}


def open_run(folder: Path) -> Run:
    """Read the ``run.json`` of a results folder.

    Raises
    ------
    InputError
        The folder holds no results of netpos, or damaged ones.
    """
    path = folder / "run.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError("no results of netpos here", file=folder, remedy=_REMEDY) from error
    try:
        return Run.model_validate(found)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the whole"
        problem = f"not what netpos writes after a run ({place}: {first['msg'].lower()})"
        raise InputError(problem, file=path, remedy=_REMEDY) from error


def results_table(folder: Path, name: str, columns: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """Read a table of the results.

    Parameters
    ----------
    folder
        The results.
    name
        Of the table, without an ending.
    columns
        Columns that must be there, with their types.

    Raises
    ------
    InputError
        It is missing, damaged, or lacks a column.
    """
    path = folder / "tables" / f"{name}.parquet"
    try:
        found = pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        missing = isinstance(error, FileNotFoundError)
        problem = "this table is missing" if missing else "this table cannot be read"
        raise InputError(problem, file=path, remedy="run again") from error
    for column, dtype in columns.items():
        if found.schema.get(column) != dtype:
            problem = f"the column '{column}' is missing or of another type"
            raise InputError(problem, file=path, remedy="run again")
    return found


def corpus_of(folder: Path, run: Run) -> Path:
    """Return where the corpus of a run lies.

    Raises
    ------
    InputError
        The run had none on disk.
    """
    if run.corpus is None:
        problem = "these results were not made from a corpus on disk"
        remedy = "name the --out folder of 'netpos run' or 'analyse'"
        raise InputError(problem, file=folder, remedy=remedy)
    found = folder / run.corpus
    check_name(found)
    return found


def check_unchanged(folder: Path, run: Run, corpus: Corpus) -> None:
    """See that a corpus still holds the exports that a run saw, and no others.

    Raises
    ------
    InputError
        It has grown, shrunk or been made anew from other files.
    """
    saw = [(i.name, i.sha256, i.role, i.read) for i in run.inputs]
    now = [
        (i["name"], i["sha256"], i["role"], i["read"]) for i in corpus.manifest.get("inputs", [])
    ]
    if saw != now or run.counts != corpus.counts:
        problem = "the corpus has changed since these results were made"
        raise InputError(problem, file=folder, remedy="run again")
