"""Write a large synthetic Lens export: the world of ``generate.py``, made in columns.

    python benchmarks/world.py --records 10000000 --out FOLDER [--procs 2]

Ten million records take minutes where ``generate.py`` takes hours: what a record says is drawn for
a block of records at once, as numbers of pieces of text, and the text is one gather of those
pieces. The laws are those of ``generate.py`` (families, organisations, countries, technologies,
citations); other draws, a short abstract, and 6 kB a record instead of 8.

The folder holds compressed files of half a million records. A file that is there is not made
again, so a run that was cut off goes on; the same size and seed give the same records, whatever
``--procs`` is. Every value is made up.
"""

from __future__ import annotations

import argparse
import multiprocessing
from itertools import pairwise
from pathlib import Path

import numpy as np
import zstandard
from world_records import Block, World

#: Records of a file, and records drawn at once.
PIECE, BLOCK = 500_000, 20_000


def name_of(piece: int) -> str:
    """Name the file of a piece."""
    return f"world-{piece:03d}.jsonl.zst"


def write_piece(world: World, piece: int, folder: Path) -> None:
    """Write the families that begin within a piece, unless they are there; nothing half-written."""
    path = folder / name_of(piece)
    if path.exists():
        return
    first, last = np.searchsorted(world.start[:-1], [piece * PIECE, (piece + 1) * PIECE])
    starts = np.arange(piece * PIECE, min((piece + 1) * PIECE, world.records), BLOCK)
    cuts = [first, *np.searchsorted(world.start[:-1], starts[1:]), last]
    new = folder / f"{path.name}.new"
    with new.open("wb") as file, zstandard.ZstdCompressor(level=1).stream_writer(file) as out:
        for low, high in pairwise(cuts):
            if low < high:
                out.write(Block.drawn(world, int(low), int(high)).text())
    new.rename(path)


_shared: dict[str, World] = {}


def _begin(records: int, seed: int) -> None:
    _shared["world"] = World(records, seed)


def _piece(asked: tuple[int, Path]) -> int:
    write_piece(_shared["world"], *asked)
    return asked[0]


def make(records: int, folder: Path, *, seed: int = 1, processes: int = 1) -> Path:
    """Write the files of a size that are not there yet.

    Returns
    -------
    Path
        The folder, which holds nothing else.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pieces = range((records + PIECE - 1) // PIECE)
    asked = [(i, folder) for i in pieces if not (folder / name_of(i)).exists()]
    if asked:
        method = multiprocessing.get_context("spawn")
        with method.Pool(processes, _begin, (records, seed)) as pool:
            for piece in pool.imap_unordered(_piece, asked):
                print(f"{name_of(piece)} of {len(pieces)}", flush=True)
    return folder


def main() -> None:
    """Make a world from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--records", type=int, default=10_000_000)
    parser.add_argument("--out", type=Path, required=True, help="folder of the files")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--procs", type=int, default=1)
    chosen = parser.parse_args()
    make(chosen.records, chosen.out, seed=chosen.seed, processes=chosen.procs)


if __name__ == "__main__":
    main()
