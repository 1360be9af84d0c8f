"""The tables of publications: by period and country, by year, by cell, and what is known."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from netpos.indicators.position import rank
from netpos.science.publications import (
    MIN_CELL,
    RANKED,
    UNION,
    activity,
    output_impact,
    productivity,
    scored,
    union_scores,
)
from netpos.science.works import Works

Period = tuple[str, tuple[int, int]]
#: Least years of a slope.
_YEARS = 5
_WORLD = (
    "share",
    "share_low",
    "share_high",
    "rank",
    "fwci",
    "fwci_low",
    "fwci_high",
    "fwci_full",
    "top10",
    "rai",
)
COLUMNS = (
    "technology", "period", "country", "works", "works_full", "works_all", "share", "share_low",
    "share_high", "rank", "per_100_fte", "works_scored", "fwci", "fwci_low", "fwci_high",
    "fwci_full", "fwci_openalex", "top10", "rai", "share_slope", "share_slope_low",
    "share_slope_high", "rai_change", "rai_change_own", "rai_change_world",
)  # fmt: skip


def science_tables(
    found: Works,
    periods: Sequence[Period],
    *,
    types: Sequence[str] = ("article", "review", "conference"),
    min_cell: int = MIN_CELL,
    totals: pl.DataFrame | None = None,
    researchers: pl.DataFrame | None = None,
    focal: str | None = None,
) -> tuple[dict[str, pl.DataFrame], list[str]]:
    """Compute every table of publications.

    Parameters
    ----------
    found
        The works.
    periods
        Name and years of each; ``all``, the whole span, last.
    types
        Types of works that count.
    min_cell
        Least works of a cell; see `netpos.science.publications.scored`.
    totals
        ``country``, ``works`` of all science, optionally ``year``: gives ``rai``. Without years it
        is taken to be of the whole span and used for ``all`` alone.
    researchers
        ``country``, ``year``, ``fte``: gives ``per_100_fte``.
    focal
        A country that has a row everywhere.

    Returns
    -------
    tables : dict[str, pl.DataFrame]
        ``science``, ``science_trend``, ``science_cells``, ``science_coverage``; and
        ``science_works``, the works behind them with their scores.
    notes : list of str
        What the reader must know.
    """
    first, last = dict(periods)[UNION]
    if found.source == "lens-csv":
        return _sizes(found, periods, types, focal)
    inside = pl.col("year").is_between(first, last)
    works = found.works.filter(inside)
    members = found.members.join(works.select("work", "year", "type"), on="work")
    coverage = _coverage(members, found, types)
    counted, basis, notes = _counted(found, works.filter(pl.col("type").is_in(list(types))))
    of_cell = found.members.join(counted, on="work").select(
        "work", "technology", "year", "type", "citations"
    )
    # years of which citations are known by year borrow from each other only, and so do the rest
    whole = basis.filter(pl.col("basis") == "all time")["year"]
    of_all_time = pl.col("year").is_in(whole.implode())
    halves = [of_cell.filter(~of_all_time), of_cell.filter(of_all_time)]
    results = [scored(half, min_cell=min_cell) for half in halves]
    unions = [union_scores(half, min_cell=min_cell) for half in halves]
    scores = pl.concat([*(r.scores for r in results), *unions], how="diagonal")
    compared = pl.concat([r.cells for r in results])
    names = [*sorted(found.members["technology"].unique()), UNION]
    order = pl.col("technology").cast(pl.Enum(names))
    openalex = _openalex(found, scores)
    parts = []
    for period, (start, end) in periods:
        mine = scores.filter(pl.col("year").is_between(start, end))
        table = output_impact(mine, found.shares)
        if focal is not None:
            table = _with_focal(table, mine, focal)
        table = _with_whole(table, mine, found.shares)
        enough = pl.col("works_full") >= RANKED
        table = table.with_columns(rank=pl.when(enough).then(rank("works").over("technology")))
        table = _with_totals(table, totals, period, start, end)
        table = _with_researchers(table, mine, found.shares, researchers)
        table = table.join(
            openalex.filter(pl.col("year").is_between(start, end))
            .group_by("technology", "country")
            .agg(
                fwci_openalex=pl.when(pl.col("a").sum() > 0).then(
                    pl.col("x").sort().sum() / pl.col("a").sort().sum()
                )
            ),
            on=["technology", "country"],
            how="left",
        )
        parts.append(table.with_columns(period=pl.lit(period)))
    science = pl.concat(parts, how="diagonal")
    trend = _trend(scores, found.shares)
    science = _with_slopes(science, trend)
    science = _with_changes(science, [name for name, _ in periods if name != UNION])
    lone = _limited(found.shares, of_cell)
    if lone is not None:
        notes.append(
            f"every work with a country has {lone}: this is an export of one country, so shares, "
            "ranks, impact and activity are not given"
        )
        science = science.with_columns(
            pl.lit(None, science.schema[c]).alias(c) for c in _WORLD if c in science.columns
        )
        trend = trend.with_columns(share=pl.lit(None, pl.Float64), fwci=pl.lit(None, pl.Float64))
    place = pl.col("period").cast(pl.Enum([name for name, _ in periods]))
    science = science.sort(order, place, "country").select(COLUMNS)
    cells = compared.join(basis, on="year", how="left").sort(order, "year", "type")
    located = works.filter(pl.col("type").is_in(list(types)))
    notes += _notes(located, compared) + _unlocated(scores, found.shares)
    return {
        "science": science,
        "science_trend": trend.sort(order, "year", "country"),
        "science_cells": cells,
        "science_coverage": coverage.sort(order, "year", "type", nulls_last=True),
        "science_works": _named_works(found, scores),
    }, notes


def _named_works(found: Works, scores: pl.DataFrame) -> pl.DataFrame:
    """Return every work with what it is compared with, by its id in the source."""
    columns = ("technology", "year", "type", "citations", "expected", "score", "top")
    keys = found.works.select("work", "key")
    return scores.join(keys, on="work").select("key", *columns).sort("technology", "key")


def _sizes(
    found: Works, periods: Sequence[Period], types: Sequence[str], focal: str | None
) -> tuple[dict[str, pl.DataFrame], list[str]]:
    """Return numbers of works of a source that knows no country: of a country nothing is known."""
    first, last = dict(periods)[UNION]
    works = found.works.filter(pl.col("year").is_between(first, last))
    members = found.members.join(works.select("work", "year", "type"), on="work")
    counted = members.filter(pl.col("type").is_in(list(types)))
    every = pl.concat([counted, counted.with_columns(technology=pl.lit(UNION))]).unique(
        ["work", "technology"]
    )
    names = [*sorted(found.members["technology"].unique()), UNION]
    order = pl.col("technology").cast(pl.Enum(names))
    place = pl.col("period").cast(pl.Enum([name for name, _ in periods]))
    rows = pl.concat(
        every.filter(pl.col("year").is_between(start, end))
        .group_by("technology")
        .agg(works_all=pl.len().cast(pl.Float64))
        .with_columns(period=pl.lit(name), country=pl.lit(focal, pl.String))
        for name, (start, end) in periods
    )
    whole = {"works_full": pl.Int64, "rank": pl.Int64}
    science = rows.with_columns(
        pl.lit(None, whole.get(c, pl.Float64)).alias(c) for c in COLUMNS if c not in rows.columns
    )
    note = (
        "a Lens scholarly CSV has no country of any author: numbers of works alone, no position of "
        "a country; export JSON lines from Lens for that"
    )
    coverage = _coverage(members, found, types)
    return {
        "science": science.sort(order, place).select(COLUMNS),
        "science_coverage": coverage.sort(order, "year", "type", nulls_last=True),
    }, [note]


def _coverage(members: pl.DataFrame, found: Works, types: Sequence[str]) -> pl.DataFrame:
    facts = found.works.select("work", "authors", "located")
    some = pl.col("located") > 0
    kind = pl.when(pl.col("type").is_in(list(types))).then("type").otherwise(pl.lit("other"))
    return (
        members.join(facts, on="work")
        .group_by("technology", "year", kind.alias("type"))
        .agg(
            works=pl.len().cast(pl.Int64),
            located=some.sum().cast(pl.Int64),
            all_located=(some & (pl.col("located") == pl.col("authors"))).sum().cast(pl.Int64),
        )
        .with_columns(counted=pl.col("type") != "other")
        .select("technology", "year", "type", "counted", "works", "located", "all_located")
    )


def _counted(found: Works, works: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, list[str]]:
    """Works with the citations that count, the basis of each year, and what to say of it."""
    known = pl.col("citations_window").is_not_null()
    by_year = works.group_by("year").agg(whole=known.all()).sort("year")
    table = works.join(by_year, on="year", how="left")
    count = pl.when("whole").then("citations_window").otherwise("citations").alias("citations")
    counted = table.select("work", "year", "type", count)
    last = found.last_counted
    window = found.window or 0
    open_ = pl.lit(last is not None) & (pl.col("year") + window - 1 > (last or 0))
    basis = by_year.select(
        "year",
        basis=pl.when(~pl.col("whole"))
        .then(pl.lit("all time"))
        .when(open_)
        .then(pl.lit("window, incomplete"))
        .otherwise(pl.lit("window")),
    )
    notes = []
    if found.window is not None:
        old = by_year.filter(~pl.col("whole"))["year"]
        if old.len():
            notes.append(
                f"citations by year are not known for works of {old.len()} of {by_year.height} "
                "years: there all citations count, compared within the same year"
            )
    return counted, basis, notes


def _openalex(found: Works, scores: pl.DataFrame) -> pl.DataFrame:
    """Return the source's own index, shared out: never the headline, since it is per subfield."""
    known = found.works.select("work", "fwci_openalex").drop_nulls()
    rows = found.shares.join(known, on="work").join(
        scores.select("work", "technology", "year"), on="work"
    )
    return rows.select(
        "technology", "country", "year", a="share", x=pl.col("share") * pl.col("fwci_openalex")
    )


def _with_focal(table: pl.DataFrame, scores: pl.DataFrame, focal: str) -> pl.DataFrame:
    """Return a row of zeros for the country in focus where it has no work."""
    there = table.filter(pl.col("country") == focal)["technology"]
    names = scores["technology"].unique()
    gone = [name for name in names if name not in set(there)]
    if not gone:
        return table
    zeros = pl.DataFrame({"technology": gone}).with_columns(
        country=pl.lit(focal), works=pl.lit(0.0), works_full=pl.lit(0, pl.Int64),
        works_scored=pl.lit(0.0), share=pl.lit(0.0),
    )  # fmt: skip
    return pl.concat([table, zeros], how="diagonal")


def _with_whole(table: pl.DataFrame, scores: pl.DataFrame, shares: pl.DataFrame) -> pl.DataFrame:
    """Add how many works have a country at all: what shares divide by."""
    located = scores.join(shares.select("work").unique(), on="work", how="semi")
    whole = located.group_by("technology").agg(works_all=pl.len().cast(pl.Float64))
    table = table.join(whole, on="technology", how="left", maintain_order="left")
    return table.with_columns(pl.col("works_all").fill_null(0.0))


def _with_totals(
    table: pl.DataFrame, totals: pl.DataFrame | None, period: str, first: int, last: int
) -> pl.DataFrame:
    """Add activity, and the two parts that it divides: in the country and in the world."""
    names = ("rai", "own_part", "world_part")
    none = table.with_columns(pl.lit(None, pl.Float64).alias(c) for c in names)
    if totals is None or ("year" not in totals.columns and period != UNION):
        return none
    totals = totals.filter(pl.col("country") != "world")  # their sum is, as on the other side
    if "year" in totals.columns:
        totals = totals.filter(pl.col("year").is_between(first, last))
    totals = totals.group_by("country").agg(pl.col("works").sort().sum()).sort("country")
    whole = float(totals["works"].sort().sum())
    if not whole:
        return none
    joined = activity(table, totals).join(
        totals.select("country", total="works"), on="country", how="left", maintain_order="left"
    )
    own = pl.when(pl.col("total") > 0).then(pl.col("works") / pl.col("total"))
    return joined.with_columns(own_part=own, world_part=pl.col("works_all") / whole).drop("total")


def _with_researchers(
    table: pl.DataFrame,
    scores: pl.DataFrame,
    shares: pl.DataFrame,
    researchers: pl.DataFrame | None,
) -> pl.DataFrame:
    if researchers is None:
        return table.with_columns(per_100_fte=pl.lit(None, pl.Float64))
    yearly = (
        shares.join(scores.select("work", "technology", "year"), on="work")
        .group_by("technology", "country", "year")
        .agg(works=pl.col("share").sort().sum())
    )
    found = productivity(yearly, researchers)
    return table.join(found, on=["technology", "country"], how="left")


def _trend(scores: pl.DataFrame, shares: pl.DataFrame) -> pl.DataFrame:
    """Output, share and impact by year."""
    parts = []
    for year in scores["year"].unique().sort():
        table = output_impact(scores.filter(pl.col("year") == year), shares)
        parts.append(
            table.select(
                "technology", pl.lit(year, pl.Int32).alias("year"), "country", "works",
                "works_full", "share", "fwci",
            )
        )  # fmt: skip
    if not parts:
        return output_impact(scores, shares).select(
            "technology", pl.lit(None, pl.Int32).alias("year"), "country", "works",
            "works_full", "share", "fwci",
        )  # fmt: skip
    return pl.concat(parts)


def _with_slopes(science: pl.DataFrame, trend: pl.DataFrame) -> pl.DataFrame:
    """Theil-Sen slope of the share by year, for countries with a rank in the whole span."""
    from scipy.stats import theilslopes  # slow to load

    wanted = science.filter((pl.col("period") == UNION) & pl.col("rank").is_not_null())
    whole = trend.group_by("technology", "year").agg(there=pl.len())
    rows = []
    for technology, country in wanted.select("technology", "country").iter_rows():
        years = whole.filter(pl.col("technology") == technology).select("year")
        mine = trend.filter((pl.col("technology") == technology) & (pl.col("country") == country))
        both = years.join(mine, on="year", how="left").sort("year")
        if both.height >= _YEARS:
            found = theilslopes(both["share"].fill_null(0.0).to_numpy(), both["year"].to_numpy())
            rows.append((technology, country, *(float(found[k]) for k in (0, 2, 3))))
    names = ["share_slope", "share_slope_low", "share_slope_high"]
    schema: dict[str, pl.DataType] = {"technology": pl.String(), "country": pl.String()}
    slopes = pl.DataFrame(
        rows, schema | {c: pl.Float64() for c in names}, orient="row"
    ).with_columns(period=pl.lit(UNION))
    return science.join(slopes, on=["technology", "country", "period"], how="left")


def _with_changes(science: pl.DataFrame, periods: Sequence[str]) -> pl.DataFrame:
    """Change of activity from the first to the last period, and whose change it is."""
    names = ("rai_change", "rai_change_own", "rai_change_world")
    if len(periods) < 2:
        return science.with_columns(pl.lit(None, pl.Float64).alias(c) for c in names)
    before, after = (
        science.filter(pl.col("period") == p).select(
            "technology", "country", "rai", "own_part", "world_part"
        )
        for p in (periods[0], periods[-1])
    )
    both = before.join(after, on=["technology", "country"], suffix="_later").filter(
        (pl.col("rai") > 0) & (pl.col("rai_later") > 0)
    )
    change = {
        name: (pl.col(f"{part}_later") / pl.col(part)).log()
        for name, part in zip(names, ("rai", "own_part", "world_part"), strict=True)
    }
    table = both.select("technology", "country", period=pl.lit(UNION), **change)
    return science.join(table, on=["technology", "country", "period"], how="left")


def _limited(shares: pl.DataFrame, counted: pl.DataFrame) -> str | None:
    """Return the country that every located work has; None where there is none, or few works."""
    mine = shares.join(counted.select("work").unique(), on="work")
    located = mine["work"].n_unique()
    if located < RANKED:
        return None
    sizes = mine.group_by("country").agg(n=pl.col("work").n_unique()).sort("n", descending=True)
    country, n = sizes.row(0)
    return str(country) if n == located else None


def _unlocated(scores: pl.DataFrame, shares: pl.DataFrame) -> list[str]:
    """How much works without a country are cited: what the impact of countries leaves out."""
    every = scores.filter((pl.col("technology") == UNION) & pl.col("score").is_not_null())
    apart = every.join(shares.select("work").unique(), on="work", how="anti")
    if not apart.height:
        return []
    mean = float(apart["score"].sort().sum()) / apart.height
    return [f"the works without a country are cited {mean:.2f} times what is expected"]


def _notes(works: pl.DataFrame, cells: pl.DataFrame) -> list[str]:
    notes = []
    if works.height:
        part = (works["located"] > 0).sum() / works.height
        every = (works["located"] > 0) & (works["located"] == works["authors"])
        whole = every.sum() / works.height
        notes.append(
            f"{100 * part:.0f} % of the works have an author with a country, {100 * whole:.0f} % "
            "have one for every author; the others enter the expected citations alone"
        )
    left = cells.filter(pl.col("pooled") == "none")["works"].sum()
    pooled = cells.filter(pl.col("pooled").is_in(["years", "types"]))["works"].sum()
    whole_ = int(cells["works"].sum() or 0)
    if left:
        notes.append(f"{left:,} of {whole_:,} works are in cells too thin for a score")
    if pooled:
        notes.append(f"{pooled:,} of {whole_:,} works are compared with neighbouring cells")
    return notes
