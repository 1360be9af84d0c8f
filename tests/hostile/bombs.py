"""Small files that unpack to large ones, and long lines; ``python -m tests.hostile.bombs``.

Everything is written in pieces, so that making a file of 10 GB takes no memory either.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import zstandard

from tests.conftest import ROOT
from tests.lens import record

MIB = 2**20
#: Memory a netpos that reads any of these may use, in MiB: one record of 64 MiB and copies of it.
MEMORY = 420


def line(n: int) -> bytes:
    return json.dumps(record(n)).encode() + b"\n"


def halves(n: int) -> tuple[bytes, bytes]:
    """A record to put a long text into; its members come before the text."""
    text = json.dumps(record(n, members=[n, n + 1000]) | {"abstract": "@"}).encode()
    before, after = text.split(b"@")
    return before, after


Piece = tuple[bytes, int]


def endless(fill: bytes, size: int) -> list[Piece]:
    """Two records, then nothing but one sign, then one more record."""
    return [(line(1) + line(2), 1), (fill * MIB, size), (b"\n" + line(3), 1)]


def long_line(size: int) -> list[Piece]:
    before, after = halves(5)
    return [(line(4) + before, 1), (b"x" * MIB, size), (after + b"\n" + line(6), 1)]


def long_item(size: int) -> list[Piece]:
    before, after = halves(8)
    first = b"[" + line(7).rstrip() + b",\n" + before
    return [(first, 1), (b"x{}" * (MIB // 3), size), (after + b",\n" + line(9).rstrip() + b"]", 1)]


def long_cell(size: int) -> list[Piece]:
    head = b"Lens ID,Jurisdiction,Kind,Title\n"
    rows = [f"{record(n)['lens_id']},EP,A1,".encode() for n in (10, 11, 12)]
    first = head + rows[0] + b"x\n" + rows[1] + b'"'
    return [(first, 1), (b"x" * MIB, size), (b'"\n' + rows[2] + b"x\n", 1)]


def pieces_of(parts: list[Piece]) -> Iterator[bytes]:
    for content, times in parts:
        for _ in range(times):
            yield content


def write_gz(path: Path, parts: list[Piece]) -> Path:
    """Gzip is a chain of members: one is compressed once and written many times."""
    with path.open("wb") as file:
        for content, times in parts:
            member = gzip.compress(content, 9, mtime=0)
            for _ in range(times):
                file.write(member)
    return path


def write_zst(path: Path, parts: list[Piece]) -> Path:
    with path.open("wb") as file:
        for content, times in parts:
            frame = zstandard.ZstdCompressor(level=3).compress(content)
            for _ in range(times):
                file.write(frame)
    return path


def write_plain(path: Path, parts: list[Piece]) -> Path:
    with path.open("wb") as file:
        for content in pieces_of(parts):
            file.write(content)
    return path


def write_zip(path: Path, members: dict[str, list[Piece]]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, parts in members.items():
            with archive.open(name, "w", force_zip64=True) as file:
                for content in pieces_of(parts):
                    file.write(content)
    return path


class Used(NamedTuple):
    """What a command cost and said."""

    code: int
    seconds: float
    memory: float
    said: str


#: Starts a command and writes its status, processor seconds and most memory. The system counts the
#: memory of a process from its parent's on, so the parent is this small one and not the tests.
_LAUNCH = """
import os, sys
pid = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
_, status, used = os.wait4(pid, 0)
with open(sys.argv[1], "w") as file:
    file.write(f"{os.waitstatus_to_exitcode(status)} {used.ru_utime + used.ru_stime} ")
    file.write(str(used.ru_maxrss))
"""


def measured(arguments: list[str], folder: Path) -> Used:
    """Run netpos in a process of its own; processor seconds and the most memory in MiB."""
    command = [sys.executable, "-m", "netpos", *arguments]
    with (folder / "said.txt").open("w+", encoding="utf-8") as log:
        subprocess.run(
            [sys.executable, "-c", _LAUNCH, "used.txt", *command],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=log,
            stderr=log,
            check=True,
        )
        log.seek(0)
        code, seconds, memory = (folder / "used.txt").read_text(encoding="utf-8").split()
        unit = MIB if sys.platform == "darwin" else 1024
        return Used(int(code), float(seconds), float(memory) / unit, log.read())


#: Name, how it is written, content at a size in MiB, records kept and rejected.
CASES = {
    "zeros.jsonl.gz": (write_gz, lambda n: endless(b"\0", n), 3, 1),
    "blanks.jsonl.gz": (write_gz, lambda n: endless(b" ", n), 3, 1),
    "ends.jsonl.gz": (write_gz, lambda n: endless(b"\n", n), 3, 0),
    "line.jsonl.gz": (write_gz, long_line, 2, 1),
    "item.json.gz": (write_gz, long_item, 2, 1),
    "line.jsonl.zst": (write_zst, long_line, 2, 1),
    "cell.csv.gz": (write_gz, long_cell, 2, 1),
    "line.jsonl": (write_plain, long_line, 2, 1),
    "item.json": (write_plain, long_item, 2, 1),
    "all.zip": (lambda p, x: write_zip(p, {"a.jsonl": x}), long_line, 2, 1),
}


def main() -> int:
    """Read each case at full size; say what it costs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1024, help="MiB of a line")
    parser.add_argument("--bomb", type=int, default=10_240, help="MiB that a bomb unpacks to")
    options = parser.parse_args()
    failures = 0
    with tempfile.TemporaryDirectory(prefix="netpos-hostile-") as name:
        folder = Path(name)
        for case, (writer, content, kept, rejected) in CASES.items():
            bomb = content not in (long_line, long_item, long_cell)
            path = writer(folder / case, content(options.bomb if bomb else options.size))
            size = path.stat().st_size
            used = measured(["ingest", case, "--corpus", f"c-{case}"], folder)
            path.unlink()
            right = f"= {kept} kept + {rejected} rejected + 0 duplicates" in used.said
            wrong = [] if right and used.code == 0 else [f"exit {used.code}: {used.said[-300:]}"]
            wrong += ["too much memory"] if used.memory > MEMORY else []
            failures += bool(wrong)
            sys.stdout.write(
                f"{case:16} {size / MIB:8.1f} MiB on disk, {used.memory:5.0f} MiB of memory, "
                f"{used.seconds:6.1f} s of processor  {'; '.join(wrong) or 'right'}\n"
            )
            sys.stdout.flush()
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
