"""Which records are of one document: by their aliases, and by office, number and kind."""

from __future__ import annotations

import numpy as np
import polars as pl

from netpos.ingest.details import Details
from netpos.ingest.document_numbers import normal_numbers
from netpos.ingest.records import keys

#: Kinds of US documents that a number without a kind means, the likeliest first.
_US_GRANTS = ("B2", "B1", "A", "E", "E1", "S", "S1", "P2", "P3", "P", "H", "H1")


def edges(details: Details) -> pl.DataFrame:
    """Return pairs of numbers that mean one document: ``a, b``."""
    pairs, table = _candidates(details)
    found = [*pairs, _by_number(table), _without_kind(table)]
    found.append(_members(table.filter(pl.col("doc") < 0), details))
    return pl.concat(found).filter(pl.col("a") != pl.col("b"))


_BY = ("office", "number", "kind")


def _numbered(part: pl.DataFrame) -> pl.DataFrame:
    """Return the records of a part that state a number, in its normal form."""
    return part.select(
        "record",
        "doc",
        "office",
        "published",
        "granted",
        kind=pl.col("kind").str.to_uppercase(),
        number=normal_numbers(part["office"], part["doc_number"]),
    ).filter(pl.col("number").is_not_null())


def _candidates(details: Details) -> tuple[list[pl.DataFrame], pl.DataFrame]:
    """Return pairs that aliases tell of, and records that can be one with another by their number.

    Records with a Lens ID whose office, number and kind no other has are none, but where others
    state their number without a kind. So the texts of few are held at a time.
    """
    columns = ("record", "doc", "office", "doc_number", "kind", "published", "granted")
    pairs, odd, hashes = [], [], [np.zeros(0, dtype=np.uint64)]
    for part in details.records(*columns, "aliases"):
        named = part.select("doc", "aliases").drop_nulls()
        named = named.with_columns(pl.col("aliases").str.split(";")).explode("aliases")
        pairs.append(named.select(a="doc", b=keys(named["aliases"]).cast(pl.Int64)))
        table = _numbered(part)
        hashes.append(table.select(_BY).hash_rows().to_numpy())
        odd.append(table.filter(pl.col("doc") < 0))
    every = np.sort(np.concatenate(hashes))
    again = pl.Series(np.unique(every[1:][every[1:] == every[:-1]]))
    del every, hashes
    without_id = pl.concat(odd)
    bare = without_id.filter(pl.col("kind").is_null()).select("office", "number").unique()
    if not again.len() and not bare.height:
        return pairs, without_id.drop("record")
    chosen = []
    for part in details.records(*columns):
        table = _numbered(part)
        wanted = table.select(_BY).hash_rows().is_in(again) | (table["doc"] < 0)
        if bare.height:
            asked = table.join(bare, on=["office", "number"], how="semi")["record"]
            wanted |= table["record"].is_in(asked)
        chosen.append(table.filter(wanted))
    return pairs, pl.concat(chosen).drop("record")


def _by_number(table: pl.DataFrame) -> pl.DataFrame:
    """Return records of one office, number and kind.

    Numbers can be used again: documents with Lens IDs of their own and unlike dates are not one.
    """
    by = list(_BY)
    table = table.filter(pl.struct(by).hash().is_duplicated()) if table.height else table
    own = pl.col("doc").filter(pl.col("doc") >= 0)
    dates = pl.col("published").filter(pl.col("doc") >= 0)
    table = table.with_columns(
        documents=pl.col("doc").n_unique().over(by),
        unlike=(own.n_unique().over(by) > 1) & (dates.drop_nulls().n_unique().over(by) > 1),
        unclear=(own.n_unique().over(by) > 1) & pl.col("kind").is_null(),
    ).filter((pl.col("documents") > 1) & ~pl.col("unclear"))
    alike = table.filter(~pl.col("unlike")).select(a=pl.col("doc").min().over(by), b="doc")
    dated = table.filter(pl.col("unlike") & pl.col("published").is_not_null())
    by_date = dated.select(a=pl.col("doc").min().over([*by, "published"]), b="doc")
    return pl.concat([alike, by_date]).unique(maintain_order=True)


def _without_kind(table: pl.DataFrame) -> pl.DataFrame:
    """Return records that state a number and no kind, and the one document of that number.

    Of several US documents the grant is meant.
    """
    bare = table.filter(pl.col("kind").is_null() & (pl.col("doc") < 0))
    bare = bare.select("office", "number", b="doc").unique()
    if not bare.height:
        return pl.DataFrame(schema={"a": pl.Int64, "b": pl.Int64})
    likely = {kind: k for k, kind in enumerate(_US_GRANTS)}
    among = (
        table.filter(pl.col("kind").is_not_null() | (pl.col("doc") >= 0))
        .join(bare.select("office", "number").unique(), on=["office", "number"], how="semi")
        .with_columns(
            rank=pl.col("kind").replace_strict(likely, default=99, return_dtype=pl.Int32),
            grant=pl.col("granted").fill_null(value=False),
        )
        .sort("grant", "rank", "kind", "doc", descending=[True, False, False, False])
        .with_columns(kinds=pl.struct("kind").n_unique().over("office", "number"))
        .filter(
            (pl.col("kinds") == 1)
            | ((pl.col("office") == "US") & (pl.col("grant") | (pl.col("rank") < 99)))
        )
        .unique(["office", "number"], keep="first", maintain_order=True)
    )
    return bare.join(among.select("office", "number", a="doc"), on=["office", "number"]).select(
        "a", "b"
    )


def _members(table: pl.DataFrame, details: Details) -> pl.DataFrame:
    """Return records without a Lens ID, and members of that office, number and kind."""
    found = [pl.DataFrame(schema={"a": pl.Int64, "b": pl.Int64})]
    by = list(_BY)
    table = table.drop_nulls("kind").select(*by, b="doc").unique()
    if table.height:
        for _, part in details.parts("members", "member", "office", "doc_number", "kind"):
            part = part.drop_nulls(["office", "doc_number", "kind"])
            named = part.select(
                "office",
                number=normal_numbers(part["office"], part["doc_number"]),
                kind=pl.col("kind").str.to_uppercase(),
                a="member",
            )
            found.append(named.join(table, on=by).select("a", "b"))
    return pl.concat(found).unique()
