"""The tables of a run, each from the study and nothing else."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos import analysis, countries
from netpos.analysis import sensitivity
from netpos.analysis.complexity import technology_complexity
from netpos.analysis.study import Span, Study
from netpos.graph import dependence
from netpos.graph.links import Shares, gathered, select
from netpos.indicators import (
    markets,
    position,
    robustness,
    scores,
    specialisation,
    trend,
    uncertainty,
    value,
)
from netpos.ingest.user_tables import read_totals
from netpos.tables import DIGITS, Links, rounded

#: Organisations and classification groups named behind a number.
NAMED = 3
#: Located share of a country's links below which its indicators are not measurable.
MEASURABLE = 0.5
#: What rests on citations, and is unknown where an export has none at all.
CITATION_COLUMNS = (
    "received",
    "given",
    "domestic",
    "received_per_family",
    "given_per_family",
    "foreign_share",
    "partners",
    "balance_ratio",
    "balance",
    "balance_dyadic",
    "pure_importer",
    "received_share",
    "received_rank",
    "pagerank",
    "betweenness",
    "harmonic_in",
    "core",
    "core_distance",
    "near_core",
    "source_countries",
    "source_effective",
    "source_evenness",
    "source_hhi",
    "share_eu",
    "share_oecd_nato",
    "share_other",
    "similarity",
    "citations_per_family",
    "value",
    "value_foreign",
    "value_share",
    "value_rank",
)
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
)
#: Sets of countries to compare with, by name.
BENCHMARKS = {
    "report-7.2": "US CN JP KR AT SE BE DE",
    "report-7.2.2": "US CN JP KR FR DE SE BE DK",
}


def tables(study: Study) -> dict[str, pl.DataFrame]:
    """Compute every table of a run.

    Returns
    -------
    dict
        Name of the table -> frame, rows in the order in which they are written. The texts of
        ``organisation_links`` are Polars ``Enum``, which the files have as texts.
    """
    once = _Once.of(study)
    rows: dict[str, list[pl.DataFrame]] = {}
    for technology in study.names:
        for period, span in study.options.spans():
            for name, part in _selected(once, technology, period, span).items():
                rows.setdefault(name, []).append(part)
    found = {name: pl.concat(parts, how="vertical_relaxed") for name, parts in rows.items()}
    found["countries"] = _named(study, _with_rca(study, found["countries"]))
    if "indicators" in found:
        found["countries"] = uncertainty.add_intervals(found["countries"], found["indicators"])
    found["technologies"] = _with_changes(_with_complexity(study, found["technologies"]))
    found["coverage"] = once.coverage
    if study.options.design == "world":
        whole = found["technologies"].filter(pl.col("period") == "all")
        found["scores"] = scores.scores(whole)
        found["trend"] = _trend(study)
        found["slopes"] = trend.slopes(found["trend"])
        found["changes"] = _changes(study, found["countries"])
    found["family_values"] = _family_values(study, once.valued)
    found["organisations"] = found["organisations"].select(
        [c for c in position.ORGANISATION_COLUMNS if c in found["organisations"].columns]
    )
    found["overlap"] = overlap_table(study)
    if study.options.benchmark:
        found["benchmark"] = benchmark_table(study, found["countries"])
    return found


@dataclass(frozen=True)
class _Once:
    """What is made once for all technologies and periods of a run."""

    study: Study
    coverage: pl.DataFrame
    self_links: NDArray[np.float64]
    behind: Behind
    valued: value.Valuation
    sample: uncertainty.Sample

    @classmethod
    def of(cls, study: Study) -> _Once:
        """Make it."""
        return cls(
            study,
            analysis.coverage_table(study),
            _self_citations(study),
            Behind(study),
            valuation(study),
            uncertainty.Sample.of(study.pairs, study.spread, study.shares, study.organisations),
        )


def _selected(once: _Once, technology: str, period: str, span: Span) -> dict[str, pl.DataFrame]:
    """The rows of a technology and period, by table."""
    study = once.study
    closed = study.links(technology, span, period=period)
    citing = study.links(technology, span, scope="citing", period=period)
    by_country = country_coverage(study, technology, span)
    chosen = study.chosen(technology, span)
    worth = value.node_values(once.valued, study.shares, chosen)
    table = (
        position.country_table(
            closed,
            citing,
            focal=study.options.focal,
            year=study.year_of_membership,
            method=study.options.core,
            memberships=_memberships(study),
            located=study.located_families(technology, span),
        )
        .pipe(_with_measurable, by_country)
        .join(
            worth.select("country", "value", "value_foreign", "value_share", "value_rank"),
            on="country",
            how="left",
            maintain_order="left",
        )
        .with_columns(
            pl.when(pl.col("families") == 0).then(pl.col(c).fill_null(0.0)).otherwise(c).alias(c)
            for c in ("value", "value_foreign", "value_share")
        )
    )
    if not len(study.all_pairs):  # an export without citations tells nothing of them
        table = table.with_columns(
            [pl.lit(None, table.schema[c]).alias(c) for c in CITATION_COLUMNS]
        )
    found = {}
    if study.options.design == "focal":
        table = focal_only(table, study.options.focal)
    else:
        found["indicators"] = _intervals(study, table, once.sample, technology, period, span)
    parts = {
        "countries": table,
        "links": _plain(closed),
        "source_links": _plain(citing),
        "coverage_by_country": by_country,
        "exposure": once.behind.exposure(citing, technology, span),
        "dependents": once.behind.dependents(citing, technology, span),
        "references": reference_table(study, technology, span),
    }
    keys = [pl.lit(technology).alias("technology"), pl.lit(period).alias("period")]
    firms, firm_links = _organisations(once, technology, period, span)
    parts["organisations"] = firms
    found |= {name: part.select(*keys, pl.all()) for name, part in parts.items()}
    found["organisation_links"] = _with_codes(study, firm_links, technology, period)
    found["technologies"] = _technology_row(study, table, once.coverage, technology, period)
    return found


def _with_codes(study: Study, links: pl.DataFrame, technology: str, period: str) -> pl.DataFrame:
    """Links of organisations, the one table of tens of millions of rows, with texts as numbers."""
    organisations = pl.Enum(study.organisations.names)
    technologies = pl.Enum(study.names)
    periods = pl.Enum([name for name, _ in study.options.spans()])
    return links.select(
        pl.lit(technology, technologies).alias("technology"),
        pl.lit(period, periods).alias("period"),
        pl.col("citing", "cited").cast(organisations),
        pl.exclude("citing", "cited"),
    )


#: What a corpus of one country's surroundings cannot tell.
REFUSED_FOCAL = (
    "value",
    "value_foreign",
    "value_share",
    "value_rank",
    "family_share",
    "family_rank",
    "international_share",
    "international_rank",
    "received_share",
    "received_rank",
    "balance",
    "balance_dyadic",
    "pagerank",
    "betweenness",
    "harmonic_in",
    "core",
    "core_distance",
    "near_core",
)


def focal_only(table: pl.DataFrame, focal: str) -> pl.DataFrame:
    """Empty what ``--design focal`` cannot tell: world measures, and other countries' values."""
    keep = ("country", "similarity_class")
    mine = pl.col("country") == focal
    return table.with_columns(
        [pl.lit(None, table.schema[c]).alias(c) for c in REFUSED_FOCAL if c in table.columns]
    ).with_columns([pl.when(mine).then(pl.col(c)).alias(c) for c in table.columns if c not in keep])


def valuation(study: Study) -> value.Valuation:
    """Value every family of the study; see `netpos.indicators.value`."""
    n = study.families  # documents outside the corpus are in no market
    return value.valuation(
        study.corpus.columns("documents", *markets.DOCUMENTS),
        study.citing_families[:n],
        study.priority_years[:n],
        {name: inside[:n] for name, inside in study.fields.items()},
        data_date=study.data_date,
    )


def _intervals(
    study: Study,
    table: pl.DataFrame,
    sample: uncertainty.Sample,
    technology: str,
    period: str,
    span: Span,
) -> pl.DataFrame:
    keys = [pl.lit(technology).alias("technology"), pl.lit(period).alias("period")]
    citing = select(study.pairs, study.ends[technology], study.years, span, scope="citing")
    if study.options.self_citations == "drop":
        citing &= ~study.pairs.self_citation
    return uncertainty.intervals(
        table.select(*keys, pl.all()),
        sample,
        study.links_mask(technology, span),
        citing,
        study.chosen(technology, span),
        year=study.year_of_membership,
        memberships=_memberships(study),
        method=study.options.core,
        draws=study.options.draws,
        seed=study.options.seed,
    )


def _trend(study: Study) -> pl.DataFrame:
    span = (study.options.first, study.options.last)
    counted = ~study.pairs.self_citation if study.options.self_citations == "drop" else None
    values = (
        None
        if not len(study.all_pairs)
        else value.stock(
            study.corpus.columns("documents", *markets.DOCUMENTS),
            study.all_pairs,
            study.shares,
            study.fields,
            study.member,
            study.publication_years,
            study.priority_years,
            span,
            data_date=study.data_date,
        )
    )
    return trend.trend(
        study.pairs,
        study.spread,
        study.shares,
        study.member,
        study.publication_years,
        span,
        data_date=study.data_date,
        focal=study.options.focal,
        counted=counted,
        values=values,
    )


def _changes(study: Study, table: pl.DataFrame) -> pl.DataFrame:
    """Changes of shares and ranks between the first and the last period, if there are two."""
    names = [name for name, _ in study.options.spans() if name != "all"]
    if len(names) < 2:
        return trend.changes(table, "all", "all").clear()
    return trend.changes(table, names[0], names[-1])


def _family_values(study: Study, valued: value.Valuation) -> pl.DataFrame:
    """The components of the value of each family of the technologies."""
    ids = study.corpus.columns("families", "family", "family_id")
    table = valued.table.join(ids, on="family", how="left", maintain_order="left")
    return rounded(table.select("family_id", pl.exclude("family", "family_id")))


def _with_complexity(study: Study, table: pl.DataFrame) -> pl.DataFrame:
    """Add the complexity of technologies and what it is computed from; see `subclasses`."""
    found = technology_complexity(study)
    return table.join(found, on="technology", how="left", maintain_order="left")


def sensitivity_tables(study: Study, tables: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Every way of counting, and a mark for what survives them; empty with ``--design focal``."""
    if not study.options.sensitivity or study.options.design == "focal":
        return {}
    table = sensitivity.sensitivity(study)
    whole = pl.col("period") == "all"
    mine = pl.col("country") == study.options.focal
    focal = tables["countries"].filter(whole & mine)
    drawn = tables.get("indicators")
    marks = robustness.robustness(
        table,
        sensitivity.without_largest(study),
        focal=study.options.focal,
        intervals=None if drawn is None else drawn.filter(whole),
        measurable={
            t: m is not False for t, m in focal.select("technology", "measurable").iter_rows()
        },
    )
    return {"sensitivity": table, "robustness": marks}


def _named(study: Study, table: pl.DataFrame) -> pl.DataFrame:
    names = countries.countries().select(country="iso2", name=f"name_{study.options.lang}")
    table = table.join(names, on="country", how="left", maintain_order="left")
    return table.select([c for c in position.COUNTRY_COLUMNS if c in table.columns])


def _with_rca(study: Study, table: pl.DataFrame) -> pl.DataFrame:
    """Add specialisation: within the listed technologies, and against all patenting if given."""
    listed = table.filter((pl.col("technology") != analysis.UNION) & (pl.col("families") > 0))
    totals = read_totals(Path(study.options.totals)) if study.options.totals else None
    keys = ["technology", "period", "country"]
    parts = []
    for period, span in study.options.spans():
        cells = listed.filter(pl.col("period") == period).select(*keys, "families")
        if not cells.height:
            continue
        within = specialisation.rca(cells).rename({"rca": "rca_within"})
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


def _with_measurable(table: pl.DataFrame, by_country: pl.DataFrame) -> pl.DataFrame:
    """False where less than half of a country's links, in either direction, are located."""
    located = by_country.group_by("country").agg(
        worst=(pl.col("located") / pl.col("citations")).min()
    )
    return (
        table.join(located, on="country", how="left", maintain_order="left")
        .with_columns(measurable=pl.col("worst") >= MEASURABLE)
        .drop("worst")
    )


def country_coverage(study: Study, technology: str, span: Span) -> pl.DataFrame:
    """Links of each country's families and how many have a country at the other end.

    Returns
    -------
    pl.DataFrame
        ``country, direction`` (given, received), ``citations, located`` [family links by the
        counting rule], sorted; only rows with citations.
    """
    pairs, located = study.pairs, study.shares.located
    frames = []
    for direction, own, other in (
        ("given", pairs.citing, pairs.cited),
        ("received", pairs.cited, pairs.citing),
    ):
        if direction == "given":
            chosen = gathered(study.chosen(technology, span), own)
        else:
            chosen = gathered(study.member[technology], own)
            chosen &= gathered(study.in_span(span), other)
        every = np.bincount(own[chosen], minlength=study.rows).astype(np.float64)
        known = np.bincount(own[chosen & gathered(located, other)], minlength=study.rows).astype(
            np.float64
        )
        matrix = study.shares.matrix.T
        frames.append(
            pl.DataFrame(
                {
                    "country": pl.Series(study.shares.names, dtype=pl.String),
                    "direction": pl.repeat(direction, len(study.shares.names), eager=True),
                    "citations": matrix @ every,
                    "located": matrix @ known,
                },
                schema_overrides={
                    "citations": pl.Float64,
                    "located": pl.Float64,
                    "direction": pl.String,
                },
            )
        )
    table = pl.concat(frames).filter(pl.col("citations") > 0)
    return rounded(table.sort("country", "direction"))


def reference_table(study: Study, technology: str, span: Span) -> pl.DataFrame:
    """References per family by citing office and by country: citing practice differs by office.

    Returns
    -------
    pl.DataFrame
        ``kind`` (country, office), ``code, families, references, references_per_family``; a
        family counts in full at each of its offices, by the counting rule in its countries.
    """
    chosen = study.chosen(technology, span)
    cited = np.bincount(study.pairs.citing, minlength=study.rows).astype(np.float64)
    matrix = study.shares.matrix.T
    by_country = pl.DataFrame(
        {
            "kind": pl.repeat("country", len(study.shares.names), dtype=pl.String, eager=True),
            "code": pl.Series(study.shares.names, dtype=pl.String),
            "families": matrix @ chosen.astype(np.float64),
            "references": matrix @ (cited * chosen),
        },
        schema_overrides={"families": pl.Float64, "references": pl.Float64},
    )
    n = study.families
    by_office = (
        study.corpus.columns("families", "offices")
        .with_columns(references=pl.Series(cited[:n]))
        .filter(pl.Series(chosen[:n]))
        .explode("offices")
        .drop_nulls("offices")
        .group_by(code="offices")
        .agg(families=pl.len().cast(pl.Float64), references=pl.col("references").sum())
        .select(pl.lit("office").alias("kind"), "code", "families", "references")
    )
    table = pl.concat([by_country, by_office]).filter(pl.col("families") > 0)
    return rounded(
        table.with_columns(references_per_family=pl.col("references") / pl.col("families")).sort(
            "kind", "code"
        )
    )


def overlap_table(study: Study) -> pl.DataFrame:
    """Families that two technologies share, over the whole corpus."""
    names = [t.id for t in study.technologies]
    rows = [
        (a, b, int((study.member[a] & study.member[b]).sum()))
        for i, a in enumerate(names)
        for b in names[i:]
    ]
    schema = {"technology": pl.String, "other": pl.String, "families": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def benchmark_codes(text: str) -> list[str]:
    """Codes of a named set or of a list like ``US,CN,DE``.

    Raises
    ------
    OptionError
        A code is no country.
    """
    if text == "eu27":
        blocs = countries.blocs(countries.countries()["iso2"].to_list(), 2021)
        return blocs.filter(pl.col("eu"))["country"].to_list()
    codes = BENCHMARKS.get(text, text).replace(",", " ").split()
    return [countries.check_focal(code) for code in codes]


def benchmark_table(study: Study, table: pl.DataFrame) -> pl.DataFrame:
    """The focal country among the countries it is compared with, ranked within them."""
    codes = {study.options.focal, *benchmark_codes(study.options.benchmark or "")}
    keys = ["technology", "period"]
    columns = ["families", "family_share", "received", "balance_ratio", "citations_per_family"]
    ranked = [position.rank(c).over(keys).alias(f"{c}_rank") for c in columns]
    return (
        table.filter(pl.col("country").is_in(sorted(codes)))
        .select(*keys, "country", "name", *columns)
        .with_columns(ranked)
    )


def evidence(
    study: Study,
    technology: str,
    span: Span,
    only: Collection[tuple[str, str]] | None = None,
    *,
    kind: Literal["country", "organisation"],
) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """The families that carry each link most: up to three ``(family_id, lens_id)`` per link.

    With ``only`` for these links, (citing, cited), alone: between organisations there are millions.
    """
    spread = study.spread if kind == "country" else study.organisation_spread
    chosen = study.links_mask(technology, span, kind=kind)
    keep = gathered(chosen, spread.pair)
    i, j = spread.ends
    if only is not None:
        at = {name: k for k, name in enumerate(spread.names)}
        wanted = [at[citing] * len(at) + at[cited] for citing, cited in only]
        among = np.isin(i.astype(np.int64) * len(at) + j, np.array(wanted, dtype=np.int64))
        keep &= gathered(among, spread.cell)
    docs = (
        study.corpus.columns("documents", "family", "family_id", "lens_id")
        .drop_nulls("family")
        .group_by("family")
        .agg(pl.col("family_id").first(), pl.col("lens_id").min())
    )
    top = (
        pl.DataFrame(
            {
                "cell": spread.cell[keep],
                "family": study.pairs.citing[spread.pair[keep]].astype(np.int32),
                "weight": spread.weight[keep],
            }
        )
        .group_by("cell", "family")
        .agg(pl.col("weight").sort().sum().round_sig_figs(DIGITS))
        .sort("cell", "weight", "family", descending=[False, True, False])
        .group_by("cell", maintain_order=True)
        .head(NAMED)
        .join(docs, on="family", how="inner", maintain_order="left")
    )
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for cell, family_id, lens_id in top.select("cell", "family_id", "lens_id").iter_rows():
        ends = spread.names[i[cell]], spread.names[j[cell]]
        found.setdefault(ends, []).append((family_id, lens_id))
    return found


class Behind:
    """The organisations and classification groups behind the links of the focal country."""

    def __init__(self, study: Study) -> None:
        self.study = study
        focal = study.options.focal
        names = study.shares.names
        self.at = names.index(focal) if focal in names else -1
        self.organisations = pl.DataFrame(
            {
                "family": _row_numbers(study.organisations).astype(np.int32),
                "name": pl.Series(study.organisations.names, dtype=pl.String).gather(
                    study.organisations.matrix.indices
                ),
                "share": study.organisations.matrix.data,
            }
        )

    def _entries(self, technology: str, span: Span, *, cited: bool) -> pl.DataFrame:
        """Foreign links of the focal country: the family at the other end, its country, weight."""
        study, spread = self.study, self.study.spread
        i, j = spread.ends
        mine, theirs = (j, i) if cited else (i, j)
        cell = (mine == self.at) & (theirs != self.at)
        chosen = select(study.pairs, study.ends[technology], study.years, span, scope="citing")
        keep = gathered(cell, spread.cell) & gathered(chosen, spread.pair)
        pair = spread.pair[keep]
        family = study.pairs.citing[pair] if cited else study.pairs.cited[pair]
        names = pl.Series(study.shares.names, dtype=pl.String)
        return pl.DataFrame(
            {
                "family": family.astype(np.int32),
                "country": names.gather(theirs[spread.cell[keep]]),
                "weight": spread.weight[keep],
            }
        )

    def _top(self, entries: pl.DataFrame, held: pl.DataFrame, name: str) -> pl.DataFrame:
        """The largest holders of the entries of each country, with their part, as one text."""
        entries = entries.group_by("country", "family").agg(pl.col("weight").sort().sum())
        total = entries.group_by("country").agg(total=pl.col("weight").sort().sum())
        part = pl.col("part").mul(100).round(1).cast(pl.String)
        return (
            entries.join(held, on="family", how="inner")
            .group_by("country", "name")
            .agg(part=(pl.col("weight") * pl.col("share")).sort().sum())
            .join(total, on="country")
            .with_columns(part=(pl.col("part") / pl.col("total")).round_sig_figs(12))
            .sort("country", "part", "name", descending=[False, True, False])
            .group_by("country", maintain_order=True)
            .head(NAMED)
            .group_by("country", maintain_order=True)
            .agg(pl.format("{} ({} %)", "name", part).str.join("; ").alias(name))
        )

    def exposure(self, citing: Links, technology: str, span: Span) -> pl.DataFrame:
        """On whom the focal country builds; see `netpos.graph.dependence.exposure`."""
        study = self.study
        table = dependence.exposure(
            citing,
            study.options.focal,
            year=study.year_of_membership,
            memberships=_memberships(study),
        )
        if not table.height or self.at < 0:
            texts = {
                "top_organisations": pl.lit(None, pl.String),
                "main_groups": pl.lit(None, pl.String),
            }
            return table.with_columns(**texts)
        entries = self._entries(technology, span, cited=False)
        classes = dependence.partner_classes(
            citing, year=study.year_of_membership, memberships=_memberships(study)
        )[1]
        bloc = pl.DataFrame(
            {
                "country": citing.countries,
                "bloc": [dependence.BLOC_NAMES[k - 1] for k in classes.tolist()],
            }
        )
        both = pl.concat(
            [
                entries,
                entries.join(bloc, on="country").select("family", country="bloc", weight="weight"),
            ]
        )
        groups = self._main_groups(entries["family"].unique())
        return rounded(
            table.join(
                self._top(both, self.organisations, "top_organisations"),
                left_on="source",
                right_on="country",
                how="left",
                maintain_order="left",
            ).join(
                self._top(both, groups, "main_groups"),
                left_on="source",
                right_on="country",
                how="left",
                maintain_order="left",
            )
        )

    def _main_groups(self, families: pl.Series) -> pl.DataFrame:
        """Main groups of families, each family spread evenly over its distinct ones."""
        found = (
            self.study.corpus.scan("classifications")
            .filter(pl.col("family").is_in(families.implode()))
            .select("family", name=pl.col("symbol").str.extract(r"^([^/]+)"))
            .unique()
            .collect()
        )
        return found.drop_nulls().with_columns(share=1.0 / pl.len().over("family"))

    def dependents(self, citing: Links, technology: str, span: Span) -> pl.DataFrame:
        """Who builds on the focal country; see `netpos.graph.dependence.dependents`."""
        table = dependence.dependents(citing, self.study.options.focal)
        table = table.filter(pl.col("share") > 0)
        if not table.height or self.at < 0:
            return table.with_columns(top_organisations=pl.lit(None, pl.String))
        entries = self._entries(technology, span, cited=True)
        return rounded(
            table.join(
                self._top(entries, self.organisations, "top_organisations"),
                on="country",
                how="left",
                maintain_order="left",
            )
        )


def _row_numbers(shares: Shares) -> NDArray[np.int64]:
    pointer = shares.matrix.indptr
    return np.repeat(np.arange(len(pointer) - 1), np.diff(pointer))


def _memberships(study: Study) -> pl.DataFrame | None:
    path = study.options.memberships
    return countries.memberships(Path(path)) if path else None


def _plain(links: Links) -> pl.DataFrame:
    return rounded(links.table.select("citing", "cited", "weight", "citations"))


def _self_citations(study: Study) -> NDArray[np.float64]:
    """Family links of each family as citing end that stay within an organisation."""
    marked = study.pairs.citing[study.pairs.self_citation]
    return np.bincount(marked, minlength=study.rows).astype(np.float64)


def _organisations(
    once: _Once, technology: str, period: str, span: Span
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Organisations of a technology and period, and the links between them."""
    study, shares = once.study, once.study.organisations
    firms = study.links(technology, span, kind="organisation", period=period)
    chosen = study.chosen(technology, span)
    weight = shares.matrix.T @ (once.self_links * chosen)
    table = pl.DataFrame(
        {"node": pl.Series(shares.names, dtype=pl.String), "self_citations": weight}
    )
    nodes = firms.nodes.join(table, on="node", how="left", maintain_order="left")
    links = Links(nodes, firms.table, "organisation")
    found = position.organisation_table(links, study.home)
    if not len(study.all_pairs):
        own = ("citations_per_family", "self_citations")
        unknown = ("received", "given", "pagerank", "betweenness", *own)
        found = found.with_columns([pl.lit(None, found.schema[c]).alias(c) for c in unknown])
    worth = value.node_values(once.valued, shares, chosen, kind="organisation")
    worth = worth.select("organisation", "value", "value_rank")
    worth = worth.filter(pl.lit(len(study.all_pairs) > 0))
    found = found.join(worth, on="organisation", how="left", maintain_order="left")
    return found, _plain(firms)


def _technology_row(
    study: Study, table: pl.DataFrame, coverage: pl.DataFrame, technology: str, period: str
) -> pl.DataFrame:
    here = coverage.filter(
        (pl.col("technology") == technology)
        & (pl.col("period") == period)
        & (pl.col("rule") == "all")
    ).row(0, named=True)
    focal = table.filter(pl.col("country") == study.options.focal)
    members = table.filter(pl.col("core").fill_null(value=False))["country"].to_list()
    core = " ".join(members) or None  # an empty text would not read as unknown
    citations, located = here["citations"], here["citations_located"]
    head = pl.DataFrame(
        {
            "technology": [technology],
            "period": [period],
            "families": [here["families"]],
            "families_located": [here["families_with_country"]],
            "links": [located],
            "coverage": [located / citations if citations else None],
            "core": [core],
            "focal": [study.options.focal],
            "counting": [study.options.counting],
        },
        schema_overrides={"coverage": pl.Float64, "core": pl.String},
    )
    kept = (
        "balance_ratio",
        "balance",
        "source_effective",
        "similarity",
        "family_share",
        "family_rank",
        "value_share",
        "value_rank",
    )
    chosen = study.chosen(technology, dict(study.options.spans())[period])
    families = study.corpus.columns("families", "documents", "family_size")
    held = value.members_in_corpus(families, chosen)
    missed = None if held is None else held < value.ENOUGH_MEMBERS
    mark = pl.DataFrame(
        {"members_in_corpus": [held], "members_missed": [missed]},
        {"members_in_corpus": pl.Float64, "members_missed": pl.Boolean},
    )
    return rounded(pl.concat([head, focal.select(kept), mark], how="horizontal"))


def _with_changes(table: pl.DataFrame) -> pl.DataFrame:
    """Add the changes of rank against the first period: + = improved; null where absent in one."""
    several = pl.col("period").n_unique().over("technology") > 1
    early = pl.col("period") == pl.col("period").first().over("technology")
    share = pl.col("family_share")
    present = (share > 0) & (share.first().over("technology") > 0)
    later = several & ~early & (pl.col("period") != "all") & present
    return table.with_columns(
        [
            pl.when(later)
            .then(pl.col(rank).first().over("technology") - pl.col(rank))
            .alias(f"{rank}_change")
            for rank in ("family_rank", "value_rank")
        ]
    ).select(TECHNOLOGY_COLUMNS)
