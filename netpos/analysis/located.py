"""Which countries families and documents belong to, under the options of a run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from netpos import countries
from netpos.analysis.chosen import whole_families
from netpos.analysis.lookup import looked_up
from netpos.graph import residence
from netpos.graph.links import Shares
from netpos.ingest.applicants import apply_aliases
from netpos.ingest.corpus import Corpus
from netpos.ingest.parties import merge_parties
from netpos.ingest.user_tables import read_aliases
from netpos.options import Options
from netpos.tables import rounded

if TYPE_CHECKING:  # it rests on this module
    from netpos.analysis.study import Study

#: What is read of the parties.
_OF_PARTIES = ("family", "role", "applicant", "residence", "person", "share")


def country_shares(corpus: Corpus, options: Options) -> tuple[pl.DataFrame, Shares, pl.DataFrame]:
    """Return countries of families by the rules of the options.

    Parameters
    ----------
    corpus, options
        See `prepare`; of the options ``by, counting, residences, office_proxy, merge_cn`` and
        ``aliases`` are looked at, and ``focal`` where it is a bloc: it then takes the place of its
        members.

    Returns
    -------
    (table, shares, applicants)
        ``family, country, share, rule`` before counting; what is counted, families first, then
        documents outside; and the applicants of each family, see `Tables`.

    Raises
    ------
    InputError
        A file named in the options cannot be used.
    """
    wanted = ("priority_offices", "offices") if options.office_proxy else ("priority_offices",)
    n, outside = (
        corpus.scan(name).select(pl.len()).collect().item() for name in ("families", "outside")
    )
    lookup, outside_shares = _lookup(corpus, options, n)
    usual, every = _parties(corpus, options)
    tables, firms, first = [], [], 0
    for parties, end in every:
        found = residence.family_countries(
            corpus.scan("families").select("family", *wanted).slice(first, end - first).collect(),
            parties,
            by=options.by,
            lookup=lookup,
            office_proxy=options.office_proxy,
            merge_cn=options.merge_cn,
            usual=usual,
        )
        tables.append(found)
        # most of the parties are inventors, who are needed no more; a filter would keep their room
        firms.append(parties[(parties["role"] == "applicant").arg_true()])
        first = end
    located, applicants = pl.concat(tables), pl.concat(firms)
    del tables, firms
    # each family by the rule that it has without the bloc: what members hold adds up to it
    bloc = options.focal
    located = countries.summed(located, bloc, of=("share",)).sort("family", "country")
    outside_shares = countries.summed(outside_shares, bloc, of=("share",))
    applicants = applicants.with_columns(countries.lifted("residence", bloc))
    held = [residence.counted(part, options.counting) for part in (located, outside_shares)]
    table = pl.concat(part.select("family", "country", "share") for part in held)
    return located, Shares.of(table, "country", n + outside), applicants


def _lookup(corpus: Corpus, options: Options, n: int) -> tuple[pl.DataFrame | None, pl.DataFrame]:
    """Return the user's residences by family, and countries of documents outside the corpus."""
    parts = [pl.DataFrame(schema=dict(residence.SHARES))]
    lookup = None
    if options.residences:
        found = looked_up(corpus, Path(options.residences), n)
        lookup = found.filter(pl.col("family") < n)
        parts.append(found.filter(pl.col("family") >= n).with_columns(rule=pl.lit("lookup")))
    if options.office_proxy:
        outside = corpus.columns("outside", "outside", "office", "date")
        codes = countries.resolve(outside["office"], outside["date"])["country"]
        proxy = outside.select(
            family=(pl.col("outside") + n).cast(pl.Int32),
            country=codes,
            share=pl.lit(1.0),
            rule=pl.lit("office"),
        ).drop_nulls("country")
        known = parts[-1]["family"].unique()
        parts.append(proxy.filter(~pl.col("family").is_in(known.implode())))
    found = pl.concat(parts)
    if options.merge_cn:
        found = found.with_columns(pl.col("country").replace({"HK": "CN", "MO": "CN"}))
    return lookup, found.sort("family", "country")


def _parties(
    corpus: Corpus, options: Options
) -> tuple[pl.DataFrame, Iterator[tuple[pl.DataFrame, int]]]:
    """Return usual residences, and parties with the user's aliases applied, some families at a
    time, each time with the number of the family that the next begin with.
    """
    families = int(corpus.scan("families").select(pl.len()).collect().item())
    every = corpus.scan("applicants").select(_OF_PARTIES)
    if options.aliases:  # they join parties of a family
        whole = _renamed(corpus.applicants, Path(options.aliases))
        every, parts = whole.lazy(), iter([whole])
    else:
        parts = whole_families(corpus, "applicants", *_OF_PARTIES[1:])
    if options.merge_cn:
        merged = pl.col("residence").replace({"HK": "CN", "MO": "CN"})
        every = every.with_columns(residence=merged)
    return residence.usual_residences(every), _with_ends(parts, families)


def _with_ends(parts: Iterator[pl.DataFrame], families: int) -> Iterator[tuple[pl.DataFrame, int]]:
    """Yield each part and the family that the next begins with, after the last their number."""
    before = next(parts)
    for part in parts:
        if part.height:
            yield before, int(part["family"][0])
            before = part
    yield before, families


def _renamed(table: pl.DataFrame, aliases: Path) -> pl.DataFrame:
    """Apply the user's aliases to applicants."""
    rules = read_aliases(aliases).select("name", organisation="canonical")
    applicant = pl.col("role") == "applicant"
    firms = table.filter(applicant & pl.col("applicant").is_not_null())
    names = firms.select(name="applicant_as_filed", clean="applicant").unique()
    names = names.sort("name", "clean")
    joined = names.select(
        applicant_as_filed="name",
        applicant="clean",
        organisation=apply_aliases(names, rules)["clean"],
    )
    renamed = table.join(
        joined, on=["applicant_as_filed", "applicant"], how="left", maintain_order="left"
    ).with_columns(
        applicant=pl.when(applicant)
        .then(pl.coalesce("organisation", "applicant"))
        .otherwise("applicant")
    )
    return merge_parties(renamed.drop("share", "organisation")).select(_OF_PARTIES)


def home_countries(study: Study) -> pl.DataFrame:
    """Return the country of each organisation: the one with its largest summed share, ties by
    code.
    """
    parties = (
        study.applicants.lazy()
        .filter(
            (pl.col("role") == "applicant")
            & ~pl.col("person")
            & pl.col("applicant").is_not_null()
            & pl.col("residence").is_not_null()
        )
        .select("applicant", "residence", "share")
        .collect()
    )
    return (
        parties.group_by("applicant", "residence")
        .agg(pl.col("share").sort().sum())
        .pipe(rounded)
        .sort("applicant", "share", "residence", descending=[False, True, False])
        .unique("applicant", keep="first", maintain_order=True)
        .select(organisation="applicant", country="residence")
    )
