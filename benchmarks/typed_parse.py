"""Decode every line of an export into netpos' typed records and throw them away.

    python typed_parse.py --input lens_200k.jsonl [--processes 2]

The least any reader must do that uses this decoder: no columns, no files, no families. The
byte ranges and the number of processes are those of ``netpos ingest``.
"""

from __future__ import annotations

import argparse
import gc
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from netpos.ingest.inputs import cores
from netpos.ingest.readers.lens_record import _decode

RANGE = 64 * 2**20


def decode_range(path: str, start: int, end: int) -> int:
    """Decode the lines that begin in a byte range; tell how many."""
    gc.disable()
    records = 0
    with Path(path).open("rb", buffering=1 << 20) as file:
        if start:  # the line that runs into the range belongs to the one before
            file.seek(start - 1)
            start += len(file.readline()) - 1
        for line in file:
            if start >= end:
                break
            start += len(line)
            records += _decode(line).lens_id is not None
    return records


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--input", type=Path, required=True)
    parser.add_argument("--processes", type=int, default=cores())
    chosen = parser.parse_args()
    size = chosen.input.stat().st_size
    jobs = [(str(chosen.input), s, min(s + RANGE, size)) for s in range(0, size, RANGE)]
    with ProcessPoolExecutor(chosen.processes, mp_context=get_context("spawn")) as pool:
        found = [pool.submit(decode_range, *job) for job in jobs]
        print(sum(f.result() for f in found))


if __name__ == "__main__":
    main()
