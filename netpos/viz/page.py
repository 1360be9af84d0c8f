"""What a report is made of: the tables of a run and the facts around them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import polars as pl

from netpos import countries
from netpos.tables import Family, Owner

#: Families behind a link: family id and one of its Lens ids.
Evidence = Sequence[tuple[str, str]]


class Figure(NamedTuple):
    """A figure as its files: the drawing and the numbers in it; a picture where it is wanted."""

    svg: str
    csv: str

    def png(self) -> bytes:
        """Return the drawing as a PNG of twice its size."""
        import vl_convert  # slow to load

        picture: bytes = vl_convert.svg_to_png(self.svg, scale=2)
        return picture


@dataclass(frozen=True)
class Page:
    """What the report shows: names, tables and the facts of the run.

    Parameters
    ----------
    focal
        Country in focus.
    lang
        ``en`` or ``nl``.
    technologies
        Id and name in that language, in the order shown.
    tables
        Those of the run by name; a part whose table or column is absent is left out.
    periods
        Names of the periods by start, ``all`` last.
    span
        First and last year.
    inputs
        Name, form, records read, kept, rejected, duplicate.
    skipped
        Name, and why it was left alone.
    warnings
        Sentences the reader must know.
    data_date
        Latest publication, ISO.
    counting, scope, by
        How it was counted.
    version
        Of netpos.
    synthetic
        Say that the data are invented.
    options
        Further options of the run, printed at the end.
    evidence
        Technology -> (citing, cited) -> families that carry the link most, for the whole span.
    figures
        Name -> figure, as `netpos.viz.charts.charts.figures` returns them; without them the report
        has tables only.
    corpus
        The corpus as seen from the report, for the commands it names.
    ranked
        Technology -> (country, rank) -> every family behind the rank, for the whole span.
    compared
        Countries of the comparison page, the one in focus first; empty: there is no such page.
    office
        Office of every document that defines the technologies; None: there are several.
    international
        Whether the offices of the members of any family are known; else none can be told to be
        international.
    owners
        Family id -> who filed it and when, for the families listed.
    areas
        Technology -> focus area, where the figures of complexity are coloured by it.
    papers
        The section on papers that the patents cite, as HTML; empty: none were given.
    """

    focal: str
    lang: str
    technologies: Sequence[tuple[str, str]]
    tables: Mapping[str, pl.DataFrame]
    periods: Sequence[str]
    span: tuple[int, int]
    inputs: Sequence[tuple[str, str, int, int, int, int]]
    skipped: Sequence[tuple[str, str | None]]
    warnings: Sequence[str]
    data_date: str
    counting: str
    scope: str
    by: str
    version: str
    synthetic: bool
    options: Mapping[str, str] = field(default_factory=dict)
    evidence: Mapping[str, Mapping[tuple[str, str], Evidence]] = field(default_factory=dict)
    figures: Mapping[str, Figure] = field(default_factory=dict)
    corpus: str = "corpus"
    ranked: Mapping[str, Mapping[tuple[str, str], Sequence[Family]]] = field(default_factory=dict)
    compared: Sequence[str] = ()
    areas: Mapping[str, str] = field(default_factory=dict)
    papers: str = ""
    office: str | None = None
    international: bool = True
    owners: Mapping[str, Owner] = field(default_factory=dict)

    @property
    def png(self) -> bool:
        """Whether there is a PNG of each figure beside its SVG."""
        return self.options.get("png") == str(True)

    @property
    def parts(self) -> list[str]:
        """The periods inside the span."""
        return [name for name in self.periods if name != "all"]

    @property
    def year_by(self) -> str:
        """The clock of the years of families: ``publication`` or ``priority``."""
        return self.options.get("year_by", "publication")

    @cached_property
    def benchmark(self) -> frozenset[str]:
        """Countries that the run compares the one in focus with; empty: none were chosen."""
        given = self.options.get("benchmark")
        return frozenset(countries.benchmark_codes(given, self.focal)) if given else frozenset()

    @cached_property
    def young(self) -> int | None:
        """The first year that is not complete; None where the trend does not say."""
        trend = self.table("trend")
        if not {"year", "truncated"} <= set(trend.columns):
            return None
        years = trend.filter(pl.col("truncated").fill_null(value=False))["year"]
        return int(str(years.min())) if len(years) else None

    def incomplete(self, period: str) -> bool:
        """Tell whether a period holds years that are not complete."""
        if self.young is None:
            return False
        table = self.table("countries")
        if {"period", "truncated"} <= set(table.columns):
            return bool(table.filter(pl.col("period") == period)["truncated"].any())
        ends = re.findall(r"\d{4}", period)
        return bool(ends) and int(ends[-1]) >= self.young

    @cached_property
    def reasons(self) -> Mapping[tuple[str, str, str, str], str]:
        """Why there is no interval: (technology, period, country, indicator) -> reason."""
        table = self.table("indicators")
        keys = ("technology", "period", "country", "indicator")
        if not {*keys, "reason"} <= set(table.columns):
            return {}
        shown = pl.col("country").is_in([self.focal, *self.compared])
        rows = table.filter(shown & pl.col("reason").is_not_null()).select(*keys, "reason")
        return {(t, p, c, i): why for t, p, c, i, why in rows.iter_rows()}

    @cached_property
    def differences(self) -> Mapping[tuple[str, str, str, str, str, str], Mapping[str, object]]:
        """Rows of differences by technology, indicator, and both countries with their periods."""
        table = self.table("differences")
        keys = ("technology", "indicator", "country", "period", "other_country", "other_period")
        if not {*keys, "difference", "low", "high", "reason"} <= set(table.columns):
            return {}
        shown = pl.col("country").is_in([self.focal, *self.compared])
        others = pl.col("other_country").is_in([self.focal, *self.compared])
        rows = table.filter(shown & others).iter_rows(named=True)
        return {(*(str(r[k]) for k in keys),): r for r in rows}  # type: ignore[misc] # as many as there are keys, six

    def change(self, technology: str, indicator: str, country: str) -> Mapping[str, object] | None:
        """Return the row of what a number of a country moved from the first to the last period."""
        if len(self.parts) < 2:
            return None
        ends = (country, self.parts[-1], country, self.parts[0])
        return self.differences.get((technology, indicator, *ends))

    def difference_said(self, technology: str, indicator: str, other: str) -> str | None:
        """Which words say that another country is not told apart from the country in focus.

        None where it is, or where the run has no such difference: ``not_apart_from`` where the
        interval of the difference has 0 in it; where there is none, ``few_to_compare`` or
        ``not_compared``, by the reason.
        """
        ends = (self.focal, "all", other, "all")
        row = self.differences.get((technology, indicator, *ends))
        if row is None or excludes_zero(row):
            return None
        if row.get("low") is not None and row.get("high") is not None:
            return "not_apart_from"
        few = row.get("reason") in ("too_few", "one_firm")
        return "few_to_compare" if few else "not_compared"

    def table(self, name: str) -> pl.DataFrame:
        """Return a table of the run; one without columns where there is none."""
        return self.tables.get(name, pl.DataFrame())

    def rows(
        self, name: str, technology: str, period: str | None = None, **where: str
    ) -> pl.DataFrame:
        """Return the rows of a technology (and period) of a table; none where it is absent."""
        found = self.table(name)
        if not found.width:
            return found
        keys = {"technology": technology, **where}
        if period is not None:
            keys["period"] = period
        return found.filter([pl.col(k) == v for k, v in keys.items()])

    def has(self, name: str, column: str) -> bool:
        """Tell whether the table has this column with at least one value in it."""
        found = self.table(name)
        return column in found.columns and found[column].null_count() < found.height


def counted_by(page: Page) -> str:
    """Return the key of the words for whose country was counted.

    Where no party gave any family its country, as in a CSV, it is the priority office.
    """
    rows = page.rows("coverage", "all", "all")
    if rows.height:
        rules = set(rows.filter(pl.col("families") > 0)["rule"])
        if "priority" in rules and not rules & {"applicant", "inventor", "imputed", "lookup"}:
            return "by_priority"
    return f"by_{page.by}"


def excludes_zero(row: Mapping[str, object]) -> bool:
    """Tell whether the interval of a difference lies on one side of 0.

    Examples
    --------
    >>> excludes_zero({"low": 0.1, "high": 0.3}), excludes_zero({"low": None, "high": None})
    (True, False)
    """
    low, high = row.get("low"), row.get("high")
    if not isinstance(low, float | int) or not isinstance(high, float | int):
        return False
    return low > 0 or high < 0
