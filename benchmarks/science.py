"""Time ``netpos science`` on made-up works of OpenAlex, and watch the memory.

    python benchmarks/science.py [--works 1000000] [--folder DIR] [--memory] [--make]

A work is about 5 kB long, with three authors, an abstract as an inverted index and citations of
four years. Works are of one technology. Prints one line of Markdown.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import orjson
from measure import run

COUNTRIES = ("US", "NL", "DE", "CN", "JP", "KR", "FR", "GB", "IT", "IN", "BR", "CA")
TYPES = ("article", "article", "article", "review", "preprint")
#: Different works; the others are these under numbers of their own.
DIFFERENT = 20_000
NUMBER = b"W0000000000"


def work(rng: np.random.Generator, k: int) -> bytes:
    """Return a work as a line."""
    year = 2015 + k % 11
    counts = [{"year": year + j, "cited_by_count": int(rng.geometric(0.2)) - 1} for j in range(4)]
    places = rng.integers(0, len(COUNTRIES), 3).tolist()
    authors = [
        {
            "author_position": "middle",
            "author": {"id": f"https://openalex.org/A{k}{j}", "display_name": "X. Example"},
            "institutions": [
                {
                    "id": f"https://openalex.org/I{place}",
                    "display_name": "University of Example",
                    "country_code": COUNTRIES[place],
                    "type": "education",
                }
            ],
            "countries": [COUNTRIES[place]] if rng.random() < 0.9 else [],
            "raw_affiliation_strings": ["Department of Examples, University of Example"],
        }
        for j, place in enumerate(places)
    ]
    abstract = {f"word{j}": [j, j + 150] for j in range(150)}
    record = {
        "id": f"https://openalex.org/{NUMBER.decode()}",
        "doi": f"https://doi.org/10.1000/{NUMBER.decode()}",
        "title": "An example",
        "publication_year": year,
        "type": TYPES[k % len(TYPES)],
        "ids": {"openalex": f"https://openalex.org/{NUMBER.decode()}"},
        "primary_topic": {"id": "https://openalex.org/T10020", "display_name": "Quantum"},
        "authorships": authors,
        "cited_by_count": sum(c["cited_by_count"] for c in counts),
        "counts_by_year": counts,
        "referenced_works": [f"https://openalex.org/W{j}" for j in range(25)],
        "abstract_inverted_index": abstract,
        "is_retracted": False,
        "fwci": 1.0,
    }
    return orjson.dumps(record)


def make(path: Path, works: int) -> None:
    """Write works, one a line."""
    rng = np.random.default_rng(1)
    lines = [work(rng, k) for k in range(min(DIFFERENT, works))]
    with path.open("wb") as file:
        for k in range(works):
            file.write(lines[k % len(lines)].replace(NUMBER, b"W%010d" % k) + b"\n")


def main() -> None:
    """Make the works where they are not there, and time the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--works", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--memory", action="store_true", help="watch the memory, not the time")
    parser.add_argument("--make", action="store_true", help="make the works, time nothing")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="netpos-bench-") as temporary:
        folder = options.folder or Path(temporary)
        path = folder / f"works-{options.works}.jsonl"
        if not path.exists():
            make(path, options.works)
        if options.make:
            return
        with TemporaryDirectory(prefix="netpos-bench-") as out:
            command = [sys.executable, "-m", "netpos", "science", "--technology", f"q={path}"]
            found = run([*command, "--out", f"{out}/o"], memory=options.memory)
        size = path.stat().st_size
    print(
        f"| {options.works:,} works | {size / 2**30:.1f} GiB | {found.wall:.1f} s | "
        f"{found.cpu:.1f} s | {found.peak / 2**20:,.0f} MiB |"
    )


if __name__ == "__main__":
    main()
