"""Pages to test the report, its figures and its sentences on, from the demo and by hand."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from netpos import analysis, countries
from netpos.analysis import behind, results
from netpos.countries import data_path
from netpos.ingest.corpus import ingest
from netpos.options import make
from netpos.viz.report.report import Page
from tests import shared

TECHNOLOGIES = {
    "quantum": ("Quantum technologies", "Quantumtechnologie", ["G06N10/", "B82Y10/"]),
    "semiconductor": ("Semiconductor technologies", "Halfgeleidertechnologie", ["H01L", "H10"]),
    "none": ("Nothing", "Niets", ["B68B"]),
}


def _study() -> analysis.Study:
    folder = Path(tempfile.mkdtemp())
    lines = [
        f'[[technology]]\nid = "{k}"\nname_en = "{en}"\nname_nl = "{nl}"\nipc = {ipc}\n'
        for k, (en, nl, ipc) in TECHNOLOGIES.items()
    ]
    (folder / "t.toml").write_text("\n".join(lines), encoding="utf-8")
    corpus = ingest([data_path("demo_synthetic_lens.jsonl.gz")], folder / "corpus", processes=1)
    options = make({"technologies": str(folder / "t.toml"), "draws": 40})
    return analysis.prepare(corpus, options)


def _made() -> tuple[dict[str, pl.DataFrame], dict[str, Any]]:
    """The tables, and what else a page takes from the study."""
    study = _study()
    found = results.tables(study)
    span = (study.options.first, study.options.last)
    other = {
        "periods": [name for name, _ in study.options.spans()],
        "span": span,
        "data_date": study.data_date.isoformat(),
        "evidence": {
            "semiconductor": behind.evidence(study, "semiconductor", span, kind="country")
        },
    }
    return found | results.sensitivity_tables(study, found), other


@cache
def demo_page(lang: str = "en") -> Page:
    """Three technologies of the demo, one of them empty, with every table that a run makes."""
    tables, other = shared.value("demo-page", _made)
    names = countries.countries().select(country="iso2", name=f"name_{lang}")
    country = tables["countries"]
    order = country.columns
    country = country.drop("name").join(names, on="country", how="left", maintain_order="left")
    tables = tables | {"countries": country.select(order)}
    at = 0 if lang == "en" else 1
    return Page(
        focal="NL",
        lang=lang,
        technologies=[(k, v[at]) for k, v in TECHNOLOGIES.items()],
        tables=tables,
        inputs=[("demo.jsonl", "lens-jsonl", 7449, 7442, 2, 5)],
        skipped=[("notes.txt", "the file is empty")],
        warnings=["Office proxy: where no residence is known the publishing office stands in."],
        counting="fractional",
        scope="closed",
        by="applicant",
        version="0.1.0",
        synthetic=True,
        options={"window": "5"},
        **other,
    )


def changed(page: Page, name: str, where: Mapping[str, Any], **values: Any) -> Page:
    """The page with some cells of a table set."""
    table = page.tables[name]
    here = pl.all_horizontal([pl.col(k) == v for k, v in where.items()])
    new = table.with_columns(
        pl.when(here).then(pl.lit(v, table.schema[k])).otherwise(pl.col(k)).alias(k)
        for k, v in values.items()
    )
    return replace(page, tables={**page.tables, name: new})


def without(page: Page, *tables: str, columns: Mapping[str, list[str]] | None = None) -> Page:
    """The page without some tables and columns."""
    left = {k: v for k, v in page.tables.items() if k not in tables}
    for name, gone in (columns or {}).items():
        left[name] = left[name].drop(gone)
    return replace(page, tables=left)


def unmeasured(page: Page, technology: str = "quantum") -> Page:
    """The page with the country in focus not measurable in one technology."""
    where = {"technology": technology, "country": page.focal}
    return changed(page, "countries", where, measurable=False)


def empty(page: Page) -> Page:
    """A run in which no family matched."""
    tables = {name: table.clear() for name, table in page.tables.items()}
    zero = pl.lit(0, pl.Int64)
    facts = page.tables["technologies"].with_columns(
        families=zero, families_located=zero, links=zero, core=pl.lit("")
    )
    nulls = [c for c in facts.columns if facts.schema[c].is_float()]
    facts = facts.with_columns(pl.lit(None, facts.schema[c]).alias(c) for c in nulls)
    return replace(page, tables={**tables, "technologies": facts})
