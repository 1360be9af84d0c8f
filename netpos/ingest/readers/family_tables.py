"""Small tables carried out of a data base that knows DOCDB families, such as PATSTAT.

``docdb-numbers``: publication numbers with their family, ``office, number[, kind], family`` or
``publication_number, family_id``, optionally ``publication_date``. ``docdb-citations``:
``citing_family, cited_family``, optionally ``citing_date``. In the second each family named becomes
one record without office or number, known as ``docdb:NUMBER``; it is of the family that any other
source calls so.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import polars as pl

from netpos.errors import InputError
from netpos.ingest.readers.lens_header import header_cells
from netpos.ingest.readers.publications import LISTS, PLAIN, RAW, RAW_LISTS, batch_of
from netpos.ingest.records import (
    CLASSES,
    MEMBERS,
    OUTSIDE,
    PARTIES,
    RECORDS,
    REFERENCES,
    REJECTED,
    Batch,
    finished,
    frame,
    hashed_key,
)

NUMBERS, CITATIONS = "docdb-numbers", "docdb-citations"
FORMS = (NUMBERS, CITATIONS)
#: Why they are no exports that define a technology.
NO_SEED = (
    "a table of DOCDB families, which has no classes; "
    "add it to a corpus with 'netpos ingest --role context'"
)
#: Rows of a table of numbers handed on at a time.
ROWS = 200_000
#: Names that columns may have, the first is ours.
_NAMES: dict[str, tuple[str, ...]] = {
    "citing": ("citing_family", "citing_docdb_family_id"),
    "cited": ("cited_family", "cited_docdb_family_id"),
    "citing_date": ("citing_date",),
    "publication": ("publication_number",),
    "family": ("family", "family_id", "docdb_family_id"),
    "office": ("office", "publn_auth"),
    "number": ("number", "publn_nr", "doc_number"),
    "kind": ("kind", "publn_kind"),
    "date": ("publication_date", "publn_date", "date"),
}
#: Columns that tell another table: one of countries is no export but an option.
_COUNTRIES = {"country", "country_code", "ctry", "ctry_code", "person_ctry_code"}
_AGAIN = "copy or make it again"


def _plain(head: str) -> str:
    return head.strip().lower().replace(" ", "_").replace("-", "_")


def columns_of(heads: Sequence[str]) -> dict[str, str]:
    """Return which column of a table is what.

    Examples
    --------
    >>> columns_of(["publn_auth", "Publn Nr", "docdb_family_id"])
    {'family': 'docdb_family_id', 'office': 'publn_auth', 'number': 'Publn Nr'}
    """
    by = {_plain(h): h for h in reversed(heads)}
    found = {}
    for name, known in _NAMES.items():
        if (head := next((by[k] for k in known if k in by), None)) is not None:
            found[name] = head
    return found


def recognised(heads: Sequence[str]) -> str | None:
    """Tell which of the two forms a table with these columns is; None for another.

    Examples
    --------
    >>> recognised(["publication_number", "family_id"]), recognised(["office", "number", "kind"])
    ('docdb-numbers', None)
    >>> recognised(["citing_family", "cited_family"])
    'docdb-citations'
    """
    found = columns_of(heads)
    if {"citing", "cited"} <= found.keys():
        return CITATIONS
    if {_plain(h) for h in heads} & _COUNTRIES or "family" not in found:
        return None
    numbered = "publication" in found or {"office", "number"} <= found.keys()
    return NUMBERS if numbered and len(heads) <= _MOST_COLUMNS else None


#: A table of more columns is a dump with families in it, not a list of numbers.
_MOST_COLUMNS = 8


def read_text(stream: BinaryIO, form: str, *, file: str) -> Iterator[Batch]:
    """Read a table of text; lines are those of the file.

    Raises
    ------
    InputError
        The text is no table.
    """
    data = stream.read()
    head = next((x for x in data.decode("utf-8", "replace").splitlines() if x.strip()), "")
    separator = max(",;\t", key=head.count)
    try:
        table = pl.read_csv(
            io.BytesIO(data),
            separator=separator,
            infer_schema=False,
            encoding="utf8-lossy",
            truncate_ragged_lines=True,
        )
    except pl.exceptions.PolarsError as error:
        reason = str(error).splitlines()[0][:120]
        raise InputError(f"not a table ({reason})", file=file, remedy=_AGAIN) from error
    table = table.rename(dict(zip(table.columns, header_cells(head), strict=False)))
    yield from _batches(table.with_row_index("line_", 2), form)


def read_parquet(path: Path, form: str, *, file: str) -> Iterator[Batch]:
    """Read a Parquet file; lines are its rows.

    Raises
    ------
    InputError
        The file is damaged.
    """
    try:
        wanted = columns_of(list(pl.read_parquet_schema(path)))
        table = pl.read_parquet(path, columns=list(wanted.values()))
    except (OSError, pl.exceptions.PolarsError) as error:
        reason = str(error).splitlines()[0][:120]
        raise InputError(f"damaged Parquet file ({reason})", file=file, remedy=_AGAIN) from error
    yield from _batches(table.with_row_index("line_", 1), form)


def _batches(table: pl.DataFrame, form: str) -> Iterator[Batch]:
    places = columns_of(table.columns)
    text = {
        name: pl.col(places[name]).cast(pl.String).str.strip_chars()
        if name in places
        else pl.lit(None, pl.String)
        for name in _NAMES
    }
    rows = table.select(line=pl.col("line_").cast(pl.Int64), **text)
    rows = rows.filter(pl.any_horizontal(pl.exclude("line").fill_null("") != ""))
    for name in ("date", "citing_date"):  # 9999-12-31 is how PATSTAT says none
        rows = rows.with_columns(pl.when(~pl.col(name).str.starts_with("9999")).then(name))
    if form == CITATIONS:
        yield _citations(rows)
        return
    for first in range(0, max(rows.height, 1), ROWS):
        yield _numbers(rows.slice(first, ROWS))


def _family(column: str) -> pl.Expr:
    """Return the number of a family; null for what is none."""
    digits = (
        pl.col(column).str.strip_prefix("docdb:").str.extract(r"^0*([1-9][0-9]{0,17})(?:\.0)?$")
    )
    return digits.alias(column)


def _lost(rows: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """Return line and reason of rows in which one of these is no number of a family."""
    reason = pl.coalesce(
        pl.when(_family(c).is_null()).then(
            pl.format(
                "{} is '{}', not the number of a DOCDB family",
                pl.lit(f"{c}_family" if c != "family" else c),
                pl.col(c).fill_null("").str.slice(0, 40),
            )
        )
        for c in columns
    )
    return rows.select("line", reason=reason).drop_nulls("reason")


def _numbers(rows: pl.DataFrame) -> Batch:
    lost = _lost(rows, ["family"])
    rows = rows.with_columns(_family("family")).drop_nulls("family")
    bare = pl.concat_str("office", "number", separator="-")
    raw = rows.select(
        "line",
        publication_number=pl.coalesce("publication", bare.str.to_uppercase()),
        kind_code="kind",
        family_id="family",
        publication_date="date",
    )
    raw = raw.with_columns(
        pl.lit(None, pl.String).alias(c) for c in PLAIN if c not in raw.columns
    ).select(list(RAW))
    lists = {name: frame(RAW_LISTS[name]) for name in LISTS}
    found = batch_of(raw, lists, list(lost.iter_rows()))
    found.records = found.records.with_columns(form=pl.lit(NUMBERS))
    return found


def _citations(rows: pl.DataFrame) -> Batch:
    lost = _lost(rows, ["citing", "cited"])
    day = pl.col("citing_date").str.slice(0, 10).str.to_date(strict=False)
    pairs = rows.select("line", _family("citing"), _family("cited"), citing_date=day).drop_nulls(
        ["citing", "cited"]
    )
    named = pl.concat(
        [
            pairs.select("line", family="citing", day="citing_date"),
            pairs.select("line", family="cited", day=pl.lit(None, pl.Date)),
        ]
    )
    families = named.group_by("family").agg(pl.col("line").min(), pl.col("day").min())
    families = families.sort(pl.col("family").str.len_bytes(), "family")
    name = pl.concat_str(pl.lit("docdb:"), "family")
    texts = families.select(name=name)["name"]
    families = families.with_columns(
        name=texts,
        doc=pl.Series([hashed_key(t) for t in texts.to_list()], dtype=pl.Int64),
        row=pl.int_range(pl.len(), dtype=pl.Int32),
    )
    said = families.select(
        "doc",
        "line",
        lens_id="name",
        form=pl.lit(CITATIONS),
        published="day",
        family_source="name",
    )
    said = said.with_columns(
        pl.lit(None, t).alias(c) for c, t in RECORDS.items() if c not in said.columns
    )
    once = pairs.select("citing", "cited").unique().sort("citing", "cited")
    references = (
        once.join(families.select("row", citing="family"), on="citing", maintain_order="left")
        .join(families.select(other="doc", cited="family"), on="cited", maintain_order="left")
        .select(
            "row",
            "other",
            cited_by=pl.lit(value=False),
            phase=pl.lit(0),
            categories=pl.lit(0),
        )
        .cast(pl.Schema(REFERENCES))
    )
    note = f"{once.height:,} citations between {families.height:,} DOCDB families"
    return Batch(
        finished(said, references).with_columns(cites_count=pl.lit(None, pl.Int32)),
        frame(PARTIES),
        frame(CLASSES),
        frame(MEMBERS),
        references,
        frame(OUTSIDE),
        lost.cast(pl.Schema(REJECTED)),
        [note],
    )
