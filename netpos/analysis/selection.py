"""The tables of one technology and period."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos.analysis.behind import FocalEvidence
from netpos.analysis.bounds import bounds
from netpos.analysis.coverage import (
    country_coverage,
    coverage_table,
    reference_table,
    references,
    with_measurable,
)
from netpos.analysis.ends import Ends, link_masks
from netpos.analysis.expectation import COLUMNS, expectation, only_measurable
from netpos.analysis.holders import holders
from netpos.analysis.open_ends import OpenEnds
from netpos.analysis.study import Span, Study
from netpos.indicators import (
    position,
    uncertainty,
    value,
)
from netpos.indicators.hill import HILL_COLUMNS, hill_numbers
from netpos.indicators.resampling import Sample, Worth
from netpos.tables import Links, rounded

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
    *COLUMNS,
    "received_share",
    "received_rank",
    "pagerank",
    "betweenness",
    "harmonic_in",
    "core",
    "core_distance",
    "core_distance_relative",
    "near_core",
    "source_countries",
    "source_effective",
    *HILL_COLUMNS,
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


#: What is unknown where no export lists the offices of the members of a family.
INTERNATIONAL_COLUMNS = ("families_international", "international_share", "international_rank")
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
    "core_distance_relative",
    "near_core",
    *COLUMNS,
)


#: The same of organisations: the others' families and citations were not fetched.
REFUSED_FIRMS = ("family_rank", "value", "value_rank", "pagerank", "betweenness")
#: Citations that a rank by value must rest on.
LEAST_CITATIONS = 20


@dataclass(frozen=True)
class WholeRun:
    """What is made once for all technologies and periods of a run."""

    study: Study
    coverage: pl.DataFrame
    evidence: FocalEvidence
    sample: Sample
    worth: Worth
    ends: Ends
    open_ends: OpenEnds
    cited: NDArray[np.int32]

    @classmethod
    def of(cls, study: Study) -> WholeRun:
        """Make it."""
        return cls(
            study,
            coverage_table(study),
            FocalEvidence(study),
            Sample.of(study.pairs, study.spread, study.shares, study.organisations),
            _worth(study),
            Ends.of(study),
            OpenEnds.of(study),
            references(study),
        )


def selected(
    once: WholeRun, technology: str, period: str, span: Span
) -> tuple[dict[str, pl.DataFrame], uncertainty.Resampled | None]:
    """Return the rows of a technology and period by table, and how well indicators are known."""
    return selecting(once, technology, period, span)()


def selecting(
    once: WholeRun,
    technology: str,
    period: str,
    span: Span,
    pool: Executor | None = None,
    before: Callable[[], None] | None = None,
) -> Callable[[], tuple[dict[str, pl.DataFrame], uncertainty.Resampled | None]]:
    """Compute the rows of a technology and period by table, while the pool draws from it.

    What takes most memory begins when ``before`` returns, if given.

    Returns
    -------
    What waits for the draws and returns the rows, and how well indicators are known.
    """
    study = once.study
    closed = study.links(technology, span, period=period)
    citing = study.links(technology, span, scope="citing", period=period)
    masks = link_masks(study, technology, span)
    by_country = country_coverage(study, technology, span, masks)
    ends, open_ends = once.ends.table(masks), once.open_ends.table(masks)
    del masks
    chosen = study.chosen(technology, span)
    worth = value.node_values(study.valued, study.shares, chosen)
    if before is not None:
        before()
    against, residuals = expectation(study, technology, span)
    table = (
        position.country_table(
            closed,
            citing,
            focal=study.options.focal,
            year=study.year_of_membership,
            method=study.options.core,
            memberships=study.memberships,
            located=study.located_families(technology, span),
        )
        .pipe(with_measurable, by_country)
        .join(
            worth.select("country", "value", "value_foreign", "value_share", "value_rank"),
            on="country",
            how="left",
            maintain_order="left",
        )
        .join(against, on="country", how="left", maintain_order="left")
        .with_columns(
            pl.when(pl.col("families") == 0).then(pl.col(c).fill_null(0.0)).otherwise(c).alias(c)
            for c in ("value", "value_foreign")
        )
        .with_columns(  # of nothing there is no share
            pl.when((pl.col("families") == 0) & (pl.col("value").sum() > 0))
            .then(pl.col("value_share").fill_null(0.0))
            .otherwise("value_share")
            .alias("value_share")
        )
        .with_columns(truncated=pl.lit(study.truncated(span[1])))
        .pipe(_with_sound_ranks)
    )
    sources = hill_numbers(citing, rarefy=study.options.rarefy)
    table = table.join(sources, on="country", how="left", maintain_order="left")
    if not len(study.all_pairs):  # an export without citations tells nothing of them
        table = table.with_columns(
            [pl.lit(None, table.schema[c]).alias(c) for c in CITATION_COLUMNS]
        )
    if not study.offices_known:
        table = without_international(table)
    mine = study.options.design == "focal"
    lists = {"bounds": bounds(study, technology, span, table, by_country=by_country, citing=citing)}
    dependents = once.evidence.dependents(citing, technology, span)
    resampling = None
    if mine:
        table = focal_only(table, study.options.focal)
        own = (pl.col("country") == study.options.focal) & (pl.col("indicator") != "received_share")
        lists["bounds"] = lists["bounds"].filter(own)
        # the share of all that another country cites: its other citations were not fetched
        dependents = dependents.with_columns(share=pl.lit(None, pl.Float64))
    else:
        if study.is_large:  # it is made again, and not held beside what is drawn from
            study.let_go("sampled", "located_ends")
        resampling = _resampling(once, table, technology, period, span, pool)
        lists["residuals"] = only_measurable(residuals, table)
    lists |= {
        "countries": table,
        "links": _plain(closed),
        "source_links": _plain(citing),
        "coverage_by_country": by_country,
        "located": ends,
        "open": open_ends,
        "exposure": once.evidence.exposure(citing, technology, span),
        "dependents": dependents,
        "holders": holders(study, technology, span, valued=_valued(table, study.options.focal)),
        "references": reference_table(study, technology, span, once.cited),
    }
    lists["organisations"], firm_links = _organisations(once, technology, period, span)

    def finished() -> tuple[dict[str, pl.DataFrame], uncertainty.Resampled | None]:
        found, whole, resampled = {}, table, None
        if resampling is not None:
            resampled = resampling()
            found["indicators"] = resampled.intervals()
            whole = value.drawn_ranks(table, found["indicators"])
        parts = lists | {"countries": whole}
        found |= {name: _keyed(part, technology, period) for name, part in parts.items()}
        found["organisation_links"] = firm_links
        found["technologies"] = _technology_row(study, whole, once.coverage, technology, period)
        return found, resampled

    return finished


def _keyed(part: pl.DataFrame, technology: str, period: str) -> pl.DataFrame:
    """Put technology and period before the columns: without a query, of which there are many."""
    keys = {"technology": technology, "period": period}
    columns = [pl.Series(k, [v], pl.String).new_from_index(0, part.height) for k, v in keys.items()]
    return pl.DataFrame([*columns, *part.get_columns()])


def without_international(table: pl.DataFrame) -> pl.DataFrame:
    """Leave empty what is unknown where no export lists the offices of the members of a family."""
    return table.with_columns(
        [pl.lit(None, table.schema[c]).alias(c) for c in INTERNATIONAL_COLUMNS]
    )


def _valued(table: pl.DataFrame, focal: str) -> bool:
    """Tell whether the value of the focal country is stated."""
    return bool(table.filter(pl.col("country") == focal)["value"].count())


def focal_only(table: pl.DataFrame, focal: str) -> pl.DataFrame:
    """Return blank what ``--design focal`` cannot tell: world measures, and other countries'
    values.
    """
    keep = ("country", "similarity_class")
    mine = pl.col("country") == focal
    return table.with_columns(
        [pl.lit(None, table.schema[c]).alias(c) for c in REFUSED_FOCAL if c in table.columns]
    ).with_columns([pl.when(mine).then(pl.col(c)).alias(c) for c in table.columns if c not in keep])


def _resampling(
    once: WholeRun,
    table: pl.DataFrame,
    technology: str,
    period: str,
    span: Span,
    pool: Executor | None,
) -> Callable[[], uncertainty.Resampled]:
    study = once.study
    keys = [pl.lit(technology).alias("technology"), pl.lit(period).alias("period")]
    return uncertainty.resampling(
        table.select(*keys, pl.all()),
        once.sample,
        study.links_mask(technology, span),
        study.links_mask(technology, span, scope="citing"),
        study.chosen(technology, span),
        year=study.year_of_membership,
        memberships=study.memberships,
        method=study.options.core,
        draws=study.options.draws,
        seed=study.options.seed,
        worth=once.worth,
        pool=pool,
    )


def _worth(study: Study) -> Worth:
    """Tell what citations add to the value of each family."""
    table = study.valued.table.select("family", "expected", "coverage")
    at = table["family"].to_numpy()
    expected, coverage = np.full(study.families, np.nan), np.zeros(study.families)
    expected[at] = table["expected"].fill_null(np.nan).to_numpy()
    coverage[at] = table["coverage"].to_numpy()
    return Worth.of(study.all_pairs, expected, coverage, study.tables.seed_citations)


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


def _plain(links: Links) -> pl.DataFrame:
    return rounded(links.table.select("citing", "cited", "weight", "citations"))


def _self_citations(study: Study, technology: str, span: Span) -> pl.Series:
    """Citations of each organisation to its own families, by the counting rule of links."""
    chosen = study.links_mask(technology, span, kind="organisation", keep_self=True)
    chosen &= study.pairs.self_citation  # others have no organisation at both ends
    spread = study.spread_of_chosen(chosen)
    at, weight, _ = spread.summed(chosen)
    own = spread.ends[0][at] == spread.ends[1][at]
    sums = np.bincount(spread.ends[0][at][own], weight[own], minlength=len(spread.names))
    return pl.Series(sums, dtype=pl.Float64)


def _with_sound_ranks(table: pl.DataFrame) -> pl.DataFrame:
    """Leave out ranks by value that rest on fewer than `LEAST_CITATIONS` citations."""
    enough = pl.col("cited_by_families") >= LEAST_CITATIONS
    return table.with_columns(value_rank=pl.when(enough).then(pl.col("value_rank")))


def _organisations(
    once: WholeRun, technology: str, period: str, span: Span
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Organisations of a technology and period, and the links between them."""
    study, shares = once.study, once.study.organisations
    firms = study.links(technology, span, kind="organisation", period=period)
    chosen = study.chosen(technology, span)
    table = pl.DataFrame(
        {
            "node": pl.Series(shares.names, dtype=pl.String),
            "self_citations": _self_citations(study, technology, span),
        }
    )
    nodes = firms.nodes.join(table, on="node", how="left", maintain_order="left")
    links = Links(nodes, firms.table, "organisation")
    found = position.organisation_table(links, study.home)
    coded = _with_codes(study, _plain(firms), technology, period)
    del firms, links
    if not len(study.all_pairs):
        own = ("citations_per_family", "self_citations")
        unknown = ("received", "given", "pagerank", "betweenness", *own)
        found = found.with_columns([pl.lit(None, found.schema[c]).alias(c) for c in unknown])
    worth = value.node_values(study.valued, shares, chosen, kind="organisation")
    worth = worth.select("organisation", "value", "value_rank")
    worth = worth.filter(pl.lit(len(study.all_pairs) > 0))
    found = found.join(worth, on="organisation", how="left", maintain_order="left")
    if study.options.design == "focal":
        mine = pl.col("country") == study.options.focal
        numbers = [c for c, t in found.schema.items() if t.is_numeric()]
        found = found.with_columns(
            [pl.lit(None, found.schema[c]).alias(c) for c in REFUSED_FIRMS]
        ).with_columns(
            [pl.when(mine).then(pl.col(c)).alias(c) for c in numbers if c not in REFUSED_FIRMS]
        )
    else:
        found = _with_sound_ranks(found)
    return found, coded


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
        "truncated",
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
