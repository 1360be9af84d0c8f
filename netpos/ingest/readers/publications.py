"""Publications of Google/IFI (BigQuery ``patents.publications``): Parquet and JSON lines.

Names are crossed against ours: ``citation.category`` is the phase of a citation, ``citation.type``
its category; each word is taken for what it is, in whichever of the two it stands. Blanks, 0 and
-1 are unknown. The form has no legal status, no country of a priority and no citing documents; the
last are found by turning the citations of other publications round.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from netpos.ingest.document_numbers import normal_numbers, parse
from netpos.ingest.number_keys import pack
from netpos.ingest.records import (
    CATEGORY_BIT,
    CLASSES,
    MEMBERS,
    OUTSIDE,
    PARTIES,
    PHASE_NUMBER,
    PHASES,
    RECORDS,
    REFERENCES,
    REJECTED,
    Batch,
    drop_blank_parties,
    finished,
    frame,
    hashed_key,
)
from netpos.tables import Schema

#: What makes a table one of publications, and what else it can be of use for.
NEEDED = "publication_number"
DAYS = ("publication_date", "filing_date", "grant_date", "priority_date")
LISTS: dict[str, tuple[str, ...]] = {
    "assignee_harmonized": ("name", "country_code"),
    "inventor_harmonized": ("name", "country_code"),
    "cpc": ("code",),
    "ipc": ("code",),
    "citation": ("publication_number", "category", "type"),
    "title_localized": ("text", "language"),
}
#: A list that nothing rests on: in another shape it is passed over, not refused.
LOOSE = "title_localized"
PLAIN = (NEEDED, "country_code", "kind_code", "family_id", *DAYS)
#: Columns of which one beside the number suffices.
USEFUL = ("family_id", "publication_date", *(name for name in LISTS if name != LOOSE))
FORM = "google-publications"

#: Rows, and the lists of each, as a reader hands them over: texts, ``row`` from 0.
RAW: Schema = {"line": pl.Int64, **dict.fromkeys(PLAIN, pl.String)}
RAW_LISTS: dict[str, Schema] = {
    name: {"row": pl.Int32, **dict.fromkeys(fields, pl.String)} for name, fields in LISTS.items()
}
#: Article 115 EPC is observations by third parties.
_PHASES = {name: PHASE_NUMBER[name] for name in PHASES if name} | {"115": PHASE_NUMBER["TPO"]}
_KEY = r"^([A-Z]{2})-(.*?)(?:-([A-Z][0-9]{0,2}))?$"
_PETTY = ("CN", "JP", "KR", "TW")


def suffices(columns: Sequence[str]) -> bool:
    """Tell whether a table with these columns is one of publications.

    Examples
    --------
    >>> suffices(["publication_number", "family_id"]), suffices(["publication_number", "title"])
    (True, False)
    """
    return NEEDED in columns and any(c in columns for c in USEFUL)


def batch_of(
    rows: pl.DataFrame,
    lists: dict[str, pl.DataFrame],
    rejected: Sequence[tuple[int, str]] = (),
) -> Batch:
    """Turn rows as read into columns.

    Parameters
    ----------
    rows
        As `RAW`.
    lists
        Their lists, as `RAW_LISTS`; a list that the file does not have may be missing.
    rejected
        Line and reason of what was no row.
    """
    rows = rows.with_columns(
        # a whole number that a table keeps as a fraction, since others in the column are missing
        pl.col(c).str.replace(r"^(-?[0-9]+)\.0*$", "$1")
        for c in ("family_id", *DAYS)
    )
    named = document_columns(rows[NEEDED], rows["kind_code"])
    days = {c: _day(rows[c]) for c in DAYS}
    reason = pl.DataFrame(
        {"number": named["key"], "text": rows[NEEDED], "day": days["publication_date"],
         "stated": rows["publication_date"]}
    ).select(
        pl.when(pl.col("text").is_null() | (pl.col("text").str.strip_chars() == ""))
        .then(pl.lit("no publication_number"))
        .when(pl.col("number").is_null())
        .then(pl.format("publication_number is '{}', not office-number-kind",
                        pl.col("text").str.slice(0, 40)))
        .when(pl.col("day").is_null() & _stated("stated"))
        .then(pl.format("publication_date is '{}', not a date", pl.col("stated").str.slice(0, 40)))
        .alias("reason")
    )["reason"]  # fmt: skip
    good = reason.is_null()
    lost = pl.DataFrame({"line": rows["line"], "reason": reason}).filter(~good)
    place = np.cumsum(good.to_numpy()) - 1
    kept = {
        name: table.filter(good.gather(table["row"])).with_columns(
            row=pl.Series(place[table["row"].to_numpy()].astype(np.int32)).filter(
                good.gather(table["row"])
            )
        )
        for name, table in lists.items()
    } if lost.height else lists  # fmt: skip
    rows, named = rows.filter(good), named.filter(good)
    days = {c: s.filter(good) for c, s in days.items()}
    references, unnamed, unknown = _references(kept.get("citation", frame(RAW_LISTS["citation"])))
    table = _records(rows, named, days).hstack(_titles(kept.get(LOOSE), rows.height))
    notes = [(unnamed, "references name no patent")]
    notes += [(n, f"references of the unknown phase '{w[:20]}'") for w, n in unknown]
    return Batch(
        finished(table, references),
        _parties(kept),
        _classes(kept),
        frame(MEMBERS),
        references,
        _odd(kept),
        pl.concat([frame(REJECTED, rejected), lost.cast(pl.Schema(REJECTED))]).sort("line"),
        [f"{count} {text}" for count, text in notes if count],
    )


def document_columns(texts: pl.Series, kinds: pl.Series | None = None) -> pl.DataFrame:
    """Return ``key, office, number, kind`` of publication numbers, nulls for what is none.

    ``kinds`` stand in where a number says no kind.

    Examples
    --------
    >>> texts = pl.Series(["US-2014313399-A1", "JP-H0198729-A", "", None])
    >>> document_columns(texts).select("office", "number", "kind").rows()[:2]
    [('US', '20140313399', 'A1'), ('JP', '1989098729', 'A')]
    """
    parts = texts.str.extract_groups(_KEY).struct.rename_fields(["office", "raw", "kind"])
    table = parts.struct.unnest()
    has_digit = table["raw"].str.contains(r"[0-9]").fill_null(value=False)
    table = table.with_columns(
        pl.when(has_digit).then(pl.col(c)).alias(c) for c in ("office", "raw", "kind")
    )
    number = normal_numbers(table["office"], table["raw"])
    table = table.select("office", number=number, kind="kind")
    other = (table["office"].is_null() & texts.is_not_null() & (texts != "")).arg_true()
    if other.len():
        found = [parse(t) for t in texts.gather(other).to_list()]
        for name in table.columns:
            values = pl.Series([f and getattr(f, name) for f in found], dtype=pl.String)
            table = table.with_columns(table[name].scatter(other, values).alias(name))
    if kinds is not None:
        plain = kinds.str.strip_chars().str.to_uppercase()
        plain = plain.set(plain == "", None)
        table = table.with_columns(kind=pl.coalesce("kind", plain.alias("stated")))
    key = pack(table["office"], table["number"], table["kind"])
    odd = (key.is_null() & table["number"].is_not_null()).arg_true()
    if odd.len():
        rows = table[odd].iter_rows()
        hashed = [hashed_key("_".join(t for t in row if t)) for row in rows]
        key = key.scatter(odd, pl.Series(hashed, dtype=pl.Int64))
    return table.with_columns(key=key)


def _stated(column: str) -> pl.Expr:
    """Whether a number says anything: not where it is blank or 0."""
    text = pl.col(column).str.strip_chars()
    return (text.str.strip_chars("0") != "").fill_null(value=False)


def _day(texts: pl.Series) -> pl.Series:
    """Dates of yyyymmdd, or with hyphens; null for 0 and what is no date of 1600 to 2200."""
    plain = texts.str.strip_chars().str.slice(0, 10).str.replace_all("-", "", literal=True)
    found = plain.str.to_date("%Y%m%d", strict=False)
    return found.set(~found.dt.year().is_between(1600, 2200), None)


def _records(rows: pl.DataFrame, named: pl.DataFrame, days: dict[str, pl.Series]) -> pl.DataFrame:
    kind = pl.col("kind")
    letter = kind.str.slice(0, 1)
    family = pl.col("family_id").str.strip_chars()
    known = ~family.is_in(["", "-1", "0"])
    grant = pl.col("grant_date") <= pl.col("publication_date")
    granted = grant.fill_null(value=False) | (
        pl.col("grant_date").is_null() & letter.is_in(["B", "C"])
    )
    petty = (letter == "U") | ((letter == "Y") & pl.col("office").is_in(_PETTY))
    kinds = (
        pl.when(letter == "S").then(pl.lit("DESIGN_RIGHT"))
        .when((pl.col("office") == "US") & (letter == "P")).then(pl.lit("PLANT_PATENT"))
        .when(petty).then(pl.lit("LIMITED_PATENT"))
        .when(granted).then(pl.lit("GRANTED_PATENT"))
        .when(letter == "A").then(pl.lit("PATENT_APPLICATION"))
        .otherwise(pl.lit("UNKNOWN"))
    )  # fmt: skip
    table = (
        rows.select("line", "family_id").hstack(named).with_columns(days[c].alias(c) for c in DAYS)
    )
    said = table.select(
        doc="key",
        lens_id=pl.concat_str("office", "number", kind, separator="_", ignore_nulls=True),
        line="line",
        form=pl.lit(FORM),
        office="office",
        doc_number="number",
        kind=kind,
        published="publication_date",
        publication_type=kinds,
        granted=pl.when(granted).then(pl.lit(value=True)),
        application_date="filing_date",
        grant_date="grant_date",
        earliest_priority="priority_date",
        family_source=pl.when(known).then(pl.concat_str(pl.lit("docdb:"), family)),
    )
    columns = {c: t for c, t in RECORDS.items() if c not in _TITLES}
    return said.with_columns(
        pl.lit(None, t).alias(c) for c, t in columns.items() if c not in said.columns
    ).select(list(columns))


_TITLES = ("title", "title_language")


def _titles(table: pl.DataFrame | None, rows: int) -> pl.DataFrame:
    """Return one title of each row and its language; see `netpos.ingest.records.one_title`."""
    none = pl.DataFrame(schema=dict.fromkeys(_TITLES, pl.String))
    if table is None:
        table = none.with_columns(row=pl.lit(None, pl.Int32)).rename(
            {"title": "text", "title_language": "language"}
        )
    english = (pl.col("language").str.to_lowercase() == "en").fill_null(value=False)
    one = (
        table.filter(pl.col("text") != "")
        .sort("row", ~english, maintain_order=True)
        .unique("row", keep="first", maintain_order=True)
    )
    every = pl.DataFrame({"row": pl.int_range(rows, dtype=pl.Int32, eager=True)})
    return every.join(one, on="row", how="left", maintain_order="left").select(
        title="text", title_language="language"
    )


def _parties(lists: dict[str, pl.DataFrame]) -> pl.DataFrame:
    frames = [frame(PARTIES)]
    for role, name in (("applicant", "assignee"), ("inventor", "inventor")):
        if (table := lists.get(f"{name}_harmonized")) is not None:
            frames.append(
                table.select(
                    "row", role=pl.lit(role), name="name", residence=pl.col("country_code")
                ).cast(pl.Schema(PARTIES))
            )
    return drop_blank_parties(pl.concat(frames))


def _classes(lists: dict[str, pl.DataFrame]) -> pl.DataFrame:
    frames = [frame(CLASSES)]
    for scheme in ("CPC", "IPC"):
        if (table := lists.get(scheme.lower())) is not None:
            found = table.select("row", scheme=pl.lit(scheme), symbol="code")
            frames.append(found.cast(pl.Schema(CLASSES)))
    symbol = pl.col("symbol")
    return pl.concat(frames).filter(symbol.is_not_null() & (symbol.str.strip_chars() != ""))


def _codes(texts: pl.Series, codes: dict[str, int]) -> pl.Series:
    """Numbers of words; each distinct word is looked at once."""
    words = [w for w in texts.unique().to_list() if w is not None]
    known = {w: code for w in words if (code := codes.get(w.strip().upper())) is not None}
    if not known:
        return pl.repeat(0, texts.len(), dtype=pl.Int64, eager=True)
    return texts.replace_strict(known, default=0, return_dtype=pl.Int64)


def _letters(texts: pl.Series) -> pl.Series:
    """Bits of categories; a word may hold several letters, but is no phase."""
    bits: dict[str, int] = {}
    for word in texts.unique().to_list():
        plain = (word or "").strip().upper()
        letters = [c for c in plain if c.isalpha()]
        if plain not in _PHASES and letters and all(c in CATEGORY_BIT for c in letters):
            bits[plain] = 0
            for letter in letters:
                bits[plain] |= CATEGORY_BIT[letter]
    return _codes(texts, bits)


def _references(table: pl.DataFrame) -> tuple[pl.DataFrame, int, list[tuple[str, int]]]:
    """Return references, how many name no patent, and words that are no phase."""
    blank = table["publication_number"].fill_null("").str.strip_chars() == ""
    key = document_columns(table["publication_number"])["key"]
    category, kind = table["category"], table["type"]
    phase = _codes(category, _PHASES)
    phase = pl.select(pl.when(phase == 0).then(_codes(kind, _PHASES)).otherwise(phase)).to_series()
    bits = _letters(kind) | _letters(category)
    strange = pl.DataFrame(
        {"word": category.fill_null("").str.strip_chars(), "phase": phase, "blank": blank}
    ).filter((pl.col("word") != "") & (pl.col("phase") == 0) & ~pl.col("blank"))
    strange = strange.filter(_letters(strange["word"]) == 0)
    unknown = strange.group_by("word").len().sort("word").rows()
    found = pl.DataFrame(
        {
            "row": table["row"],
            "other": key,
            "cited_by": pl.repeat(False, table.height, dtype=pl.Boolean, eager=True),
            "phase": phase,
            "categories": bits,
        }
    ).cast(pl.Schema(REFERENCES))
    return found.filter(key.is_not_null()), int((key.is_null() & ~blank).sum()), unknown


def _odd(lists: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Describe documents named whose number is no packed one; of the others the key says all."""
    cited = lists.get("citation")
    if cited is None or not cited.height:
        return frame(OUTSIDE)
    texts = cited["publication_number"].unique().drop_nulls()
    digits = texts.str.contains(r"^[A-Z]{2}-[0-9]{1,13}-[A-Z][0-9]?$")
    found = document_columns(texts.filter(~digits)).drop_nulls("key").unique("key").sort("key")
    found = found.filter(pack(found["office"], found["number"], found["kind"]).is_null())
    return found.select(
        other="key",
        lens_id=pl.lit(None, pl.String),
        office="office",
        doc_number="number",
        kind="kind",
        date=pl.lit(None, pl.Date),
        content=pl.lit(0, pl.Int64),
    )
