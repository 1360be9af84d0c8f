"""The tables of a run, each from the study and nothing else."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import TypeAlias

import polars as pl

from netpos import countries
from netpos.analysis import sensitivity, without
from netpos.analysis.complexity import technology_complexity
from netpos.analysis.selection import WholeRun, selecting
from netpos.analysis.study import Span, Study
from netpos.indicators import (
    position,
    robustness,
    scores,
    specialisation,
    trend,
    uncertainty,
    value,
)
from netpos.indicators.differences import differences
from netpos.ingest.lacking import without_status
from netpos.ingest.memory import give_back
from netpos.ingest.user_tables import read_totals
from netpos.progress import advance, stage, track
from netpos.tables import rounded

#: Tables with the most rows, of a large corpus held compressed until all are there.
LARGEST = ("organisation_links", "organisations")
#: Rows of a technology and period.
_Rows: TypeAlias = "pl.DataFrame | bytes"
#: A technology, and a period by name and years.
Cell: TypeAlias = tuple[str, str, Span]
#: Its rows by table, and how well indicators are known.
Selected: TypeAlias = "tuple[dict[str, pl.DataFrame], uncertainty.Resampled | None]"
#: Columns of ``tables/technologies.csv``, in order.
TECHNOLOGY_COLUMNS = (
    "technology",
    "period",
    "families",
    "families_located",
    "links",
    "coverage",
    "core",
    "focal",
    "counting",
    "complexity",
    "complexity_matrix",
    "complexity_basis",
    "balance_ratio",
    "balance",
    "source_effective",
    "similarity",
    "family_share",
    "family_rank",
    "family_rank_change",
    "value_share",
    "value_rank",
    "value_rank_change",
    "members_in_corpus",
    "members_missed",
    "truncated",
)


def tables(study: Study, aside: dict[str, list[bytes]] | None = None) -> dict[str, pl.DataFrame]:
    """Compute every table of a run.

    Parameters
    ----------
    study
        The run.
    aside
        Where given, rows of the largest tables of a large corpus go in here, see `put_back`, and
        these tables have none.

    Returns
    -------
    dict
        Name of the table -> frame, rows in the order in which they are written. The texts of
        ``organisation_links`` are Polars ``Enum``, which the files have as texts.
    """
    once = WholeRun.of(study)
    rows: dict[str, dict[str, list[_Rows]]] = {}
    schemas: dict[str, pl.Schema] = {}
    cells = [(t, *period) for t in _largest_first(study) for period in study.options.spans()]
    known: dict[str, list[uncertainty.Resampled]] = {}
    threads = pl.thread_pool_size() if study.options.draws else 1
    pool = ThreadPoolExecutor(threads) if threads > 1 else None
    try:
        steps = track(cells, "tables of each technology and period")
        for (technology, period, _), (parts, resampled) in _one_ahead(once, steps, pool):
            parts["organisations"] = _ordered(parts["organisations"])
            for name, part in parts.items():
                schemas.setdefault(name, part.schema)
                kept = _packed(part) if study.is_large and name in LARGEST else part
                rows.setdefault(name, {}).setdefault(technology, []).append(kept)
            if resampled is not None:
                known.setdefault(technology, []).append(resampled)
            if period == cells[-1][1] and technology in known:  # its last period
                between = differences(known.pop(technology), study.options.focal)
                rows.setdefault("differences", {})[technology] = [between]
    finally:
        if pool is not None:
            pool.shutdown(cancel_futures=True)
    found: dict[str, pl.DataFrame] = {}
    for name, held in rows.items():
        every = [part for technology in study.names for part in held.get(technology, [])]
        if aside is not None and name in LARGEST:
            aside[name] = [part if isinstance(part, bytes) else _packed(part) for part in every]
            every = [_unpacked(part).clear() for part in every[:1]]
        whole = pl.concat(map(_unpacked, every), how="vertical_relaxed")
        found[name] = _as_texts(whole, schemas.get(name, {}))
    rows.clear()
    found["coverage"] = once.coverage
    del once  # only the tables above needed it, and this:
    study.let_go("sampled", *(("_selections", "located_ends") if study.is_large else ()))
    give_back()
    found["countries"] = _named(study, _with_rca(study, found["countries"]))
    if "indicators" in found:
        found["countries"] = uncertainty.add_intervals(found["countries"], found["indicators"])
    found["technologies"] = _with_changes(_with_complexity(study, found["technologies"]))
    if study.options.design == "world":
        whole = found["technologies"].filter(pl.col("period") == "all")
        found["scores"] = scores.scores(whole)
        with stage("trends and values", 2):
            found["trend"] = _trend(study)
            found["slopes"] = trend.slopes(found["trend"])
            found["changes"] = _changes(study, found["countries"])
            advance()
            found["family_values"] = family_values_table(study, study.valued)
            advance()
    found["overlap"] = overlap_table(study)
    if study.options.benchmark:
        found["benchmark"] = benchmark_table(study, found["countries"])
    return _without_withheld(study, found)


def _ordered(organisations: pl.DataFrame) -> pl.DataFrame:
    """Return rows of organisations with the columns of the table."""
    return organisations.select(
        [c for c in position.ORGANISATION_COLUMNS if c in organisations.columns]
    )


def put_back(aside: list[bytes], schema: pl.Schema) -> pl.DataFrame:
    """Return one of the largest tables from what `tables` put aside, which is emptied.

    Parameters
    ----------
    aside
        Rows of the table.
    schema
        Of the table.
    """
    parts = []
    while aside:
        parts.append(_unpacked(aside.pop(0)))
    return _as_texts(pl.concat(parts, how="vertical_relaxed"), schema)


def _packed(rows: pl.DataFrame) -> bytes:
    """Compress rows that are not needed before the end, texts that stand for numbers as these:
    with each of many parts all texts would be written and read again.
    """
    codes = rows.with_columns(pl.selectors.enum().to_physical())
    codes.write_ipc(found := io.BytesIO(), compression="zstd")
    return found.getvalue()


def _unpacked(rows: _Rows) -> pl.DataFrame:
    """Return rows with numbers for texts that stand for these, as where they were compressed."""
    if isinstance(rows, bytes):
        return pl.read_ipc(io.BytesIO(rows))
    if any(isinstance(dtype, pl.Enum) for dtype in rows.dtypes):
        return rows.with_columns(pl.selectors.enum().to_physical())
    return rows


def _as_texts(codes: pl.DataFrame, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """Give columns of texts that stand for numbers these texts again."""
    for name, dtype in schema.items():
        if isinstance(dtype, pl.Enum):
            texts = pl.Series(name, dtype.categories, dtype=dtype)
            codes = codes.with_columns(texts.gather(codes[name]))
    return codes


def _largest_first(study: Study) -> list[str]:
    """Return the technologies, of a large corpus the largest first: while few tables are held."""
    if not study.is_large:
        return study.names
    return sorted(study.names, key=lambda name: -study.member.size(name))


def _one_ahead(
    once: WholeRun, cells: Iterable[Cell], pool: Executor | None
) -> Iterator[tuple[Cell, Selected]]:
    """Yield the tables of each technology and period; while one is drawn from, the next begins.

    Of a large corpus what is drawn from is let go before the next needs most, and networks of
    many links are drawn from before all else, see `uncertainty.resampling_of`.
    """
    waiting: list[tuple[Cell, Callable[[], Selected]]] = []
    finished: list[tuple[Cell, Selected]] = []

    def settle() -> None:
        while waiting:
            cell, finish = waiting.pop()
            finished.append((cell, finish()))
            if once.study.is_large:
                del finish
                give_back()

    for cell in cells:
        finish = selecting(once, *cell, pool, settle if once.study.is_large else None)
        settle()
        while finished:
            yield finished.pop()
        waiting.append((cell, finish))
        del finish
    settle()
    yield from finished


def _without_withheld(study: Study, found: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Leave out rows on what is withheld of everybody, which no interval or way of counting has."""
    if countries.is_union(study.options.focal):
        for name in ("indicators", "differences", "sensitivity", "robustness"):
            if name in found:
                found[name] = found[name].filter(pl.col("indicator") != "similarity")
    return found


def _trend(study: Study) -> pl.DataFrame:
    span = (study.options.first, study.options.last)
    counted = ~study.pairs.self_citation if study.drops_self_citations() else None
    values = (
        None
        if not len(study.all_pairs) or without_status(study.corpus.manifest["inputs"])
        else value.stock(
            study.valued_documents(),
            study.all_pairs,
            study.shares,
            study.fields,
            study.member,
            study.publication_years,
            study.priority_years,
            span,
            data_date=study.data_date,
            weights=study.tables.seed_citations,
        )
    )
    return trend.trend(
        study.pairs,
        study.spread,
        study.shares,
        study.member,
        study.years,
        span,
        last_whole=trend.last_whole_year(study.data_date, study.options.year_by),
        focal=study.options.focal,
        counted=counted,
        values=values,
    )


def _changes(study: Study, table: pl.DataFrame) -> pl.DataFrame:
    """Return changes of shares and ranks between the first and the last period, if there are
    two.
    """
    names = [name for name, _ in study.options.spans() if name != "all"]
    if len(names) < 2:
        none = trend.changes(table, "all", "all").clear()
        return none.with_columns(truncated=pl.lit(None, pl.Boolean))
    last = dict(study.options.spans())[names[-1]][1]
    found = trend.changes(table, names[0], names[-1])
    return found.with_columns(truncated=pl.lit(study.truncated(last)))


def family_values_table(study: Study, valued: value.Valuation) -> pl.DataFrame:
    """Return the components of the value of each family of the technologies."""
    ids = study.corpus.columns("families", "family", "family_id")
    table = valued.table.join(ids, on="family", how="left", maintain_order="left")
    return rounded(table.select("family_id", pl.exclude("family", "family_id")))


def _with_complexity(study: Study, table: pl.DataFrame) -> pl.DataFrame:
    """Add the complexity of technologies and what it is computed from; see `subclasses`."""
    found = technology_complexity(study)
    return table.join(found, on="technology", how="left", maintain_order="left")


def sensitivity_tables(study: Study, tables: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Compute every way of counting, and a mark for what survives them; empty with ``--design
    focal``. Of a large corpus the table of values is held compressed meanwhile.
    """
    if not is_counted_otherwise(study):
        return {}
    worth = sensitivity.worth_of(study, tables["family_values"])
    kept, schema = list[bytes](), tables["family_values"].schema
    if study.is_large:
        kept.append(_packed(tables["family_values"]))
        tables["family_values"] = tables["family_values"].clear()
    try:
        counted = sensitivity.sensitivity(study, worth)
        return marked(study, tables, counted, without.without_one(study, worth))
    finally:
        if kept:
            tables["family_values"] = put_back(kept, schema)


def is_counted_otherwise(study: Study) -> bool:
    """Tell whether a run counts in other ways."""
    return study.options.sensitivity and study.options.design != "focal"


def marked(
    study: Study,
    tables: dict[str, pl.DataFrame],
    table: pl.DataFrame,
    left_out: pl.DataFrame,
) -> dict[str, pl.DataFrame]:
    """Return other ways of counting, and what survives them and each organisation left out."""
    whole = pl.col("period") == "all"
    mine = pl.col("country") == study.options.focal
    focal = tables["countries"].filter(whole & mine)
    drawn = tables.get("indicators")
    if drawn is not None:
        drawn = pl.concat([drawn, _rank_by_value(drawn, focal)], how="diagonal_relaxed")
    marks = robustness.robustness(
        table,
        left_out,
        focal=study.options.focal,
        intervals=None if drawn is None else drawn.filter(whole),
        measurable={
            t: m is not False for t, m in focal.select("technology", "measurable").iter_rows()
        },
    )
    return _without_withheld(study, {"sensitivity": table, "robustness": marks})


def _rank_by_value(drawn: pl.DataFrame, focal: pl.DataFrame) -> pl.DataFrame:
    """Return the rank by value as an interval: it is given only where the whole interval bears it
    out.

    See `netpos.indicators.value.drawn_ranks`; no rows where no share of value has an interval.
    """
    keys = ["technology", "period", "country"]
    shares = drawn.filter(pl.col("indicator") == "value_share")
    if not shares.height or not shares["low"].count():
        return drawn.clear()
    why = pl.col("reason") if "reason" in drawn.columns else pl.lit(None, pl.String)
    rank = pl.col("value_rank").cast(pl.Float64)
    held = pl.when(pl.col("low").is_not_null()).then(rank)
    return (
        shares.join(focal.select(*keys, "value_rank"), on=keys, how="inner")
        .with_columns(
            reason=pl.when(pl.col("low").is_null()).then(why).otherwise(pl.lit("interval"))
        )
        .with_columns(indicator=pl.lit("value_rank"), value=rank, low=held, high=held)
        .drop("value_rank")
    )


def _named(study: Study, table: pl.DataFrame) -> pl.DataFrame:
    table = countries.with_names(table, study.options.lang)
    return table.select([c for c in position.COUNTRY_COLUMNS if c in table.columns])


def _with_rca(study: Study, table: pl.DataFrame) -> pl.DataFrame:
    """Add specialisation: within the listed technologies, and against all patenting if given.

    With ``--design focal`` there is none: what others hold of a technology was not fetched. In a
    list of one technology it would be 1 for all, by construction.
    """
    if study.options.design == "focal":
        none = pl.lit(None, pl.Float64)
        return table.with_columns(rca_within=none, rca=none)
    # a country without families in a technology has none of it, if it has families elsewhere
    ids = [t.id for t in study.technologies]
    listed = table.filter(pl.col("technology").is_in(ids) & pl.col("families").is_not_null())
    totals = read_totals(Path(study.options.totals)) if study.options.totals else None
    if totals is not None:
        totals = countries.summed(totals, study.options.focal, of=("families",))
    keys = ["technology", "period", "country"]
    parts = []
    for period, span in study.options.spans():
        cells = listed.filter(pl.col("period") == period).select(*keys, "families")
        if not cells.height:
            continue
        within = specialisation.rca(cells).rename({"rca": "rca_within"})
        if len(ids) == 1:
            within = within.with_columns(rca_within=pl.lit(None, pl.Float64))
        against: pl.Series | pl.Expr = pl.lit(None, pl.Float64).alias("rca")
        if totals is not None:
            against = specialisation.rca(cells, totals=_totals(totals, span))["rca"]
        parts.append(within.select(*keys, "rca_within").with_columns(rca=against))
    if not parts:
        none = pl.lit(None, pl.Float64)
        return table.with_columns(rca_within=none, rca=none)
    return rounded(table.join(pl.concat(parts), on=keys, how="left", maintain_order="left"))


def _totals(totals: pl.DataFrame, span: Span) -> pl.DataFrame:
    """All patenting per country within the span."""
    if "year" in totals.columns:
        totals = totals.filter(pl.col("year").is_between(*span))
    return totals.group_by("country").agg(pl.col("families").sort().sum()).sort("country")


def overlap_table(study: Study) -> pl.DataFrame:
    """Return families that two technologies share, over the whole corpus."""
    names = [t.id for t in study.technologies]
    rows = [
        (a, b, int((study.member[a] & study.member[b]).sum()))
        for i, a in enumerate(names)
        for b in names[i:]
    ]
    schema = {"technology": pl.String, "other": pl.String, "families": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def benchmark_table(study: Study, table: pl.DataFrame) -> pl.DataFrame:
    """Return the focal country among the countries it is compared with, ranked within them."""
    focal = study.options.focal
    codes = {focal, *countries.benchmark_codes(study.options.benchmark or "", focal)}
    keys = ["technology", "period"]
    columns = ["families", "family_share", "received", "balance_ratio", "citations_per_family"]
    world = study.options.design == "world"  # of one country's corpus the others are not known
    # who has no family is absent, not last, unless older families of it are still cited
    ranked = [
        pl.when(world & ((pl.col("families") > 0) | ((pl.col("received") > 0) & (c == "received"))))
        .then(position.rank(c).over(keys))
        .alias(f"{c}_rank")
        for c in columns
    ]
    return (
        table.filter(pl.col("country").is_in(sorted(codes)))
        .select(*keys, "country", "name", *columns)
        .with_columns(ranked)
    )


def _with_changes(table: pl.DataFrame) -> pl.DataFrame:
    """Add the changes of rank against the first period: + = improved; null where it has no rank in
    one, as where it is absent.
    """
    early = pl.col("period") == pl.col("period").first().over("technology")
    later = ~early & (pl.col("period") != "all")
    return table.with_columns(
        [
            pl.when(later)
            .then(pl.col(rank).first().over("technology") - pl.col(rank))
            .alias(f"{rank}_change")
            for rank in ("family_rank", "value_rank")
        ]
    ).select(TECHNOLOGY_COLUMNS)
