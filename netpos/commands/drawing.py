"""The graph files, maps and workbook of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import polars as pl

import netpos
from netpos import analysis
from netpos.analysis.study import Kind, Span, Study
from netpos.commands.beside import Asked, Submit
from netpos.commands.map_evidence import told_evidence
from netpos.graph.yearly import yearly
from netpos.outputs import Outputs
from netpos.progress import track
from netpos.tables import Links
from netpos.viz.export import Network, network
from netpos.viz.graph_files import graph_texts
from netpos.viz.maps import map as network_map
from netpos.viz.maps.located import located_context
from netpos.viz.maps.picture import positions
from netpos.viz.page import Page
from netpos.viz.report.summary import summary
from netpos.viz.sheets import Sheet
from netpos.viz.sources import data_sources
from netpos.viz.words import words
from netpos.viz.workbook import Book, sheets_of

#: Where the links of a map stand; ``netpos explain`` knows the ends of those of countries alone.
_ABOUT_FILES: dict[Kind, dict[str, object]] = {
    "country": {"results": "."},
    "organisation": {"graph_file": None, "links_file": "tables/organisation_links.csv"},
}
_KINDS: tuple[tuple[Kind, str], ...] = (("country", ""), ("organisation", "-organisations"))


def _context(
    study: Study, tables: dict[str, pl.DataFrame], technology: str, *, synthetic: bool
) -> dict[str, object]:
    """Return what a map says that it rests on."""
    forms = [i["form"] for i in study.corpus.manifest["inputs"]]
    row = (
        tables["technologies"]
        .filter((pl.col("technology") == technology) & (pl.col("period") == "all"))
        .row(0, named=True)
    )
    counts = study.corpus.counts
    return {
        "period": f"{study.options.first}-{study.options.last}",
        "data_date": study.data_date.isoformat(),
        **{key: getattr(study.options, key) for key in ("counting", "by", "scope")},
        "coverage": row["coverage"],
        **located_context(tables, technology),
        "families": row["families"],
        "records": counts["kept"],
        "left_out": counts["rejected"] + counts["duplicates"],
        "membership_year": study.year_of_membership,
        "version": netpos.__version__,
        "graph_file": f"graphs/{technology}.gexf",
        "source": {
            lang: " ".join(data_sources(forms, lang, synthetic=synthetic)) for lang in ("en", "nl")
        },
    }


@dataclass(frozen=True)
class Begun:
    """Sheets of the workbook that are made beside other work: of which tables, what waits."""

    tables: dict[str, pl.DataFrame]
    sheets: Asked[dict[str, Sheet]]

    def of(self, tables: Mapping[str, pl.DataFrame]) -> dict[str, Sheet]:
        """Return the sheets of those tables that are still the same."""
        made = self.sheets.now()
        return {k: one for k, one in made.items() if tables.get(k) is self.tables[k]}


def begin_sheets(
    study: Study, tables: Mapping[str, pl.DataFrame], written: Outputs, submit: Submit
) -> Begun:
    """Have the sheets of tables made, which takes longest of the workbook."""
    book = _book(study, tables, written, summary=(("", ""),))
    return Begun(dict(tables), submit(sheets_of, book))


def workbook_of(
    study: Study,
    tables: Mapping[str, pl.DataFrame],
    written: Outputs,
    page: Page,
    *,
    synthetic: bool,
) -> Book:
    """Return the workbook before its sheets are made, which come last; see `begin_sheets`."""
    about = _about(study, synthetic=synthetic)
    return _book(study, tables, written, summary=summary(page), about=about)


def _book(
    study: Study,
    tables: Mapping[str, pl.DataFrame],
    written: Outputs,
    *,
    summary: Sequence[tuple[str, str]],
    about: Mapping[str, object] | None = None,
) -> Book:
    return Book.of(
        tables,
        written.out,  # with a scratch folder of its own inside, gone with the others
        lang=study.options.lang,
        about=about,
        summary=summary,
        names={name: title[study.options.lang] for name, title in titles(study).items()},
    )


def titles(study: Study) -> dict[str, dict[str, str]]:
    """Return the titles of the technologies in both languages, the union last."""
    names = {t.id: {"en": t.name_en, "nl": t.name_nl} for t in study.technologies}
    names.setdefault(analysis.UNION, {"en": "All technologies", "nl": "Alle technologieën"})
    return names


@dataclass(frozen=True)
class Waiting:
    """Files of a run that are made beside other work: names, and what waits for the texts."""

    graphs: list[tuple[str, Asked[dict[str, str]]]]
    maps: list[tuple[str, Asked[str]]]

    def write(self, written: Outputs) -> None:
        """Write each as soon as it is there."""
        for stem, texts in track(self.graphs, "graph files"):
            for ending, text in texts.now().items():
                written.text(f"{stem}{ending}", text)
        for name, page in track(self.maps, "maps"):
            written.text(name, page.now())


def begin_drawings(
    study: Study, tables: dict[str, pl.DataFrame], submit: Submit, *, synthetic: bool
) -> Waiting:
    """Have graph files and two maps of each technology drawn, from little that is worked out here.

    Parameters
    ----------
    study, tables
        Of the run.
    submit
        Has them drawn elsewhere, see `netpos.commands.beside`.
    synthetic
        The data are made up.
    """
    graphs, maps = [], []
    whole = (study.options.first, study.options.last)
    kept: dict[str, dict[str, object]] = {}
    steps = [(kind, name) for kind in _KINDS for name in titles(study).items()]
    for (kind, ending), (technology, title) in track(steps, "numbers of maps and graph files"):
        links = None
        if kind == "country":
            links = study.links(technology, whole, period="all")
            net = _graph(study, tables, technology, title, links, synthetic=synthetic)
            graphs.append((f"graphs/{technology}", submit(graph_texts, net)))
            kept[technology] = _context(study, tables, technology, synthetic=synthetic)
        elif study.is_large:
            study.let_go("spread", "located_ends")  # of countries; links of organisations are many
        parts, context = (study, tables, technology, title, links), kept[technology]
        sketch = _sketch(*parts, kind=kind, context=context, synthetic=synthetic)
        maps.append((f"maps/{technology}{ending}.html", submit(network_map.drawn, sketch)))
    return Waiting(graphs, maps)


def _graph(
    study: Study,
    tables: dict[str, pl.DataFrame],
    technology: str,
    title: Mapping[str, str],
    links: Links,
    *,
    synthetic: bool,
) -> Network:
    """Return the links of a technology for graph files, a year and a place for each node."""
    made_up = f" ({words(study.options.lang)['synthetic_short']})" if synthetic else ""
    first, last = study.options.first, study.options.last
    rows = tables["countries"].filter(
        (pl.col("technology") == technology) & (pl.col("period") == "all")
    )
    return network(
        links,
        focal=study.options.focal,
        indicators=rows,
        positions=positions(
            links,
            focal=study.options.focal,
            indicators=rows,
            year=study.year_of_membership,
            seed=study.options.seed,
        ),
        yearly=yearly(
            study.links_mask(technology, (first, last)),
            study.pairs,
            study.spread,
            study.shares,
            study.member[technology],
            study.years,
            (first, last),
            always=study.options.focal,
        ),
        title=title[study.options.lang] + made_up,
        year=study.year_of_membership,
    )


class _Made(Mapping[str, Links]):
    """Links by period, made whenever they are asked for: those of organisations are many."""

    def __init__(self, spans: Mapping[str, Span], make: Callable[..., Links]) -> None:
        self._spans, self._make = spans, make

    def __getitem__(self, period: str) -> Links:
        return self._make(self._spans[period], period=period)

    def __iter__(self) -> Iterator[str]:
        return iter(self._spans)

    def __len__(self) -> int:
        return len(self._spans)


def _sketch(
    study: Study,
    tables: dict[str, pl.DataFrame],
    technology: str,
    title: Mapping[str, str],
    links: Links | None,
    *,
    kind: Kind,
    context: dict[str, object],
    synthetic: bool,
) -> network_map.Sketch:
    """Return a map of countries or organisations with all its numbers; those of the latter are
    made here, and held no longer than needed.
    """
    whole = (study.options.first, study.options.last)
    table = tables["countries" if kind == "country" else "organisations"]
    spans = {name: span for name, span in study.options.spans() if name != "all"}
    return network_map.sketched(
        study.links(technology, whole, kind=kind, period="all") if links is None else links,
        f"{technology}{dict(_KINDS)[kind]}",
        focal=study.options.focal,
        technology=title,
        periods=_Made(spans, partial(study.links, technology, kind=kind)),
        indicators=table.filter(pl.col("technology") == technology),
        evidence=partial(told_evidence, study, technology, whole, kind=kind),
        residuals=_residuals(tables, technology) if kind == "country" else None,
        context=context | _ABOUT_FILES[kind],
        lang=study.options.lang,
        seed=study.options.seed,
        synthetic=synthetic,
    )


def _residuals(tables: dict[str, pl.DataFrame], technology: str) -> pl.DataFrame | None:
    """Citations between countries beside those expected, where the run has them."""
    table = tables.get("residuals")
    if table is None or not table.height:
        return None
    return table.filter(pl.col("technology") == technology)


def _about(study: Study, *, synthetic: bool) -> dict[str, object]:
    """Return the first sheet of the workbook."""
    forms = [i["form"] for i in study.corpus.manifest["inputs"]]
    return {
        "sources": data_sources(forms, study.options.lang, synthetic=synthetic, valued=True),
        "version": netpos.__version__,
        "data date": study.data_date.isoformat(),
        "options": {
            k: v for k, v in study.options.model_dump(by_alias=True).items() if v is not None
        },
        "warnings": list(study.warnings),
    }
