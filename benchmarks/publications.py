"""Time publications of Google/IFI as context to a corpus of Lens, and watch the memory.

    python benchmarks/publications.py [--rows 1000000] [--families 200000] [--folder DIR]

The corpus is made first and not timed. Of the publications two in five are cited by it or of the
family of one that is; each lists eight citations and two parties. Prints one line of Markdown.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import orjson
import polars as pl
from measure import Run, run

PIECE = 250_000
CITED = 15
#: Of the publications so many can be cited by the corpus.
NAMED = 0.4
COUNTRIES = np.array(["US", "NL", "DE", "CN", "JP", "KR", "FR", "GB"])
FIRST = 6_000_000


def lens_id(n: int) -> str:
    """Return an ID of the shape of Lens; the check sign is not looked at."""
    text = f"{n:014d}0"
    return "-".join(text[k : k + 3] for k in range(0, 15, 3))


def corpus(path: Path, families: int, rows: int, rng: np.random.Generator) -> None:
    """Write families of one grant each, which cite the first of the publications."""
    cited = rng.integers(0, int(rows * NAMED), (families, CITED))
    country = COUNTRIES[rng.integers(0, COUNTRIES.size, families)].tolist()
    with path.open("wb") as file:
        for f in range(families):
            patcit = [
                {
                    "patcit": {
                        "document_id": {
                            "jurisdiction": "US",
                            "doc_number": str(FIRST + c),
                            "kind": "B2",
                        },
                        "lens_id": lens_id(10**9 + c),
                    }
                }
                for c in cited[f].tolist()
            ]
            party = {"extracted_name": {"value": f"FIRM {f % 5000} INC"}, "residence": country[f]}
            record = {
                "lens_id": lens_id(f),
                "jurisdiction": "US",
                "doc_number": str(20_000_000 + f),
                "kind": "B2",
                "date_published": f"{2012 + f % 12}-06-01",
                "publication_type": "GRANTED_PATENT",
                "biblio": {
                    "parties": {"applicants": [party]},
                    "classifications_cpc": {"classifications": [{"symbol": "G06N10/00"}]},
                    "references_cited": {"citations": patcit},
                },
            }
            file.write(orjson.dumps(record) + b"\n")


def publications(folder: Path, rows: int, rng: np.random.Generator) -> None:
    """Write pieces of publications as BigQuery exports them."""
    folder.mkdir()
    for piece, first in enumerate(range(0, rows, PIECE)):
        n = min(PIECE, rows - first)
        number = np.arange(first, first + n)
        cited = pl.Series(rng.integers(0, 8 * rows, n * 8) + FIRST).cast(pl.String)
        row = pl.Series(np.repeat(np.arange(n), 8))
        citations = pl.DataFrame(
            {
                "row": row,
                "citation": pl.DataFrame(
                    {
                        "publication_number": "US-" + cited + "-B2",
                        "category": pl.repeat("APP", n * 8, eager=True),
                        "type": pl.repeat("", n * 8, eager=True),
                    }
                ).to_struct(),
            }
        )
        code = pl.Series(COUNTRIES[rng.integers(0, COUNTRIES.size, n)])
        firm = pl.Series(rng.integers(0, 50_000, n)).cast(pl.String)
        party = pl.DataFrame({"name": "FIRM " + firm + " INC", "country_code": code}).to_struct()
        symbol = pl.DataFrame({"code": pl.repeat("H04L9/08", n, eager=True)}).to_struct()
        table = pl.DataFrame(
            {
                "publication_number": "US-" + pl.Series(number + FIRST).cast(pl.String) + "-B2",
                "family_id": pl.Series(number // 2 + 1).cast(pl.String),
                "publication_date": pl.repeat(20100105, n, eager=True, dtype=pl.Int64),
                "filing_date": pl.repeat(20080105, n, eager=True, dtype=pl.Int64),
                "grant_date": pl.repeat(20100105, n, eager=True, dtype=pl.Int64),
                "priority_date": pl.repeat(0, n, eager=True, dtype=pl.Int64),
                "assignee_harmonized": pl.select(pl.concat_list(pl.lit(party))).to_series(),
                "inventor_harmonized": pl.select(pl.concat_list(pl.lit(party))).to_series(),
                "cpc": pl.select(pl.concat_list(pl.lit(symbol))).to_series(),
                "citation": citations.group_by("row", maintain_order=True).agg("citation")[
                    "citation"
                ],
            }
        )
        table.write_parquet(folder / f"{piece:012d}.parquet", row_group_size=50_000)


def prepared(folder: Path, rows: int, families: int) -> None:
    """Make the publications and the corpus that they are context to, where they are not there."""
    base = folder / f"corpus-{rows}"
    if base.exists():
        return
    seeds, pieces = folder / f"seeds-{rows}.jsonl", folder / f"rows-{rows}"
    rng = np.random.default_rng(1)
    corpus(seeds, families, rows, rng)
    publications(pieces, rows, rng)
    run([sys.executable, "-m", "netpos", "ingest", str(seeds), "--corpus", str(base)])


def context(folder: Path, rows: int, *, memory: bool) -> Run:
    """Run `netpos ingest` of the publications into a copy of the corpus."""
    with TemporaryDirectory(prefix="netpos-bench-", dir=folder) as again:
        copy = Path(again) / "corpus"
        shutil.copytree(folder / f"corpus-{rows}", copy)
        command = [sys.executable, "-m", "netpos", "ingest", str(folder / f"rows-{rows}")]
        return run([*command, "--corpus", str(copy), "--role", "context"], memory=memory)


def main() -> None:
    """Make the files, ingest the corpus, time the context."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--families", type=int, default=200_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--memory", action="store_true", help="watch the memory, not the time")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="netpos-bench-") as temporary:
        folder = options.folder or Path(temporary)
        prepared(folder, options.rows, options.families)
        found = context(folder, options.rows, memory=options.memory)
    print(
        f"| {options.rows:,} rows | {options.families:,} families | {found.wall:.1f} s | "
        f"{found.cpu:.1f} s CPU | {found.peak / 2**30:.2f} GiB |"
    )
    print(found.output.strip().splitlines()[-1], file=sys.stderr)


if __name__ == "__main__":
    main()
