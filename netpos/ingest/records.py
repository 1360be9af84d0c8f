"""What every reader produces: columns of records, parties, classes, members, references.

A reader fills a `Batch` while it walks a file and hands it on every few thousand records, so that
memory does not grow with the file. Nothing here decides anything about families or countries; it
only keeps what the record says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np
import polars as pl
import pyarrow as pa

from netpos.ingest.number_keys import packed
from netpos.tables import Schema

#: Records a reader collects before it hands a batch on.
BATCH_RECORDS = 8000

#: Which form of export a record came from.
FORMS = (
    "lens-json",
    "patentsview-json",
    "lens-legacy-jsonl",
    "lens-csv",
    "google-publications",
    "uspto-tables",
    "docdb-numbers",
    "docdb-citations",
)

RECORDS: Schema = {
    "doc": pl.Int64,  # number of the document, see `key`
    "lens_id": pl.String,  # Lens ID, else doc_key, else office_number
    "line": pl.Int64,  # physical line; in arrays the ordinal of the record
    "form": pl.String,  # one of FORMS
    "office": pl.String,
    "doc_number": pl.String,
    "kind": pl.String,
    "published": pl.Date,
    "publication_type": pl.String,  # GRANTED_PATENT, PATENT_APPLICATION, DESIGN_RIGHT ...
    "granted": pl.Boolean,
    "legal_status": pl.String,  # ACTIVE PENDING EXPIRED DISCONTINUED INACTIVE PATENTED UNKNOWN
    "application_date": pl.Date,
    "grant_date": pl.Date,
    "term_date": pl.Date,
    "discontinued_date": pl.Date,
    "status_date": pl.Date,  # the latest date anywhere in the legal status
    "earliest_priority": pl.Date,
    "priority_offices": pl.String,  # offices of the earliest priority, sorted, joined by a space
    "priorities": pl.String,  # all priority numbers, sorted, joined by ";": proxy of the family
    "family_source": pl.String,  # family_id as exported
    "family_size": pl.Int32,  # members of the simple family, as exported
    "extended_source": pl.String,  # extended family id as exported
    "cites_count": pl.Int32,  # cited patents, as exported or counted
    "cited_by_count": pl.Int32,  # citing patents, as exported or counted
    "aliases": pl.String,  # other Lens IDs of the document, sorted, joined by ";"
    "title": pl.String,  # in English if there is one, else the first
    "title_language": pl.String,  # of the title, as exported
}
PARTIES: Schema = {
    "row": pl.Int32,  # position of the record in its batch's `records` (not the document number)
    "role": pl.String,  # applicant, inventor
    "name": pl.String,  # as filed
    "residence": pl.String,  # as filed, two letters, not yet repaired
}
CLASSES: Schema = {"row": pl.Int32, "scheme": pl.String, "symbol": pl.String}  # CPC, IPC
MEMBERS: Schema = {
    "row": pl.Int32,
    "member": pl.Int64,
    "office": pl.String,
    "doc_number": pl.String,  # where the record says so: to find the member by its number
    "kind": pl.String,
}
REFERENCES: Schema = {
    "row": pl.Int32,  # the record that says so
    "other": pl.Int64,  # the document cited by it, or citing it
    "cited_by": pl.Boolean,  # true: `other` cites the record
    "phase": pl.UInt8,  # index into PHASES, 0 = not given
    "categories": pl.UInt16,  # bit k = CATEGORIES[k]
}
OUTSIDE: Schema = {  # documents named in references, as far as the record describes them
    "other": pl.Int64,
    "lens_id": pl.String,  # only where given and not in `other` itself (see `lens_ids`)
    "office": pl.String,
    "doc_number": pl.String,
    "kind": pl.String,
    "date": pl.Date,
    "content": pl.Int64,  # the same for the same texts within an export, else null
}
REJECTED: Schema = {"line": pl.Int64, "reason": pl.String}

#: Classifications, in the tables of a corpus.
SCHEMES = pl.Enum(["CPC", "IPC"])

PHASES = ("", "SEA", "ISR", "SUP", "PRS", "APP", "EXA", "OPP", "APL", "FOP", "TPO", "CH2")
CATEGORIES = ("X", "I", "Y", "A", "O", "P", "T", "E", "D", "L", "R")
PHASE_NUMBER = {name: number for number, name in enumerate(PHASES)}
CATEGORY_BIT = {letter: 1 << bit for bit, letter in enumerate(CATEGORIES)}

_LENS_ID = re.compile(r"\d{3}-\d{3}-\d{3}-\d{3}-\d{2}[\dXx]")


def is_lens_id(text: str) -> bool:
    """Tell whether a text has the shape of a Lens ID.

    Examples
    --------
    >>> is_lens_id("038-066-141-127-891"), is_lens_id("000-000-000-000-01x")
    (True, True)
    >>> is_lens_id("US_2016_A1")
    False
    """
    return _LENS_ID.fullmatch(text) is not None


def key(text: str) -> int:
    """Return the number by which tables refer to a document.

    A Lens ID becomes its 14 digits times 11 plus the value of its check sign, so it can be turned
    back; a document key of plain digits is packed (`netpos.ingest.number_keys`); any other text
    becomes a negative 62-bit hash.

    Examples
    --------
    >>> key("038-066-141-127-891")
    41872755240680
    >>> key("000-000-000-000-00X")
    10
    >>> key("US_9364525_B2") < -(1 << 62) <= key("US_D781234_S1") < 0
    True
    """
    text = text.strip()
    if _LENS_ID.fullmatch(text):
        digits = text.replace("-", "")
        return int(digits[:14]) * 11 + (10 if digits[14] in "Xx" else int(digits[14]))
    return hashed_key(text)


def hashed_key(text: str) -> int:
    """Return `key` of a text known to be no Lens ID and to have no blanks around it."""
    if (number := packed(text)) is not None:
        return number
    digest = blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()
    return -(int.from_bytes(digest) >> 2) - 1


def lens_ids(numbers: pl.Series) -> pl.Series:
    """Return the Lens IDs of document numbers, the inverse of `key`; null where there is none.

    Examples
    --------
    >>> lens_ids(pl.Series([key("038-066-141-127-891"), 10, -5])).to_list()
    ['038-066-141-127-891', '000-000-000-000-00X', None]
    """
    known = numbers.is_not_null().to_numpy()
    n = numbers.fill_null(-1).to_numpy()
    known &= n >= 0
    n = np.where(known, n, 0)
    signs = np.full((n.size, 19), ord("-"), dtype=np.uint8)
    rest, check = np.divmod(n, 11)
    signs[:, 18] = np.where(check == 10, ord("X"), check + ord("0"))
    for place in (17, 16, 14, 13, 12, 10, 9, 8, 6, 5, 4, 2, 1, 0):
        rest, digit = np.divmod(rest, 10)
        signs[:, place] = digit + ord("0")
    ends = pa.py_buffer(np.arange(n.size + 1, dtype=np.int64) * 19)
    bits = pa.py_buffer(np.packbits(known, bitorder="little"))
    array = pa.Array.from_buffers(pa.large_utf8(), n.size, [bits, ends, pa.py_buffer(signs)])
    return pl.Series("i", pl.from_arrow(array))


def keys(texts: pl.Series) -> pl.Series:
    """Return `key` for a column, vectorised over Lens IDs; null stays null."""
    shape = texts.str.contains(r"^\d{3}-\d{3}-\d{3}-\d{3}-\d{2}[\dXx]$")
    digits = texts.str.replace_all("-", "", literal=True)
    frame = pl.DataFrame({"text": texts, "shape": shape, "digits": digits}).with_columns(
        number=pl.when(pl.col("shape")).then(
            pl.col("digits").str.slice(0, 14).cast(pl.Int64, strict=False) * 11
            + pl.col("digits")
            .str.slice(14, 1)
            .replace(["X", "x"], "10")
            .cast(pl.Int64, strict=False)
        )
    )
    other = frame.filter(~pl.col("shape"))["text"].unique()
    if other.len():
        table = pl.DataFrame({"text": other, "hashed": [key(t) for t in other]}).with_columns(
            pl.col("hashed").cast(pl.Int64)
        )
        frame = frame.join(table, on="text", how="left", maintain_order="left").with_columns(
            number=pl.col("number").fill_null(pl.col("hashed"))
        )
    return frame["number"]


@dataclass
class Batch:
    """Frames with the schemas above, for a chunk of one file.

    ``read`` counts the records seen (kept or rejected); ``notes`` are sentences about the file
    that `check` and the run print (each once).
    """

    records: pl.DataFrame
    parties: pl.DataFrame
    classes: pl.DataFrame
    members: pl.DataFrame
    references: pl.DataFrame
    outside: pl.DataFrame
    rejected: pl.DataFrame
    notes: list[str] = field(default_factory=list)

    @property
    def read(self) -> int:
        """Records seen: kept so far plus rejected."""
        return self.records.height + self.rejected.height


def drop_blank_parties(parties: pl.DataFrame) -> pl.DataFrame:
    """Return parties that say something: those with neither a name nor a residence are left out."""
    texts = {
        c: pl.when(pl.col(c).str.strip_chars() != "").then(pl.col(c)) for c in ("name", "residence")
    }
    return parties.with_columns(**texts).filter(
        pl.col("name").is_not_null() | pl.col("residence").is_not_null()
    )


_TEXTS = (
    "office",
    "doc_number",
    "kind",
    "priority_offices",
    "publication_type",
    "legal_status",
    "title",
    "title_language",
)


def one_title(titles: Iterable[tuple[str | None, str | None]]) -> tuple[str | None, str | None]:
    """Return the title of a document and its language: the English one, else the first.

    Parameters
    ----------
    titles
        Text and language of each, as they stand; those without a text are passed over.

    Examples
    --------
    >>> one_title([("Moteur", "fr"), ("", "en"), ("Engine", "EN"), ("Motor", "en")])
    ('Engine', 'EN')
    >>> one_title([("Moteur", "fr"), ("Motor", None)]), one_title([])
    (('Moteur', 'fr'), (None, None))
    """
    first: tuple[str | None, str | None] = (None, None)
    for text, language in titles:
        if text and (language or "").lower() == "en":
            return text, language
        if text and first[0] is None:
            first = text, language
    return first


def _text(column: str) -> pl.Expr:
    """Return a text without blanks around it; null where nothing is left."""
    stripped = pl.col(column).str.strip_chars()
    return pl.when(stripped != "").then(stripped)


def finished(table: pl.DataFrame, references: pl.DataFrame) -> pl.DataFrame:
    """Return records with clean texts and the number of patents they cite."""
    n = table.height
    citing = references["row"].to_numpy()[~references["cited_by"].to_numpy()]
    return table.with_columns(
        cites_count=pl.Series(np.bincount(citing, minlength=n).astype(np.int32)),
        **{c: _text(c) for c in _TEXTS},
    ).select([pl.col(c).cast(t) for c, t in RECORDS.items()])


def frame(schema: Schema, rows: Iterable[Iterable[object]] = ()) -> pl.DataFrame:
    """Build a frame of one of the schemas above from rows, for readers off the fast path."""
    return pl.DataFrame(list(rows), schema=dict(schema), orient="row")
