"""From patents to papers: what a run adds where works are given with ``--papers``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from netpos import countries
from netpos.analysis import UNION
from netpos.analysis.study import Span, Study
from netpos.errors import InputError
from netpos.files import check_name, fingerprint
from netpos.ingest.nonpatent import references
from netpos.science.linkage import (
    BY,
    LEAST,
    matched,
    science_linkage,
    science_links,
    spread_links,
)
from netpos.science.records import records
from netpos.science.works import Works, read_works, source_of
from netpos.tables import Links, rounded

Report = Callable[[str], None]
#: Families named behind a link of the map.
_NAMED = 3
_KEYS = ("technology", "period")


def work_files(given: str) -> list[Path]:
    """Return the files of works that ``--papers`` names: one, or all of a folder, by name.

    Raises
    ------
    InputError
        There is no such file, or the folder is empty.
    """
    path = Path(given)
    check_name(path)
    if path.is_dir():
        found = sorted(p for p in path.iterdir() if p.is_file() and not p.name.startswith("."))
        if not found:
            raise InputError("the folder holds no file", file=path, remedy="check --papers")
        return found
    if not path.is_file():
        raise InputError("no such file", file=path, remedy="check --papers")
    return [path]


def check_works(given: str) -> None:
    """See that ``--papers`` names works, as far as their first records tell.

    Raises
    ------
    InputError
        A file is missing, or holds something else.
    """
    for path in work_files(given):
        first = next(records(path), None)
        if first is None:
            raise InputError("holds no record", file=path, remedy="check --papers")
        if not isinstance(first[1], str):
            _with_countries(source_of(first[1], path, first[0]), path)


def _with_countries(source: str, path: Path) -> None:
    if source == "lens-csv":
        problem = "a Lens scholarly CSV, which has no country of any author"
        raise InputError(problem, file=path, remedy="export JSON lines from Lens")


@dataclass(frozen=True)
class Papers:
    """Works, the papers that families name, and the study that says whose families they are.

    Parameters
    ----------
    study
        Of the run.
    works
        As read.
    files
        Name and SHA-256 of each file of works.
    references
        As `netpos.ingest.nonpatent.references` gives them.
    silent
        Exports of a form without non-patent references.
    """

    study: Study
    works: Works
    files: Sequence[tuple[str, str]]
    references: pl.DataFrame
    silent: Sequence[str]

    @cached_property
    def pairs(self) -> pl.DataFrame:
        """Return the links: ``family``, ``work``, ``by``."""
        return matched(self.references, self.works.works)

    @cached_property
    def families(self) -> pl.DataFrame:
        """Return countries of families by the counting rule: ``family``, ``country``, ``share``."""
        held = self.study.shares.matrix[: self.study.families].tocoo()
        names = pl.Series(self.study.shares.names, dtype=pl.String)
        return pl.DataFrame(
            {
                "family": held.row.astype(np.int32),
                "country": names.gather(held.col.astype(np.int64)),
                "share": held.data.astype(np.float64),
            }
        )

    @cached_property
    def spread(self) -> pl.DataFrame:
        """Return links spread over countries, with the owner of the family."""
        found = spread_links(self.pairs, self.families, self.works.shares)
        if self.study.options.design == "focal":  # of the others only what is near it is there
            found = found.filter(pl.col("citing") == self.study.options.focal)
        return found

    @cached_property
    def owners(self) -> pl.DataFrame:
        """Return the organisation that holds most of each family: ``family``, ``owner``."""
        held = self.study.organisations.matrix[: self.study.families].tocoo()
        table = pl.DataFrame(
            {
                "family": held.row.astype(np.int32),
                "owner": held.col.astype(np.int64),
                "share": held.data.astype(np.float64),
            }
        )
        order = table.sort("family", "share", "owner", descending=[False, True, False])
        return order.unique("family", keep="first", maintain_order=True).select("family", "owner")

    @cached_property
    def readable(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Which families have a document whose export lists non-patent references."""
        found = np.zeros(self.study.rows, dtype=bool)
        documents = self.study.corpus.columns("documents", "family", "file").drop_nulls("family")
        told = documents.filter(~pl.col("file").is_in(list(self.silent)))
        found[told["family"].unique().to_numpy()] = True
        return found

    @cached_property
    def one_country(self) -> str | None:
        """Return the country that every located work has: an export of one country alone."""
        shares = self.works.shares
        located = shares["work"].n_unique()
        if located < LEAST:
            return None
        sizes = shares.group_by("country").agg(n=pl.col("work").n_unique())
        whole = sizes.filter(pl.col("n") == located)
        return None if not whole.height else str(whole.sort("country")["country"][0])

    def chosen(self, technology: str, span: Span) -> pl.Series:
        """Return the families of a technology and span that can name papers."""
        mask = self.study.chosen(technology, span) & self.readable
        return pl.Series(np.flatnonzero(mask).astype(np.int32))

    def warnings(self) -> list[str]:
        """Return what the reader must know first."""
        counted = int(self.references["counted"].sum())
        known = pl.any_horizontal(pl.col(*BY).is_not_null())
        named = int(self.references.filter(known)["counted"].sum())
        found = [
            f"papers: {counted:,} non-patent references in the corpus, {named:,} with an "
            f"identifier; {self.pairs.height:,} links of a family and one of the "
            f"{self.works.works.height:,} works given",
            "papers: who uses them is known within this corpus alone: patents that are not in it "
            "may cite the same papers",
        ]
        counts = self.works.counts
        if counts["rejected"]:
            row = self.works.ledger.filter(outcome="rejected").row(0, named=True)
            found.append(
                f"papers: {counts['rejected']:,} of {counts['read']:,} works cannot be used, the "
                f"first in {row['file']}, line {row['line']}: {row['reason']}"
            )
        if self.silent:
            listed = ", ".join(self.silent[:3]) + (" and more" if len(self.silent) > 3 else "")
            found.append(f"papers: {listed} list no non-patent references; families of them alone "
                         "are left out")  # fmt: skip
        if self.one_country:
            found.append(
                f"papers: every work given has an author in {self.one_country}; home sources and "
                "shares of sources are left out, since papers of others were not given"
            )
        return found


def read_papers(study: Study, report: Report | None = None) -> Papers:
    """Read the works that ``--papers`` names, and the papers that families name.

    Raises
    ------
    InputError
        A file cannot be used, or the corpus was read without non-patent references.
    """
    named, silent = references(study.corpus)
    files = work_files(str(study.options.papers))
    works = read_works([(path, lambda _: ()) for path in files], report=report)
    _with_countries(works.source, files[0])
    held = countries.summed(works.shares, study.options.focal, of=("share",))
    works = replace(works, shares=held)
    prints = [(path.name, fingerprint(path, str(path))[1]) for path in files]
    return Papers(study, works, prints, named, silent)


def paper_tables(papers: Papers) -> dict[str, pl.DataFrame]:
    """Return ``science_links``, ``science_linkage`` and ``science_link_coverage``."""
    study = papers.study
    found: dict[str, list[pl.DataFrame]] = {}
    for technology in study.names:
        for period, span in study.options.spans():
            chosen = papers.chosen(technology, span)
            mine = papers.spread.filter(pl.col("family").is_in(chosen.implode()))
            tables = {
                "science_links": _links(papers, mine),
                "science_linkage": _linkage(papers, mine, chosen),
                "science_link_coverage": _coverage(papers, technology, span, chosen),
            }
            keys = (pl.lit(technology).alias("technology"), pl.lit(period).alias("period"))
            for name, table in tables.items():
                found.setdefault(name, []).append(table.select(*keys, pl.all()))
    return {name: rounded(pl.concat(parts)) for name, parts in found.items()}


def _links(papers: Papers, spread: pl.DataFrame) -> pl.DataFrame:
    table = science_links(spread)
    none = pl.lit(None, pl.Float64)
    if papers.one_country:
        table = table.with_columns(source_share=none)
    if papers.study.options.design == "focal":
        table = table.with_columns(use_share=none)
    return table


def _linkage(papers: Papers, spread: pl.DataFrame, chosen: pl.Series) -> pl.DataFrame:
    study = papers.study
    held = papers.families.filter(pl.col("family").is_in(chosen.implode()))
    sizes = held.group_by("country").agg(families=pl.col("share").sort().sum()).sort("country")
    if study.options.design == "focal":
        sizes = sizes.filter(pl.col("country") == study.options.focal)
    if study.options.focal not in set(sizes["country"]):
        zero = pl.DataFrame({"country": [study.options.focal], "families": [0.0]})
        sizes = pl.concat([sizes, zero])
    table = science_linkage(spread, sizes, papers.owners)
    none = pl.lit(None, pl.Float64)
    if papers.one_country:
        left_out = ["home_source", "home_source_low", "home_source_high"]
        table = table.with_columns(none.alias(c) for c in left_out)
    if study.options.design == "focal":
        left_out = ["home_use", "home_use_low", "home_use_high", "used"]
        table = table.with_columns(none.alias(c) for c in left_out)
    return countries.with_names(table.select("country", pl.exclude("country")), study.options.lang)


def _coverage(papers: Papers, technology: str, span: Span, chosen: pl.Series) -> pl.DataFrame:
    """Say how far references lead: stated, identified, found among the works, located."""
    named = papers.references.filter(pl.col("family").is_in(chosen.implode()))
    known = pl.any_horizontal(pl.col(*BY).is_not_null())
    pairs = papers.pairs.filter(pl.col("family").is_in(chosen.implode()))
    located = papers.works.shares.select("work").unique()
    placed = papers.families.select("family").unique()
    ends = pairs.join(located, on="work", how="semi").join(placed, on="family", how="semi")
    by = dict(pairs.group_by("by").len().iter_rows())
    references_ = int(named["counted"].sum())
    identified = int(named.filter(known)["counted"].sum())
    row = {
        "families": int(papers.study.chosen(technology, span).sum()),
        "families_readable": len(chosen),
        "families_naming": named["family"].n_unique(),
        "references": references_,
        "identified": identified,
        "identified_share": identified / references_ if references_ else None,
        "links": pairs.height,
        **{f"links_{name}": int(by.get(name, 0)) for name in BY},
        "links_located": ends.height,
        "papers": pairs["work"].n_unique(),
    }
    schema = {c: pl.Float64 if c == "identified_share" else pl.Int64 for c in row}
    return pl.DataFrame([row], schema)


def paper_evidence(
    papers: Papers, technology: str, span: Span
) -> Callable[[Collection[tuple[str, str]]], Mapping[tuple[str, str], list[tuple[str, str]]]]:
    """Return a function that names the families behind links of a map: family id and Lens ID."""

    def found(_: Collection[tuple[str, str]]) -> dict[tuple[str, str], list[tuple[str, str]]]:
        chosen = papers.chosen(technology, span)
        first = (
            papers.spread.filter(pl.col("family").is_in(chosen.implode()))
            .group_by("citing", "cited", "family")
            .agg(pl.col("weight").sort().sum())
            .sort("citing", "cited", "weight", "family", descending=[False, False, True, False])
            .group_by("citing", "cited", maintain_order=True)
            .head(_NAMED)
            .join(_ids(papers), on="family", how="left", maintain_order="left")
        )
        out: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for citing, cited, ident, lens in first.select(
            "citing", "cited", "family_id", "document"
        ).iter_rows():
            out.setdefault((citing, cited), []).append((ident, lens))
        return out

    return found


def _ids(papers: Papers) -> pl.DataFrame:
    """Return the id of each family, and the first of its documents."""
    corpus = papers.study.corpus
    documents = corpus.columns("documents", "family", "lens_id").drop_nulls("family")
    first = documents.group_by("family").agg(document=pl.col("lens_id").min())
    return corpus.columns("families", "family", "family_id").join(first, on="family", how="left")


def paper_network(tables: Mapping[str, pl.DataFrame], technology: str, period: str) -> Links:
    """Return the links of a technology and period as a network: from patents to papers."""
    here = (pl.col("technology") == technology) & (pl.col("period") == period)
    links = tables["science_links"].filter(here).select("citing", "cited", weight="links")
    sizes = tables["science_linkage"].filter(here).select(node="country", families="families")
    ends = pl.concat([links["citing"], links["cited"]]).unique()
    sizes = sizes.filter(pl.col("node").is_in(ends.implode()))
    return Links.from_table(
        links, sizes, technology=technology, period=period, counting="fractional"
    )


__all__ = [
    "UNION",
    "Papers",
    "check_works",
    "paper_evidence",
    "paper_network",
    "paper_tables",
    "read_papers",
    "work_files",
]
