"""RCA, complexity, relatedness and opportunity from a matrix: ``netpos complexity``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl

import netpos
from netpos.indicators.complexity import complexity_tables
from netpos.ingest.parts import sha256
from netpos.ingest.user_tables import read_matrix
from netpos.outputs import Outputs, make_folder
from netpos.tables import rounded

Report = Callable[[str], None]


def analyse_matrix(file: Path, out: Path, *, report: Report | None = None) -> Path:
    """RCA, complexity, fitness, relatedness and opportunity from ``country,product,value[,year]``.

    Parameters
    ----------
    file
        The matrix, one row per cell.
    out
        Where the tables go.
    report
        Called with one line of progress at a time.

    Returns
    -------
    Path
        The table of countries.

    Raises
    ------
    InputError, TableError
        The matrix cannot be used.
    """
    say = report or (lambda _: None)
    matrix = read_matrix(file)
    matrix = matrix.with_columns(pl.col("value").fill_null(0.0))
    tables = complexity_tables(matrix)
    for note in tables["notes"]["note"].to_list():
        say(f"note: {note}")
    manifest: dict[str, object] = {
        "netpos": netpos.__version__,
        "inputs": [{"name": file.name, "sha256": sha256(file)}],
        "options": {},
        "warnings": tables["notes"]["note"].to_list(),
    }
    make_folder(out)
    with Outputs(out) as outputs:
        for name, found in tables.items():
            outputs.table(name, rounded(found))
        outputs.finish(manifest)
    return out / "tables" / "countries.csv"
