"""Time bulk tables of the USPTO as a corpus, and as context to one, and watch the memory.

    python benchmarks/uspto.py [--citations 10000000] [--folder DIR] [--memory]

The tables are made first and not timed: zipped, every text quoted, ten citations a grant (six of
US grants, three of US applications, one of another office), one grant in twelve with a class of the
technology. Three ingests are timed: all documents as seeds; those of the technology as seeds; and
the same folder as context to the last. Prints lines of Markdown.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
from measure import Run, run

#: Grants written at a time, and their citations each.
PIECE = 50_000
OF_GRANTS, OF_APPLICATIONS, OF_OTHERS = 6, 3, 1
FIRST = 7_000_000
#: Of the grants one in so many is of the technology.
ONE_IN = 12
COUNTRIES = ("US", "NL", "DE", "CN", "JP", "KR", "FR", "GB")
PLACES = 20_000
CATEGORIES = ("cited by examiner", "cited by applicant", "cited by other", "")
TECHNOLOGY = """[[technology]]
id = "quantum"
name = "Quantum"
cpc = ["G06N10/"]
"""
Made = dict[str, Callable[[np.ndarray, np.random.Generator], pl.DataFrame]]


def texts(numbers: np.ndarray) -> pl.Series:
    """Return numbers as texts."""
    return pl.Series(numbers).cast(pl.String)


def picked(values: tuple[str, ...], n: int, rng: np.random.Generator) -> pl.Series:
    """Draw texts."""
    return pl.Series(values).gather(rng.integers(0, len(values), n))


def days(numbers: np.ndarray) -> pl.Series:
    """Return a day of 2006 to 2023 by number."""
    year, month = 2006 + (numbers // 1000) % 18, 1 + numbers % 12
    return pl.select(pl.format("{}-{}-14", pl.Series(year), texts(month).str.zfill(2))).to_series()


def patents(grant: np.ndarray, _: np.random.Generator) -> pl.DataFrame:
    """Return rows of ``g_patent``."""
    title = "An example of a title of the usual length, number " + texts(grant)
    return pl.DataFrame(
        {
            "patent_id": texts(grant),
            "patent_type": "utility",
            "patent_date": days(grant),
            "patent_title": title,
            "wipo_kind": pl.Series(["B1", "B2"]).gather(grant % 2),
            "num_claims": "12",
            "withdrawn": "0",
            "filename": "ipg.xml",
        }
    )


def applications(grant: np.ndarray, _: np.random.Generator) -> pl.DataFrame:
    """Return rows of ``g_application``: two grants in nine share one."""
    return pl.DataFrame(
        {
            "application_id": "1" + texts(grant // 9 * 8 + np.minimum(grant % 9, 7)),
            "patent_id": texts(grant),
            "filing_date": days(grant - 2000),
            "series_code": "11",
        }
    )


def parties(role: str, each: int) -> Callable[[np.ndarray, np.random.Generator], pl.DataFrame]:
    """Return what makes rows of assignees or inventors, so many a grant."""

    def made(grant: np.ndarray, rng: np.random.Generator) -> pl.DataFrame:
        n = grant.size * each
        place = "loc-" + texts(rng.integers(0, PLACES, n))
        firm = texts(rng.integers(0, 50_000, n))
        named = (
            {"disambig_assignee_organization": "Firm " + firm + " Inc."}
            if role == "assignee"
            else {
                "disambig_inventor_name_first": "Jane",
                "disambig_inventor_name_last": "Example " + firm,
            }
        )
        return pl.DataFrame(
            {
                "patent_id": texts(np.repeat(grant, each)),
                f"{role}_sequence": texts(np.tile(np.arange(each), grant.size)),
                f"{role}_id": "id-" + firm,
                **named,
                "location_id": place,
            }
        )

    return made


def classes(grant: np.ndarray, rng: np.random.Generator) -> pl.DataFrame:
    """Return rows of ``g_cpc_current``, three a grant."""
    other = pl.Series(["H04L9/08", "G02B6/12", "C12N15/09"]).gather(rng.integers(0, 3, grant.size))
    first = pl.select(
        pl.when(pl.Series(grant % ONE_IN == 0)).then(pl.lit("G06N10/40")).otherwise(other)
    ).to_series()
    more = pl.Series(["G06F9/50", "H01L21/02", "A61B5/00"]).gather(rng.integers(0, 3, grant.size))
    frames = [
        pl.DataFrame(
            {
                "patent_id": texts(grant),
                "cpc_sequence": str(k),
                "cpc_section": symbol.str.slice(0, 1),
                "cpc_class": symbol.str.slice(0, 3),
                "cpc_subclass": symbol.str.slice(0, 4),
                "cpc_group": symbol,
                "cpc_type": "inventional",
            }
        )
        for k, symbol in enumerate([first, more, more.shuffle(seed=1)])
    ]
    return pl.concat(frames)


def citations(each: int, column: str) -> Callable[[np.ndarray, np.random.Generator], pl.DataFrame]:
    """Return what makes rows of a table of citations, so many a grant."""

    def made(grant: np.ndarray, rng: np.random.Generator) -> pl.DataFrame:
        n, citing = grant.size * each, np.repeat(grant, each)
        older = 5_000_000 + (rng.random(n) ** 0.5 * (citing - 5_000_000)).astype(np.int64)
        if column == "citation_patent_id":
            number, kind = texts(older), picked(("A", "B1", "B2"), n, rng)
        elif column == "citation_document_number":
            year = 2001 + rng.integers(0, 20, n)
            number = texts(year) + "/" + texts(10**7 + rng.integers(0, 400_000, n)).str.slice(1)
            kind = picked(("A1",), n, rng)
        else:
            number = texts(rng.integers(1_000_000, 4_000_000, n))
            kind = picked(("A1", "A", ""), n, rng)
        table = pl.DataFrame(
            {
                "patent_id": texts(citing),
                "citation_sequence": texts(np.tile(np.arange(each), grant.size)),
                column: number,
                "citation_date": days(older),
                "record_name": "Example et al.",
                "wipo_kind": kind,
                "citation_category": picked(CATEGORIES, n, rng),
            }
        )
        if column == "citation_application_id":
            table = table.with_columns(citation_country=picked(("EP", "JP", "DE", "WO"), n, rng))
        return table

    return made


TABLES: Made = {
    "g_patent": patents,
    "g_application": applications,
    "g_assignee_disambiguated": parties("assignee", 1),
    "g_inventor_disambiguated": parties("inventor", 2),
    "g_cpc_current": classes,
    "g_us_patent_citation": citations(OF_GRANTS, "citation_patent_id"),
    "g_us_application_citation": citations(OF_APPLICATIONS, "citation_document_number"),
    "g_foreign_citation": citations(OF_OTHERS, "citation_application_id"),
}


def locations(path: Path) -> None:
    """Write the table of places."""
    n = np.arange(PLACES)
    table = pl.DataFrame(
        {
            "location_id": "loc-" + texts(n),
            "disambig_city": "Example",
            "disambig_country": pl.Series(COUNTRIES).gather(n % len(COUNTRIES)),
        }
    )
    table.write_csv(path, separator="\t", quote_style="always")


def make(folder: Path, grants: int) -> None:
    """Write the tables, each alone in a zip archive, as they come."""
    folder.mkdir(parents=True)
    locations(folder / "g_location_disambiguated.tsv")
    for k, (name, made) in enumerate(TABLES.items()):
        rng = np.random.default_rng(k)
        with (
            zipfile.ZipFile(
                folder / f"{name}.tsv.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1
            ) as archive,
            archive.open(f"{name}.tsv", "w", force_zip64=True) as file,
        ):
            for first in range(0, grants, PIECE):
                grant = FIRST + np.arange(first, min(grants, first + PIECE))
                text = made(grant, rng).write_csv(
                    separator="\t", quote_style="always", include_header=first == 0
                )
                file.write(text.encode())


def prepared(folder: Path, citations: int) -> None:
    """Make the tables, and the corpus of one technology of them, where they are not there."""
    base = folder / f"some-{citations}"
    if base.exists():
        return
    make(folder / f"tables-{citations}", citations // (OF_GRANTS + OF_APPLICATIONS + OF_OTHERS))
    (folder / "technology.toml").write_text(TECHNOLOGY, encoding="utf-8")
    seeds(folder, citations, base, str(folder / "technology.toml"))


def seeds(
    folder: Path, citations: int, into: Path, technologies: str, *, memory: bool = False
) -> Run:
    """Run `netpos ingest` of the tables as seeds."""
    command = [sys.executable, "-m", "netpos", "ingest", str(folder / f"tables-{citations}")]
    more = ["--corpus", str(into), "--technologies", technologies]
    return run([*command, *more], memory=memory)


def timed(folder: Path, citations: int, what: str, *, memory: bool) -> Run:
    """Run one of the three ingests; see `WHAT`."""
    with TemporaryDirectory(prefix="netpos-bench-", dir=folder) as again:
        into = Path(again) / "corpus"
        if what == "context":
            shutil.copytree(folder / f"some-{citations}", into)
            command = [
                sys.executable,
                "-m",
                "netpos",
                "ingest",
                str(folder / f"tables-{citations}"),
            ]
            return run([*command, "--corpus", str(into), "--role", "context"], memory=memory)
        technologies = "all" if what == "all" else str(folder / "technology.toml")
        return seeds(folder, citations, into, technologies, memory=memory)


WHAT = {
    "all": "all documents as seeds",
    "technology": "those of a technology as seeds",
    "context": "all as context to the last",
}


def main() -> None:
    """Make the tables, time the three ingests."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--citations", type=int, default=10_000_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--memory", action="store_true", help="watch the memory, not the time")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="netpos-bench-") as temporary:
        folder = options.folder or Path(temporary)
        prepared(folder, options.citations)
        for what, said in WHAT.items():
            found = timed(folder, options.citations, what, memory=options.memory)
            print(
                f"| {said} | {options.citations:,} citations | {found.wall:.1f} s | "
                f"{found.cpu:.1f} s CPU | {found.peak / 2**30:.2f} GiB |",
                flush=True,
            )
            print(found.output.strip().splitlines()[-1], file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
