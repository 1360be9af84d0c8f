"""Write what a command without maps gives: tables, workbook, figures, page, manifest."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

import netpos
from netpos.files import writing
from netpos.ingest.parts import sha256
from netpos.outputs import Outputs, make_folder, marked
from netpos.tables import rounded
from netpos.viz.report.findings import Findings, finding_words, write_findings
from netpos.viz.report.summary import summary_of_findings
from netpos.viz.sources import Sources
from netpos.viz.words import technology_name, words
from netpos.viz.workbook import workbook

if TYPE_CHECKING:
    from netpos.viz.charts.theme import Drawn
    from netpos.viz.page import Figure


def publish(
    page: Findings,
    tables: Mapping[str, pl.DataFrame],
    out: Path,
    *,
    inputs: Sequence[Path],
    options: Mapping[str, object],
    drawn: Mapping[str, Drawn] | None = None,
    beside: Iterable[str] = (),
    evidence: Mapping[str, pl.DataFrame] | None = None,
    sources: Sources | None = None,
    extra: Callable[[Outputs], None] | None = None,
    png: bool = False,
) -> Path:
    """Write tables, figures, page and workbook, all or none.

    Parameters
    ----------
    page
        The page; figures, files, inputs and version are filled in here.
    tables
        Name -> table, written with 12 significant digits.
    out
        Where the results go.
    inputs
        The files read; their names and hashes stand in ``run.json``.
    options
        Of the command, as it took them.
    drawn
        Name -> chart and its numbers; None where there is nothing to draw.
    beside
        Tables too long for the workbook.
    evidence
        Records behind the tables, for ``netpos explain``: ``evidence/<name>.parquet``.
    sources
        Where the data are from; default: the inputs are tables of the user's own.
    extra
        Writes further files.
    png
        Write each figure as PNG too.

    Returns
    -------
    Path
        The page to open.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    tables = {name: rounded(table) for name, table in tables.items()}
    left_out = set(beside)
    synthetic = page.synthetic or any("synthetic" in p.name for p in inputs)
    from_where = sources or Sources((), [p.name for p in inputs])
    page = replace(
        page,
        figures=_figures(replace(page, synthetic=synthetic), drawn or {}),
        files=sorted(tables),
        inputs=[_called(p) for p in inputs],
        version=netpos.__version__,
        synthetic=synthetic,
        sources=from_where.told(page.lang, synthetic=synthetic),
        png=png,
    )
    options = {**options, "png": True} if png else options
    make_folder(out)
    with Outputs(out) as written, writing(out):
        written.synthetic = synthetic
        for name, table in tables.items():
            written.table(name, table)
        write_figures(page.figures, written, png=page.png)
        said = {"synthetic": finding_words(page.lang)["synthetic"]} if synthetic else {}
        about = said | {
            "version": netpos.__version__,
            "options": dict(options),
            "notes": page.notes,
        }
        for name, table in (evidence or {}).items():
            held = io.BytesIO()
            told = marked(table) if synthetic else table
            told.write_parquet(held, compression="zstd", statistics=False)
            written.bytes(f"evidence/{name}.parquet", held.getvalue())
        workbook(
            {name: table for name, table in tables.items() if name not in left_out},
            written.out / "tables" / "netpos.xlsx",
            lang=page.lang,
            about=about,
            summary=summary_of_findings(page),
            names=_names(tables.values(), page.lang),
        )
        written.names.append("tables/netpos.xlsx")
        written.text("index.html", write_findings(page))
        if extra is not None:
            extra(written)
        manifest: dict[str, object] = {
            "netpos": netpos.__version__,
            "inputs": [{"name": _called(p), "sha256": sha256(p)} for p in inputs],
            "options": {k: _plain(v) for k, v in options.items()},
            "warnings": list(page.notes),
            "sources": {"known": list(from_where.known), "own": list(from_where.own)},
        }
        written.finish(manifest)
    return out / "index.html"


def _called(path: Path) -> str:
    """Name a file that was read; the manifest of results by the folder that it is in."""
    return f"{path.resolve().parent.name}/{path.name}" if path.name == "run.json" else path.name


def _names(tables: Iterable[pl.DataFrame], lang: str) -> dict[str, str]:
    """Name the technologies of the tables."""
    ids = {i for t in tables if "technology" in t.columns for i in t["technology"].drop_nulls()}
    return {ident: technology_name(str(ident), lang) for ident in sorted(map(str, ids))}


def write_figures(figures: Mapping[str, Figure], written: Outputs, *, png: bool) -> None:
    """Write each figure as SVG and CSV, and as PNG where that is asked for."""
    for name, figure in figures.items():
        written.text(f"figures/{name}.svg", figure.svg)
        if png:
            written.bytes(f"figures/{name}.png", figure.png())
        written.text(f"figures/{name}.csv", figure.csv)


def _figures(page: Findings, drawn: Mapping[str, Drawn]) -> dict[str, Figure]:
    from netpos.viz.charts.theme import render  # the chart library is slow to load

    made_up = words(page.lang)["synthetic_short"] if page.synthetic else None
    return {
        name: render(*one, name=name, said=page.captions[name], lang=page.lang, made_up=made_up)
        for name, one in drawn.items()
        if one is not None
    }


def _plain(value: object) -> object:
    return value.name if isinstance(value, Path) else value
