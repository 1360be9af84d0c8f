"""From files to outputs, as a list of calls."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

import polars as pl

import netpos
from netpos import analysis
from netpos.analysis import ahead, behind, results
from netpos.analysis.chosen import WHOLE, technologies_of
from netpos.analysis.complexity import complexity_warnings
from netpos.analysis.ends import located_told
from netpos.analysis.focus_areas import focus_areas
from netpos.analysis.notes import focal_warnings, width_warnings
from netpos.analysis.open_ends import open_told
from netpos.analysis.pattern_hits import jump_warnings, pattern_hits
from netpos.analysis.study import Study
from netpos.analysis.technologies import selection
from netpos.commands.beside import Submit, beside
from netpos.commands.drawing import (
    Begun,
    Waiting,
    begin_drawings,
    begin_sheets,
    titles,
    workbook_of,
)
from netpos.commands.option_files import OptionFile, check_options, keep_files
from netpos.commands.paper_page import write_papers
from netpos.commands.papers import Papers, paper_tables, read_papers
from netpos.commands.publish import write_figures
from netpos.files import writing
from netpos.ingest.corpus import Corpus, ingest, open_corpus, reading
from netpos.ingest.inputs import cores
from netpos.ingest.memory import give_back
from netpos.ingest.remarks import by_number_told, one_office_told
from netpos.ingest.selection import Selection
from netpos.options import PATHS, Options, to_toml
from netpos.outputs import Outputs, make_folder, marked
from netpos.progress import Report, advance, stage, track
from netpos.viz.charts import charts
from netpos.viz.charts.technologies import AREA_COLOURS
from netpos.viz.excel_nl import excel_nl
from netpos.viz.page import Figure
from netpos.viz.report.behind import families_shown, ranks_shown
from netpos.viz.report.compare import write_comparison
from netpos.viz.report.dependence import write_dependence
from netpos.viz.report.report import Page, write_report
from netpos.viz.workbook import bound

_LIBRARIES = ("igraph", "networkx", "numpy", "polars", "pyvis", "scipy")


@dataclass(frozen=True)
class Computed:
    """What a run computes before anything is written.

    ``tables`` are in the order of their files, ``manifest`` is what ``run.json`` says.
    """

    study: Study
    tables: dict[str, pl.DataFrame]
    papers: Papers | None
    areas: Mapping[str, str]
    synthetic: bool
    manifest: dict[str, object]


def run(
    exports: Sequence[Path | str],
    out: Path,
    options: Options,
    *,
    report: Report | None = None,
    processes: int | None = None,
    synthetic: bool = False,
    keep: Callable[[Computed], None] | None = None,
) -> Path:
    """Ingest exports and write everything; see `analyse`.

    The corpus in ``out`` then holds these exports and no others.

    Returns
    -------
    Path
        The page to open.
    """
    say = _once(report or (lambda _: None))
    files = check_options(options)
    make_folder(out)
    with Outputs(out) as written:
        corpus = ingest(
            exports,
            out / "corpus",
            processes=processes,
            max_record=options.record_bytes,
            report=say,
            exactly=True,
            nonpatent=options.papers is not None,
            selection=selection_of(options.technologies),
        )
        return _write(corpus, written, options, files, say, synthetic=synthetic, keep=keep)


def _once(say: Report) -> Report:
    """Leave out what reading the exports has said when the notes of the run say it again."""
    told: set[str] = set()

    def tell(line: str) -> None:
        text = line.removeprefix("note: ")
        if text not in told:
            told.add(text)
            say(line)

    return tell


def selection_of(technologies: str | None) -> Selection | None:
    """Return what is read of large tables for the technologies of a run; None: all of it."""
    return None if technologies == WHOLE else selection(technologies_of(technologies))


def _corpus_path(corpus: Corpus, out: Path) -> str | None:
    """Where the corpus lies, seen from the results."""
    if corpus.folder is None:
        return None
    return Path(os.path.relpath(corpus.folder.resolve(), out.resolve())).as_posix()


def analyse(
    corpus: Corpus | Path,
    out: Path,
    options: Options,
    *,
    report: Report | None = None,
    synthetic: bool = False,
    keep: Callable[[Computed], None] | None = None,
) -> Path:
    """Write tables, maps and the page for a corpus.

    Parameters
    ----------
    corpus
        A corpus or its folder.
    out
        Where the results go.
    options
        The options of the run.
    report
        Called with one line of progress at a time.
    synthetic
        Say on every page that the data are synthetic.
    keep
        Called with what was computed when all is written.

    Returns
    -------
    Path
        The page to open.
    """
    say = report or (lambda _: None)
    files = check_options(options)
    make_folder(out)
    with Outputs(out) as written:
        opened = open_corpus(corpus) if isinstance(corpus, Path) else corpus
        return _write(opened, written, options, files, say, synthetic=synthetic, keep=keep)


def _write(
    corpus: Corpus,
    written: Outputs,
    options: Options,
    files: Mapping[str, OptionFile],
    say: Report,
    *,
    synthetic: bool,
    keep: Callable[[Computed], None] | None,
) -> Path:
    drawing = not options.tables_only
    with reading(corpus), writing(written.folder), ExitStack() as stack:
        drawn: list[_Drawn] = []
        submit = stack.enter_context(beside(cores=cores()))

        def begun(
            study: Study,
            tables: dict[str, pl.DataFrame],
            areas: Mapping[str, str],
            *,
            synthetic: bool,
        ) -> None:
            seen_from = _corpus_path(corpus, written.folder)
            page = replace(_page(study, tables, seen_from, synthetic=synthetic), areas=areas)
            wanted = options.figures
            figures = stack.enter_context(charts.begun(page, cores=cores(), wanted=wanted))
            sheets = begin_sheets(study, tables, written, submit)  # they take longest: first
            waiting = begin_drawings(study, tables, submit, synthetic=synthetic)
            drawn.append(_Drawn(figures, waiting, sheets))

        drawings = begun if drawing else None
        made = computed(corpus, options, say, synthetic=synthetic, begun=drawings, submit=submit)
        page = _write_all(corpus, written, options, files, say, made, drawn)
        if keep is not None:
            keep(made)
        return page


@dataclass(frozen=True)
class _Drawn:
    """What is drawn beside other work."""

    figures: Callable[[Page], Mapping[str, Figure]]
    waiting: Waiting
    sheets: Begun


class Begin(Protocol):
    """Called with what maps are made of, as soon as it is there."""

    def __call__(
        self,
        study: Study,
        tables: dict[str, pl.DataFrame],
        areas: Mapping[str, str],
        *,
        synthetic: bool,
    ) -> None:
        """Begin."""


def computed(
    corpus: Corpus,
    options: Options,
    say: Report,
    *,
    synthetic: bool = False,
    begun: Begin | None = None,
    submit: Submit | None = None,
) -> Computed:
    """Compute all tables of a run; nothing is written.

    Parameters
    ----------
    corpus, options, synthetic
        See `analyse`.
    say
        Called with one line at a time.
    begun
        Begins what is drawn as soon as the tables are there; default: nothing.
    submit
        Has other ways of counting computed in another process; default: they are computed here.
    """
    for line in one_office_told(corpus.manifest):
        say(line)
    say(account(corpus.counts))
    for line in by_number_told(corpus.counts):
        say(line)
    with stage("technologies and their families", 3):
        study = analysis.prepare(corpus, options)
        advance()
        hits = pattern_hits(study)
        advance()
        more = (*focal_warnings(study), *jump_warnings(hits), *width_warnings(study))
        advance()
    papers = read_papers(study, say) if options.papers else None
    more = (*more, *(papers.warnings() if papers else ()))
    study = replace(study, warnings=(*study.warnings, *more))
    areas = focus_areas(options.focus_areas, study.technologies, colours=len(AREA_COLOURS))
    # made-up data say so in their file name, and then on every page
    synthetic = synthetic or any("synthetic" in i["name"] for i in corpus.manifest["inputs"])
    for warning in study.warnings:
        say(f"note: {warning}")
    aside: dict[str, list[bytes]] | None = {} if study.is_large else None
    # what is drawn, and what another process makes, is held meanwhile
    apart = submit if cores() > 1 and not study.is_large else None
    counted = None if apart is None else ahead.sensitivity_begun(study, apart)
    tables = results.tables(study, aside) | {"pattern_hits": hits}
    for line in [*located_told(tables["located"]), *open_told(tables["open"])]:
        say(line)
    if counted is None:
        study.let_go()
        study.let_go("valued", "citing_families")
        give_back()
        tables |= results.sensitivity_tables(study, tables)
        give_back()
        links, organisations = results.LARGEST
        if aside is not None:
            schema = tables[organisations].schema
            tables[organisations] = results.put_back(aside[organisations], schema)
        if begun is not None:
            begun(study, tables, areas, synthetic=synthetic)
            study.let_go()
        if aside is not None:
            tables[links] = results.put_back(aside[links], tables[links].schema)
    else:
        if begun is not None:
            begun(study, tables, areas, synthetic=synthetic)
        tables |= counted(tables)
    give_back()
    if papers:
        tables |= paper_tables(papers)
    withheld = complexity_warnings(tables["technologies"])
    study = replace(study, warnings=(*study.warnings, *withheld))
    for warning in withheld:
        say(f"note: {warning}")
    read = {"papers": [{"name": n, "sha256": h} for n, h in papers.files]} if papers else {}
    manifest = _manifest(study) | read | {"synthetic": synthetic}
    return Computed(study, tables, papers, areas, synthetic, manifest)


def _write_all(
    corpus: Corpus,
    written: Outputs,
    options: Options,
    files: Mapping[str, OptionFile],
    say: Report,
    made: Computed,
    drawn: list[_Drawn],
) -> Path:
    study, tables, papers, synthetic = made.study, made.tables, made.papers, made.synthetic
    written.synthetic = synthetic
    out = written.folder
    for name, table in track(tables.items(), "writing the tables"):
        written.table(name, table)
    written.csv("ledger.csv", corpus.ledger)
    if options.excel_nl:
        made_up = {k: marked(t) for k, t in tables.items()} if synthetic else tables
        names = excel_nl(made_up, written.out / "excel-nl")
        written.names += [f"excel-nl/{name}" for name in names]
    for beside_it in drawn:
        page = _page(study, tables, _corpus_path(corpus, out), synthetic=synthetic)
        page = replace(page, areas=made.areas)
        book = workbook_of(study, tables, written, page, synthetic=synthetic)
        page = _with_evidence(study, page)
        if papers:
            section = write_papers(papers, tables, written, titles(study), synthetic=synthetic)
            page = replace(page, papers=section)
        page = replace(page, figures=beside_it.figures(page))
        # while figures are drawn, first what has none
        if page.table("source_links").height:
            written.text("dependence.html", write_dependence(page))
        beside_it.waiting.write(written)
        with stage("the workbook", 1):
            written.bytes("tables/netpos.xlsx", bound(book, beside_it.sheets.of(tables)))
            advance()
        written.text("index.html", write_report(page))
        if page.compared:
            written.text("comparison.html", write_comparison(page))
        write_figures(page.figures, written, png=page.png)
    kept = keep_files(files, written)
    say(f"{len(written.names)} files written")
    written.text("run.toml", to_toml(options))
    made.manifest.update(corpus=_corpus_path(corpus, out), option_files=kept)
    written.finish(made.manifest)
    return out / ("tables/countries.csv" if options.tables_only else "index.html")


def account(counts: Mapping[str, int]) -> str:
    """Say what became of the records read, and where it is told of each."""
    rejected = (
        f"; {counts['rejected']:,} of {counts['read']:,} rejected" if counts["rejected"] else ""
    )
    return (
        f"{counts['read']:,} records read = {counts['kept']:,} kept + {counts['rejected']:,} "
        f"rejected + {counts['duplicates']:,} duplicates{rejected}, see ledger.csv"
    )


def _manifest(study: Study) -> dict[str, object]:
    keep = (
        "name",
        "sha256",
        "bytes",
        "form",
        "role",
        "read",
        "kept",
        "rejected",
        "duplicates",
        "notes",
    )
    inputs = [{k: i[k] for k in keep} for i in study.corpus.manifest["inputs"]]
    return {
        "netpos": netpos.__version__,
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in _LIBRARIES},
        "inputs": inputs,
        "skipped": study.corpus.manifest["skipped"],
        "residence_codes": study.corpus.manifest["residence_codes"],
        "counts": study.corpus.counts,
        "options": study.options.model_dump(by_alias=True),
        "data_date": study.data_date.isoformat(),
        "warnings": list(study.warnings),
    }


# --- pages ------------------------------------------------------------------------------------


def _with_evidence(study: Study, page: Page) -> Page:
    """Add the families behind the links and ranks that the page shows."""
    tables = page.tables
    whole = (study.options.first, study.options.last)
    # on whom a country builds, and who builds on it, is counted with the cited end anywhere
    evidence = {
        name: behind.evidence(study, name, whole, kind="country", scope="citing")
        for name in track(study.names, "families behind the links")
    }
    ranked = {
        name: behind.ranked_cells(
            study, name, whole, ranks_shown(tables, name, study.options.focal)
        )
        for name in track(study.names, "families behind the ranks")
    }
    shown = families_shown(evidence, ranked, study.options.focal)
    owners = behind.owners(study, shown)
    return replace(page, evidence=evidence, ranked=ranked, owners=owners)


def _page(
    study: Study, tables: dict[str, pl.DataFrame], corpus: str | None, *, synthetic: bool
) -> Page:
    return Page(
        focal=study.options.focal,
        lang=study.options.lang,
        technologies=[
            (t.id, t.name_en if study.options.lang == "en" else t.name_nl)
            for t in study.technologies
        ],
        tables=tables,
        periods=[name for name, _ in study.options.spans()],
        span=(study.options.first, study.options.last),
        inputs=[
            (i["name"], i["form"], i["read"], i["kept"], i["rejected"], i["duplicates"])
            for i in study.corpus.manifest["inputs"]
        ],
        skipped=[(s["name"], s["why"]) for s in study.corpus.manifest["skipped"]],
        warnings=list(study.warnings),
        data_date=study.data_date.isoformat(),
        counting=study.options.counting,
        scope=study.options.scope,
        by=study.options.by,
        version=netpos.__version__,
        synthetic=synthetic,
        office=study.corpus.manifest.get("one_office"),
        international=study.offices_known,
        options={
            key: Path(str(value)).name if key in PATHS else str(value)
            for key, value in study.options.model_dump(by_alias=True).items()
            if value is not None
        },
        corpus=corpus or "corpus",
        compared=study.options.compared(),
    )
