"""Write docs/tables.md from the definitions of columns and the tables of a run.

    python scripts/make_tables_doc.py

A column without a definition is an error that names it.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import polars as pl

from netpos import options
from netpos.commands import run as pipeline
from netpos.countries import data_path
from netpos.viz.meanings import definition

ROOT = Path(__file__).resolve().parent.parent
ORDER = [
    "countries",
    "organisations",
    "technologies",
    "links",
    "source_links",
    "residuals",
    "organisation_links",
    "exposure",
    "dependents",
    "holders",
    "trend",
    "slopes",
    "changes",
    "scores",
    "indicators",
    "differences",
    "sensitivity",
    "robustness",
    "coverage",
    "coverage_by_country",
    "located",
    "open",
    "bounds",
    "references",
    "overlap",
    "benchmark",
    "family_values",
]
HEAD = """# Tables

CSV is UTF-8 with comma, dot and a header; a Parquet file of the same name lies beside it, and
`netpos.xlsx` holds the tables as sheets. Unknown is empty, never 0. Numbers have 12 significant
digits. Technologies stand in the order of their definitions with `all` (their union, each family
once) last; periods by start with `all` (the whole span, computed directly) last; then the keys in
code-point order. Families and citations follow the counting rule of the run (fractional by
default). `links.csv` has both ends in the technology unless `--scope` says otherwise;
`source_links.csv` has the cited end anywhere. This page is made from the same definitions as the
sheet of columns in the workbook.
"""
LEDGER = """
## ledger.csv

Records of the input that were not kept.

| column | meaning |
|--|--|
| `file`, `line` | where the record stands; in arrays the line is the record's ordinal |
| `outcome` | `rejected` or `duplicate` |
| `reason` | why, or which record is kept instead |
"""

#: Tables of ``run --papers``, which the demo has not, and their columns.
PAPERS = {
    "science_links": (
        "technology", "period", "citing", "cited", "links", "families", "papers", "source_share",
        "use_share",
    ),
    "science_linkage": (
        "technology", "period", "country", "name", "families", "papers", "papers_per_family",
        "home", "home_source", "home_source_low", "home_source_high", "used", "home_use",
        "home_use_low", "home_use_high",
    ),
    "science_link_coverage": (
        "technology", "period", "families", "families_readable", "families_naming", "references",
        "identified", "identified_share", "links", "links_lens_id", "links_doi", "links_pmid",
        "links_located", "papers",
    ),
}  # fmt: skip


def page(tables: Path) -> str:
    """Return the text for the tables in a folder."""
    parts, unknown = [HEAD], []
    found = {p.stem for p in tables.glob("*.parquet")}
    schemas = {
        name: tuple(pl.read_parquet_schema(tables / f"{name}.parquet"))
        for name in [n for n in ORDER if n in found] + sorted(found - set(ORDER))
    }
    for name, columns in (schemas | PAPERS).items():
        about = definition(name)
        if about is None:
            unknown.append(name)
        only = " With `--papers`." if name in PAPERS else ""
        title = f"{(about or '?')[0].upper()}{(about or '?')[1:]}"
        parts.append(f"\n## {name}.csv\n\n{title}.{only}\n")
        parts.append("\n| column | meaning |\n|--|--|\n")
        for column in columns:
            text = definition(name, column)
            if text is None:
                unknown.append(f"{name}.{column}")
            parts.append(f"| `{column}` | {text} |\n")
    if unknown:
        sys.exit(f"no definition in netpos/viz/columns.toml: {', '.join(unknown)}")
    return "".join(parts) + LEDGER


def main() -> None:
    """Run the demo for its tables and write the page."""
    with tempfile.TemporaryDirectory() as folder:
        chosen = options.make({"draws": 5, "tables_only": True, "benchmark": "eu27"})
        pipeline.run([data_path("demo_synthetic_lens.jsonl.gz")], Path(folder), chosen)
        text = page(Path(folder) / "tables")
    (ROOT / "docs" / "tables.md").write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
