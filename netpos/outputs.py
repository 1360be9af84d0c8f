"""The results of a run, put in place all together or not at all.

Files are written into ``.netpos-new/`` inside the results and moved when the last one is there, so
that a run that fails or is killed leaves the results before it as they were. A run killed while
files move is completed by the next one; until then there is no ``run.json``.
"""

from __future__ import annotations

import io
import json
import shutil
import weakref
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path, PureWindowsPath
from types import TracebackType

import polars as pl

from netpos.errors import InputError
from netpos.files import encoded, locked, write_bytes, write_chunks, write_text, writing
from netpos.signals import unbroken

Chunks = Iterable[bytes]

#: Where files wait, and what is found there when moving has begun.
_NEW, _MOVING = ".netpos-new", "moving.json"
#: Rows of a table that become text at a time.
_ROWS = 100_000
#: Rows in a group of a Parquet file, so that not all of a table's texts are made at once.
_ROWS_IN_GROUP = 1 << 18
#: Held by the run that writes; gone afterwards.
_LOCK = ".netpos-lock"


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


def _dump(content: object) -> bytes:
    return (json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _inside(name: str) -> bool:
    """Whether a name from an old ``run.json`` stays inside the results on every system."""
    windows = PureWindowsPath(name)
    return bool(name) and not windows.anchor and ".." not in windows.parts


class Outputs:
    """The files of a run: what is written now, and what an earlier run left behind.

    Parameters
    ----------
    folder
        The results, a folder that exists. It is held until `finish` or `close`.

    Attributes
    ----------
    out
        Where the files wait: write here what no method writes.
    names
        Of the files, below the results.
    synthetic
        The data are made up: each table says so, CSV in a last column, Parquet in its metadata.

    Raises
    ------
    InputError
        Another run holds the folder, or it cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.out = folder, folder / _NEW
        self.names: list[str] = []
        self.synthetic = False
        self._held = ExitStack()
        self._held.enter_context(locked(folder, _LOCK, keep=False))
        self._end = weakref.finalize(self, _leave, self.out, self._held)
        try:
            self._recover()
            with writing(folder):
                self.out.mkdir()
        except BaseException:  # whatever it is: let go, then raise it again
            self.close()
            raise

    def __enter__(self) -> Outputs:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Delete staged files and release the lock; after `finish` there are none."""
        with unbroken():  # what is called once does all it does
            self._end()

    def text(self, name: str, content: str) -> None:
        """Write a text file."""
        with writing(self.folder):
            write_text(self.out / name, content)
        self.names.append(name)

    def bytes(self, name: str, content: bytes | memoryview) -> None:
        """Write a binary file."""
        with writing(self.folder):
            write_bytes(self.out / name, content)
        self.names.append(name)

    def chunks(self, name: str, chunks: Chunks) -> None:
        """Write a binary file chunk by chunk."""
        with writing(self.folder):
            write_chunks(self.out / name, chunks)
        self.names.append(name)

    def csv(self, name: str, table: pl.DataFrame) -> None:
        """Write a table as CSV, some rows at a time: its text would be larger than the table."""
        with writing(self.folder):
            write_chunks(self.out / name, _csv(marked(table) if self.synthetic else table))
        self.names.append(name)

    def table(self, name: str, table: pl.DataFrame) -> None:
        """Write ``tables/<name>.csv`` and ``.parquet``."""
        self.csv(f"tables/{name}.csv", table)
        buffer = io.BytesIO()
        texts = table.lazy().with_columns(pl.selectors.enum().cast(pl.String))
        said = {"synthetic": "true"} if self.synthetic else None
        texts.sink_parquet(buffer, compression="zstd", row_group_size=_ROWS_IN_GROUP, metadata=said)
        self.bytes(f"tables/{name}.parquet", buffer.getbuffer())

    def finish(self, manifest: dict[str, object]) -> None:
        """Put the files in place, take away those only the run before had, ``run.json`` last."""
        with writing(self.folder):
            manifest |= {"outputs": sorted(self.names), "synthetic": self.synthetic}
            write_bytes(self.out / "run.json", _dump(manifest))
            self._check_places()
            old = sorted(set(_outputs_of(self.folder / "run.json")) - set(self.names))
            with unbroken():
                write_bytes(self.out / _MOVING, _dump({"old": [n for n in old if _inside(n)]}))
                self._move()
        self.close()

    def _waiting(self) -> list[str]:
        """Names of the files that wait, ``run.json`` last."""
        found = sorted(p.relative_to(self.out) for p in self.out.rglob("*") if p.is_file())
        own = (_MOVING, "run.json")
        return [*(p.as_posix() for p in found if p.as_posix() not in own), "run.json"]

    def _check_places(self) -> None:
        """See that each file can take its place, before the first one does."""
        for name in self._waiting():
            place = self.folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            if place.is_dir():
                problem = "a folder is where a file of the results goes"
                raise InputError(problem, file=place, remedy="move it away")

    def _move(self) -> None:
        """Move what waits; can be called again where it stopped."""
        if (self.out / "run.json").exists():
            (self.folder / "run.json").unlink(missing_ok=True)
            for name in json.loads((self.out / _MOVING).read_text(encoding="utf-8"))["old"]:
                if (self.folder / name).is_file():
                    with _closed(self.folder / name):
                        (self.folder / name).unlink()
            for name in self._waiting():
                place = self.folder / name
                place.parent.mkdir(parents=True, exist_ok=True)
                with _closed(place):
                    (self.out / name).replace(place)
        (self.out / _MOVING).unlink()

    def _recover(self) -> None:
        """Complete the moving of a run that was killed, or drop what one left behind."""
        with writing(self.folder):
            if (self.out / _MOVING).exists():
                with unbroken():
                    self._move()
            if self.out.exists():
                shutil.rmtree(self.out)


@contextmanager
def _closed(place: Path) -> Iterator[None]:
    """Say what to do where a file of the run before cannot go, as it is open in a spreadsheet."""
    try:
        yield
    except PermissionError as error:  # only Windows refuses
        reason = f"this file cannot be replaced ({error.strerror})"
        remedy = "close it where it is open and run again"
        raise InputError(reason, file=place, remedy=remedy) from error


def marked(table: pl.DataFrame) -> pl.DataFrame:
    """Add the column by which a table of made-up data says so wherever its file goes.

    Examples
    --------
    >>> marked(pl.DataFrame({"country": ["NL"]})).rows(named=True)
    [{'country': 'NL', 'synthetic': True}]
    """
    return table.with_columns(synthetic=pl.lit(value=True))


def _csv(table: pl.DataFrame) -> Iterator[bytes]:
    """Return the header, then rows, as `polars.DataFrame.write_csv` writes them at once."""
    yield encoded(table.clear().write_csv(null_value=""))
    for part in table.iter_slices(_ROWS):
        yield encoded(part.write_csv(null_value="", include_header=False))


def _outputs_of(path: Path) -> list[str]:
    """Names of the files of the run before, as its ``run.json`` lists them."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["outputs"]
        return [name for name in found if isinstance(name, str)]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _leave(new: Path, held: ExitStack) -> None:
    """Delete staged files, unless they are moving, and release the lock."""
    if not (new / _MOVING).exists():
        shutil.rmtree(new, ignore_errors=True)
    held.close()
