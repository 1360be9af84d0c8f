"""The figures of the report, each as SVG and the CSV of its numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property, partial
from typing import TYPE_CHECKING

from netpos.progress import track
from netpos.viz.charts import compare as chart_compare
from netpos.viz.charts import countries as chart_countries
from netpos.viz.charts import impact as chart_impact
from netpos.viz.charts import owners as chart_owners
from netpos.viz.charts import robust as chart_robust
from netpos.viz.charts import scores as chart_scores
from netpos.viz.charts import technologies as chart_technologies
from netpos.viz.charts import world as chart_world
from netpos.viz.charts.drawing import Job, drawings
from netpos.viz.charts.theme import prepared
from netpos.viz.page import Figure, Page, counted_by
from netpos.viz.words import in_sentence, words

if TYPE_CHECKING:
    from netpos.viz.charts.theme import Drawn

#: Figures over all technologies, in the order in which the report shows them.
ACROSS: dict[str, Callable[[Page], Drawn]] = {
    "world": chart_world.world,
    "world-value": chart_world.world_value,
    "share-all": lambda page: chart_countries.share(page, "all"),
    "trend-all": lambda page: chart_countries.trend(page, "all"),
    "impact-all": lambda page: chart_impact.impact(page, "all"),
    "rank-intervals": chart_robust.rank_intervals,
    "rank-change": chart_technologies.rank_change,
    "focal-share": chart_technologies.focal_share,
    "focal-value": chart_technologies.focal_value,
    "scores": chart_technologies.scores,
    "scores-heat": chart_scores.scores_heat,
    "classes": chart_technologies.classes,
    "concentration": chart_technologies.concentration,
    "exposure": chart_technologies.exposure,
    "complexity-value": chart_technologies.complexity_value,
    "complexity-balance": chart_technologies.complexity_balance,
    "organisations-all": lambda page: chart_countries.organisations(page, "all"),
    "owners-value": chart_owners.owners_value,
}
#: Figures of the comparison page, where countries are chosen for one.
COMPARED: dict[str, Callable[[Page], Drawn]] = {
    "comparison": chart_compare.comparison,
    "comparison-trend": chart_compare.comparison_trend,
}
#: Figures of one technology.
EACH: dict[str, Callable[[Page, str], Drawn]] = {
    "share": chart_countries.share,
    "trend": chart_countries.trend,
    "impact": chart_impact.impact,
    "organisations": chart_countries.organisations,
    "sensitivity": chart_robust.sensitivity,
}


#: Kinds of figures of the other ways of counting, which are computed last.
LATE = frozenset({"sensitivity"})


def figures(page: Page) -> dict[str, Figure]:
    """Draw every figure for which the tables hold the numbers; see `begun`."""
    with begun(page) as finished:
        return dict(finished(page))


@contextmanager
def begun(
    page: Page, *, cores: int = 1, wanted: bool = True
) -> Iterator[Callable[[Page], Mapping[str, Figure]]]:
    """Draw every figure for which the tables hold the numbers, while the block does other work.

    Parameters
    ----------
    page
        What the report is made of, but for other ways of counting; of its evidence nothing is
        drawn.
    cores
        That may be used; with one the figures are drawn when they are asked for.
    wanted
        Whether there are to be any.

    Yields
    ------
    Callable
        Takes the page with its other ways of counting, and gives name of the file without its
        ending -> figure, within the block. Names of figures of one technology end with its id. The
        same bytes for the same tables. The first figure asked for waits for all: what needs none
        comes before.
    """
    early = _prepared(page, late=False) if wanted else {}
    with drawings([job for job, _ in early.values()], cores=cores) as all_drawn:

        def finished(page: Page) -> Mapping[str, Figure]:
            late = _prepared(page, late=True) if wanted else {}
            both = early | late
            drawn = all_drawn([job for job, _ in late.values()])  # begins with these too

            def found() -> dict[str, Figure]:
                svgs = track(drawn, "figures", len(both))
                return {
                    name: Figure(svg, csv)
                    for (name, (_, csv)), svg in zip(both.items(), svgs, strict=True)
                }

            return _Waiting([name for name, _, _ in _kinds(page) if name in both], found)

        yield finished


class _Waiting(Mapping[str, Figure]):
    """Figures that are waited for when the first is asked for; their names are known."""

    def __init__(self, names: list[str], make: Callable[[], dict[str, Figure]]) -> None:
        self._names, self._make = names, make

    @cached_property
    def _found(self) -> dict[str, Figure]:
        return self._make()

    def __getitem__(self, name: str) -> Figure:
        """Return a figure."""
        return self._found[name]

    def __contains__(self, name: object) -> bool:
        """Tell whether there is a figure, without waiting for it."""
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        """Name the figures in the order of the report."""
        return iter(self._names)

    def __len__(self) -> int:
        """Count the figures."""
        return len(self._names)


def _prepared(page: Page, *, late: bool) -> dict[str, tuple[Job, str]]:
    """Return what is to be drawn, and the numbers of it, by name."""
    made_up = words(page.lang)["synthetic_short"] if page.synthetic else None
    found = {}
    for name, kind, drawn in _drawn(page, late=late):
        if drawn is not None:
            said = figure_words(page, kind)
            found[name] = prepared(*drawn, name=name, said=said, lang=page.lang, made_up=made_up)
    return found


def figure_words(page: Page, name: str) -> str:
    """Say what a figure shows, from what and how counted: its caption and its text alternative.

    Parameters
    ----------
    page
        What the report is made of.
    name
        Name of the figure, or its kind.
    """
    t = words(page.lang)
    kind = name if name in ACROSS or name in COMPARED else name.split("-")[0]
    clock = t[f"clock_{page.year_by}"]
    text: str = t[f"figure_{kind}"].format(
        focal=in_sentence(page.focal, page.lang),
        clock=clock,
        who=t["who_benchmark" if page.benchmark else "who_largest"],
    )
    if kind == "rank-change" and page.parts and page.incomplete(page.parts[-1]):
        text = f"{text} {t['young_note'].format(year=page.young).removeprefix('* ')}"
    source: str = t["figure_source"].format(
        first=page.span[0],
        last=page.span[1],
        clock=clock,
        date=page.data_date,
        counting=t[f"counting_{page.counting}"],
        by=t[counted_by(page)],
    )
    if kind.startswith("complexity"):
        facts = page.table("technologies")
        if "complexity_basis" in facts.columns and facts["complexity_basis"].count():
            basis = str(facts["complexity_basis"].drop_nulls()[0]).partition(":")[0]
            text = f"{text} {t[f'basis_{basis}']}"
        if page.areas:
            text = f"{text} {t['figure_areas']}"
    if page.synthetic:
        source = f"{source} {t['synthetic']}"
    return f"{text} {source}"


def _drawn(page: Page, *, late: bool | None = None) -> Iterator[tuple[str, str, Drawn]]:
    """Make each figure in order, None where the numbers are not there; only late ones, or none."""
    for name, kind, make in _kinds(page):
        if late is None or (kind in LATE) == late:
            yield name, kind, make()


def _kinds(page: Page) -> Iterator[tuple[str, str, Callable[[], Drawn]]]:
    """Yield the name and kind of each figure in order, and what makes it."""
    for name, across in ACROSS.items():
        yield name, name, partial(across, page)
    for ident, _ in page.technologies:
        for kind, each in EACH.items():
            if f"{kind}-{ident}" not in ACROSS:  # drawn already, where all is one technology
                yield f"{kind}-{ident}", kind, partial(each, page, ident)
    if page.compared:
        for name, beside in COMPARED.items():
            yield name, name, partial(beside, page)
