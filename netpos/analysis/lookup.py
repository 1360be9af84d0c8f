"""The user's countries of documents, found among the documents of a corpus."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from netpos import countries
from netpos.ingest.corpus import Corpus
from netpos.ingest.document_numbers import normal_numbers
from netpos.ingest.locate import Found, chosen, coded
from netpos.ingest.user_tables import read_residences

_KEYS = ("office", "number", "kind", "family")


def looked_up(corpus: Corpus, path: Path, families: int) -> pl.DataFrame:
    """Return countries of families and of documents outside, as a user's table gives them.

    Parameters
    ----------
    corpus
        Of a run.
    path
        See `netpos.ingest.user_tables.read_residences`.
    families
        Number of families; documents outside are numbered from there.

    Returns
    -------
    pl.DataFrame
        ``family`` Int32, ``country``, ``share``: of a document outside shares that sum to 1, of a
        family those of its documents added up.

    Raises
    ------
    InputError
        The table cannot be used.
    """
    given = read_residences(path).with_columns(pl.col("share").fill_null(1.0))
    resolved = countries.resolve(given["country"])["country"]
    given = given.with_columns(country=resolved)
    if "lens_id" in given.columns:
        found = _by_id(corpus, given.drop_nulls("country"), families)
    else:
        found = _by_number(corpus, given, families)
    summed = found.group_by("family", "country").agg(pl.col("share").sort().sum())
    total = pl.col("share").sort().sum().over("family")
    outside = pl.col("family") >= families
    share = pl.when(outside).then(pl.col("share") / total).otherwise("share")
    return summed.with_columns(share=share).sort("family", "country")


def unclear(corpus: Corpus, path: Path) -> int:
    """Count the documents of a user's table that are several of the corpus, and found by none."""
    given = read_residences(path)
    if "lens_id" in given.columns or not given["number"].count():
        return 0
    return int(_located(corpus, _asked(given), 0)[1].ambiguous.size)


def _by_id(corpus: Corpus, given: pl.DataFrame, families: int) -> pl.DataFrame:
    named = pl.concat(
        [
            corpus.columns("documents", "lens_id", "family").drop_nulls("family"),
            corpus.columns("members", "lens_id", "family"),
        ]
    ).unique()
    outside = corpus.columns("outside", "outside", "lens_id").select(
        "lens_id", family=(pl.col("outside") + families).cast(pl.Int32)
    )
    named = pl.concat([named.cast({"family": pl.Int32}), outside])
    return given.join(named, on="lens_id").select("family", "country", "share")


def _asked(given: pl.DataFrame) -> pl.DataFrame:
    """Return distinct documents of a table: ``office, number, kind`` and their keys."""
    table = given.drop_nulls(["office", "number"]).select("office", "number", "kind").unique()
    table = table.sort("office", "number", "kind").with_row_index("other")
    office = table["office"].str.to_uppercase()
    exact, plain = coded(office, normal_numbers(office, table["number"]), table["kind"])
    return table.with_columns(
        pl.col("other").cast(pl.Int64), exact=pl.Series(exact), plain=pl.Series(plain)
    )


def _located(corpus: Corpus, asked: pl.DataFrame, families: int) -> tuple[pl.DataFrame, Found]:
    """Return the row of each document that is found: ``other, row``."""
    columns = ("office", "doc_number", "kind")
    inside = corpus.columns("documents", "family", "granted", *columns).drop_nulls("family")
    outside = corpus.columns("outside", "outside", *columns).select(
        (pl.col("outside") + families).cast(pl.Int32).alias("family"),
        pl.lit(None, pl.Boolean).alias("granted"),
        *columns,
    )
    held = pl.concat([inside.cast({"family": pl.Int32}), outside])
    held = held.drop_nulls(["office", "doc_number"])
    number = normal_numbers(held["office"], held["doc_number"])
    exact, plain = coded(held["office"], number, held["kind"])
    table = held.select(
        "family",
        "granted",
        doc=pl.col("family").cast(pl.Int64),
        exact=pl.Series(exact),
        plain=pl.Series(plain),
    )
    table = table.filter(pl.col("plain").is_in(asked["plain"].unique().implode()))
    found = chosen(asked.filter(pl.col("plain") != 0), table)
    rows = pl.DataFrame({"other": found.other, "row": found.doc.astype(np.int32)})
    return rows, found


def _by_number(corpus: Corpus, given: pl.DataFrame, families: int) -> pl.DataFrame:
    """Give countries to documents by number; those of one family share them."""
    asked = _asked(given)
    rows, _ = _located(corpus, asked, families)
    place = asked.join(rows, on="other").select("office", "number", "kind", "row")
    keyed = given.join(place, on=["office", "number", "kind"], how="left", nulls_equal=True)
    alone = keyed.filter(pl.col("family").is_null()).drop_nulls(["row", "country"])
    own = alone.select(family="row", country="country", share="share")
    together = keyed.drop_nulls("family")
    said = (
        together.drop_nulls("country")
        .group_by("family", "country")
        .agg(pl.col("share").sort().sum())
    )
    ids = corpus.columns("families", "family", "family_id")
    members = pl.concat(
        [
            together.drop_nulls("row").select("family", "row"),
            ids.select(
                pl.col("family_id").str.strip_prefix("docdb:").alias("docdb"),
                pl.col("family_id").str.starts_with("docdb:").alias("is_docdb"),
                row=pl.col("family").cast(pl.Int32),
            )
            .filter("is_docdb")
            .join(said.select("family").unique(), left_on="docdb", right_on="family")
            .select(family="docdb", row="row"),
            corpus.columns("documents", "lens_id", "family")
            .drop_nulls("family")
            .filter(pl.col("lens_id").str.starts_with("docdb:"))
            .select(
                pl.col("lens_id").str.strip_prefix("docdb:").alias("docdb"),
                row=pl.col("family").cast(pl.Int32),
            )
            .join(said.select("family").unique(), left_on="docdb", right_on="family")
            .select(family="docdb", row="row"),
        ]
    ).unique()
    shared = members.join(said, on="family").select(family="row", country="country", share="share")
    return pl.concat([own, shared])
