"""The files of a run, each written whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl

from netpos.errors import InputError
from netpos.viz.write import write_bytes, write_text


def make_folder(out: Path) -> None:
    """Make the folder for the results.

    Raises
    ------
    InputError
        It cannot be made.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        problem = f"cannot make this folder ({error.strerror})"
        raise InputError(problem, file=out, remedy="choose another --out") from error


class Outputs:
    """The files of a run: what is written now, and what an earlier run left behind."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.names: list[str] = []

    def text(self, name: str, content: str) -> None:
        """Write a text file."""
        write_text(self.out / name, content)
        self.names.append(name)

    def bytes(self, name: str, content: bytes) -> None:
        """Write a binary file."""
        write_bytes(self.out / name, content)
        self.names.append(name)

    def csv(self, name: str, table: pl.DataFrame) -> None:
        """Write a table as CSV."""
        self.text(name, table.write_csv(null_value=""))

    def table(self, name: str, table: pl.DataFrame) -> None:
        """Write ``tables/<name>.csv`` and ``.parquet``."""
        self.csv(f"tables/{name}.csv", table)
        path = self.out / "tables" / f".{name}.parquet.tmp"
        table.write_parquet(path, compression="zstd")
        path.replace(self.out / "tables" / f"{name}.parquet")
        self.names.append(f"tables/{name}.parquet")

    def finish(self, manifest: dict[str, object]) -> None:
        """Take away files of the run before that this one has not; write ``run.json`` last."""
        before: list[str] = []
        path = self.out / "run.json"
        if path.exists():
            try:
                before = json.loads(path.read_text(encoding="utf-8"))["outputs"]
            except (ValueError, KeyError, TypeError):
                before = []
        for name in set(before) - set(self.names):
            old = self.out / name
            if not Path(name).is_absolute() and ".." not in Path(name).parts:
                old.unlink(missing_ok=True)
        manifest["outputs"] = sorted(self.names)
        text = json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        write_bytes(path, text.encode())
