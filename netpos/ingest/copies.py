"""Several records of one document: known to be one, and put together to one.

An export fetched again, two queries that find the same document, a second pass for the references:
all give copies. Which copy says what is decided by what the copies hold, never by the order, the
names or the form of the files, so the same records give the same document however they come.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos import countries
from netpos.ingest.details import Details
from netpos.ingest.distinct import connected, distinct
from netpos.ingest.one_document import edges
from netpos.ingest.records import FORMS, RECORDS, keys

Longs = NDArray[np.int64]
Ints = NDArray[np.int32]
Mask = NDArray[np.bool_]

#: Columns of a record that are no values of the document, or are not taken from one copy alone.
_NOT_VALUES = {
    "doc", "lens_id", "line", "form", "aliases", "cites_count", "cited_by_count", "title_language",
}  # fmt: skip
VALUES = tuple(c for c in RECORDS if c not in _NOT_VALUES)
_COUNTS = ("cites_count", "cited_by_count")
LEDGER = {"file": pl.String, "line": pl.Int64, "outcome": pl.String, "reason": pl.String}
_LENS_ID = r"^\d{3}-\d{3}-\d{3}-\d{3}-\d{2}[\dX]$"
_SOURCES = {"record": pl.Int32, "family_source": pl.String}


@dataclass(frozen=True)
class Copies:
    """Which records are copies of which document.

    ``doc`` is, for each record, the number of its document, ``kept`` the position of the one kept,
    ``several`` whether there are others, ``parties`` whether its applicants, and its inventors, are
    those of the document. ``together`` are the records kept of those, with the values of all their
    copies. ``duplicates`` are rows of the ledger. Numbers ``old`` (sorted) mean the documents
    ``new``. ``sources`` are further families of documents kept, which their copies name:
    ``record, family_source``.
    """

    doc: Longs
    kept: Ints
    several: Mask
    parties: tuple[Mask, Mask]
    together: pl.DataFrame
    duplicates: pl.DataFrame
    old: Longs
    new: Longs
    sources: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_SOURCES))

    @property
    def mask(self) -> Mask:
        """Which records are kept."""
        found: Mask = self.kept == np.arange(self.kept.size)
        return found

    def rename(self, numbers: Longs) -> None:
        """Turn numbers that mean another into that one, in place."""
        if self.old.size and numbers.size:
            place = np.minimum(np.searchsorted(self.old, numbers), self.old.size - 1)
            hit = self.old[place] == numbers
            numbers[hit] = self.new[place[hit]]

    def records(self, details: Details, *columns: str) -> Iterator[pl.DataFrame]:
        """Return columns of the records kept part by part, with ``record`` before them.

        Those that have copies are the last, with the values of all.
        """
        columns = ("record", *(c for c in columns if c != "record"))
        for part in details.records(*columns):
            if self.several.any():
                part = part.filter(pl.Series(~self.several[part["record"].to_numpy()]))
            yield part
        if self.together.height:
            yield self.together.select(columns)


#: Columns of records that are put together.
_SCHEMA = {
    "record": pl.Int32, **RECORDS, "file": pl.String, "role": pl.String, "flat": pl.Boolean,
}  # fmt: skip


def unite(details: Details) -> Copies:
    """Find the copies of each document and put them together.

    Records are one document when they bear one Lens ID, when one names the other's among its
    aliases, or when office, number and kind are the same. One record gives the values: that with
    the most citing documents, then the latest date anywhere in its legal status, then the most
    filled fields, then the first by a fixed order of all it says. A value that it lacks comes from
    the next in this order; applicants and inventors come each from the first copy that states a
    residence for them. Lists are united.
    """
    docs, n = details.doc, details.height
    pairs = edges(details)
    a, b = pairs["a"].to_numpy(), pairs["b"].to_numpy()
    numbers, at = distinct(np.concatenate([docs, a, b]))
    everyone, nobody = np.ones(n, dtype=bool), np.zeros(n, dtype=bool)
    kept = np.arange(n, dtype=np.int32)
    none = pl.DataFrame(schema=_SCHEMA)
    duplicates = pl.DataFrame(schema=LEDGER)
    if not a.size and numbers.size == n:  # nothing twice
        old = numbers[:0]
        return Copies(docs, kept, nobody, (everyone, everyone), none, duplicates, old, old)
    component = np.arange(numbers.size, dtype=np.int32)
    if a.size:
        component = connected(at[n : n + a.size], at[n + a.size :], numbers.size)
    document = component[at[:n]]
    several = np.bincount(document)[document] > 1
    parties = (everyone, everyone.copy())
    sources = pl.DataFrame(schema=_SOURCES)
    number_of = np.zeros(int(component.max(initial=-1)) + 1, dtype=np.int64)
    number_of[document] = docs
    together = none
    if several.any():
        copies = pl.concat(
            part.filter(pl.Series(several[part["record"].to_numpy()]))
            for part in details.records(*_SCHEMA)
        ).with_columns(document=pl.Series(document[several]))
        lists = _lists(details, several)
        copies = _in_order(copies, lists)
        one = _merge_copies(copies, lists)
        number_of[one["document"].to_numpy()] = one["doc"].to_numpy()
        first = np.zeros(number_of.size, dtype=np.int32)
        first[one["document"].to_numpy()] = one["record"].to_numpy()
        kept[several] = first[document[several]]
        chosen = _of_roles(copies, lists["parties"])
        for role, mask in zip(("applicant", "inventor"), parties, strict=True):
            mask[several] = False
            mask[chosen[role].to_numpy()] = True
        duplicates = _told(copies, one, lists, chosen)
        named = copies.select("document", "family_source").drop_nulls().unique()
        sources = named.join(one.select("document", "record"), on="document").select(
            *sources.columns
        )
        together = one.select(pl.col(c).cast(t) for c, t in _SCHEMA.items()).sort("record")
    canonical = number_of[component]
    other = numbers != canonical
    changed = numbers[other], canonical[other]
    doc = number_of[document]
    return Copies(doc, kept, several, parties, together, duplicates, *changed, sources)


# --- which copy says what -----------------------------------------------------------------------


def _lists(details: Details, several: Mask) -> dict[str, pl.DataFrame]:
    """Return the lists of records that are copies: rows with ``record``."""
    found = {}
    for name in ("parties", "classes", "members", "references"):
        frames = []
        for first, part in details.parts(name):
            record = part["row"].to_numpy() + np.int32(first)
            mine = pl.Series(several[record] if record.size else np.zeros(0, dtype=bool))
            frames.append(
                part.with_columns(record=pl.Series(record, dtype=pl.Int32)).drop("row").filter(mine)
            )
        found[name] = pl.concat(frames)
    return found


def _in_order(copies: pl.DataFrame, lists: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Return copies of each document, the most recent first, with their ``rank`` from 0."""
    references = lists["references"]
    citing = references.filter("cited_by").group_by("record").agg(listed=pl.col("other").n_unique())
    kinds = pl.concat(
        [
            lists["parties"].select("record", what="role"),
            lists["classes"].select("record", what="scheme"),
            lists["members"].select("record", what=pl.lit("members")),
            references.select(
                "record",
                what=pl.when("cited_by").then(pl.lit("citing")).otherwise(pl.lit("cited")),
            ),
        ]
    )
    filled = kinds.group_by("record").agg(lists=pl.col("what").n_unique())
    order = ["citing", "status_date", "fields"]
    table = (
        copies.join(citing, on="record", how="left", maintain_order="left")
        .join(filled, on="record", how="left", maintain_order="left")
        .with_columns(
            citing=pl.max_horizontal("cited_by_count", "listed").fill_null(-1),
            fields=pl.sum_horizontal(pl.col(c).is_not_null().cast(pl.Int32) for c in VALUES)
            + pl.col("lists").fill_null(0).cast(pl.Int32),
        )
    )
    tied = table.filter(pl.struct("document", *order).is_duplicated())
    text = _text(tied, lists) if tied.height else tied.select("record", text=pl.lit(""))
    forms = {form: k for k, form in enumerate(FORMS)}
    return (
        table.join(text, on="record", how="left", maintain_order="left")
        .with_columns(form_=pl.col("form").replace_strict(forms, return_dtype=pl.Int32))
        .sort(
            "document",
            *order,
            "text",
            "form_",
            "file",
            "line",
            descending=[False, True, True, True, False, False, False, False],
            nulls_last=True,
        )
        .with_columns(rank=pl.int_range(pl.len(), dtype=pl.Int32).over("document"))
        .drop("listed", "lists", "text", "form_")
    )


def _text(records: pl.DataFrame, lists: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """All that each record says, as one text: ``record, text``."""

    def written(table: pl.DataFrame) -> pl.Expr:
        columns = [c for c in table.columns if c != "record"]
        return pl.concat_str(pl.col(columns).cast(pl.String).fill_null("\0"), separator="\1")

    own = records.select("record", "lens_id", *VALUES, *_COUNTS, "aliases", "title_language")
    found = own.select("record", text=written(own))
    for name, table in lists.items():
        mine = table.join(found.select("record"), on="record", how="semi")
        rows = mine.select("record", said=written(mine)).sort("record", "said")
        said = rows.group_by("record").agg(pl.col("said").str.join("\2").alias(name))
        found = found.join(said, on="record", how="left", maintain_order="left")
    return found.select(
        "record", text=pl.concat_str(pl.exclude("record").fill_null(""), separator="\3")
    )


def _merge_copies(copies: pl.DataFrame, lists: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """One record per document, from its copies in order."""
    proper = pl.col("lens_id").filter(pl.col("lens_id").str.contains(_LENS_ID)).first()
    one = copies.group_by("document", maintain_order=True).agg(
        *(pl.col(c).drop_nulls().first() for c in VALUES),
        *(pl.col(c).max() for c in _COUNTS),
        pl.col("record", "line", "form", "file", "role").first(),
        lens_id=pl.coalesce(proper, pl.col("lens_id").first()),
        aliases=pl.col("aliases").drop_nulls().first(),
        title_language=pl.col("title_language").filter(pl.col("title").is_not_null()).first(),
        flat=pl.col("flat").any(),
    )
    named = lists["references"].join(copies.select("record", "document"), on="record")
    by = ["document", "cited_by"]
    each = named.group_by(*by, "record").agg(n=pl.col("other").n_unique())
    each = each.group_by(by).agg(pl.col("n").max())
    more = named.group_by(by).agg(all=pl.col("other").n_unique()).join(each, on=by)
    more = more.filter(pl.col("all") > pl.col("n"))
    for column, cited_by in zip(_COUNTS, (False, True), strict=True):
        united = more.filter(pl.col("cited_by") == cited_by).select("document", "all")
        one = (
            one.join(united, on="document", how="left", maintain_order="left")
            .with_columns(pl.max_horizontal(column, "all").alias(column))
            .drop("all")
        )
    return one.with_columns(doc=keys(one["lens_id"]).cast(pl.Int64))


def _of_roles(copies: pl.DataFrame, parties: pl.DataFrame) -> dict[str, pl.Series]:
    """For each role, the record of each document that gives its parties."""
    place = copies.select("record", "document", "rank", "published")
    rows = parties.join(place, on="record", how="left", maintain_order="left")
    known = countries.resolve(rows["residence"], rows["published"])["country"].is_not_null()
    rows = rows.with_columns(known=known)
    found = {}
    for role in ("applicant", "inventor"):
        states = (
            rows.filter(pl.col("role") == role)
            .group_by("document", "record", "rank")
            .agg(pl.col("known").any())
            .sort("document", "known", "rank", descending=[False, True, False])
        )
        found[role] = states.unique("document", keep="first", maintain_order=True)["record"]
    return found


def _told(
    copies: pl.DataFrame,
    one: pl.DataFrame,
    lists: dict[str, pl.DataFrame],
    chosen: dict[str, pl.Series],
) -> pl.DataFrame:
    """Rows of the ledger: which record is kept instead of each copy, and what the copy gave."""
    by_field = copies.group_by("document").agg(
        pl.col("record").filter(pl.col(c).is_not_null()).first().alias(c) for c in VALUES
    )
    fields = by_field.unpivot(index="document", variable_name="what", value_name="record")
    given = [fields.drop_nulls().select("record", "what")]
    given += [
        pl.DataFrame({"record": record}).with_columns(what=pl.lit(f"{role}s"))
        for role, record in chosen.items()
    ]
    place = copies.select("record", "document", "rank")
    for name, word, values in (
        ("references", "references", ["other", "cited_by", "phase", "categories"]),
        ("classes", "classes", ["scheme", "symbol"]),
        ("members", "family members", ["member"]),
    ):
        rows = lists[name].join(place, on="record").sort("rank")
        new = rows.unique(["document", *values], keep="first", maintain_order=True)
        counted = new.group_by("record").len("n")
        given.append(counted.select("record", what=pl.format(f"{{}} {word}", "n")))
    said = (
        pl.concat(given)
        .sort("record", maintain_order=True)
        .group_by("record", maintain_order=True)
        .agg(pl.col("what").str.join(", "))
    )
    names = one.select("document", of_id="lens_id", of_file="file", of_line="line")
    return (
        copies.filter(pl.col("rank") > 0)
        .join(names, on="document", how="left", maintain_order="left")
        .join(said, on="record", how="left", maintain_order="left")
        .select(
            "file",
            "line",
            outcome=pl.lit("duplicate"),
            reason=pl.concat_str(
                "lens_id",
                pl.lit(" is kept from "),
                "of_file",
                pl.lit(":"),
                "of_line",
                pl.when(pl.col("lens_id") != pl.col("of_id"))
                .then(pl.concat_str(pl.lit(" as "), "of_id"))
                .otherwise(pl.lit("")),
                pl.when(pl.col("what").is_not_null())
                .then(pl.concat_str(pl.lit("; from this copy: "), "what"))
                .otherwise(pl.lit("")),
            ),
        )
        .cast(pl.Schema(LEDGER))
    )


def mentions_once(mentions: pl.DataFrame) -> pl.DataFrame:
    """Return references of copies as those of their document: each as often as one copy has it.

    What copies say of one reference is united: a copy that states no phase and no category adds
    nothing where another states them.

    Parameters
    ----------
    mentions
        ``document``, ``record`` (the copy), ``other``, ``cited_by``, ``phase``, ``categories``.

    Returns
    -------
    pl.DataFrame
        The same columns without ``record``.

    Examples
    --------
    >>> copies = pl.DataFrame({"document": [1, 1, 1], "record": [1, 2, 2], "other": [7, 7, 8],
    ...     "cited_by": [False] * 3, "phase": [0, 1, 0], "categories": [0, 1, 0]})
    >>> mentions_once(copies).sort("other").select("other", "phase").rows()
    [(7, 1), (8, 0)]
    """
    pair = ["document", "other", "cited_by"]
    said = [*pair, "phase", "categories"]
    each = mentions.group_by(*said, "record").len("n").group_by(said).agg(pl.col("n").max())
    stated = each.filter((pl.col("phase") > 0) | (pl.col("categories") > 0))
    total = mentions.group_by(*pair, "record").len("n").group_by(pair).agg(all=pl.col("n").max())
    blank = (
        total.join(stated.group_by(pair).agg(pl.col("n").sum()), on=pair, how="left")
        .with_columns(n=pl.col("all").cast(pl.Int64) - pl.col("n").fill_null(0).cast(pl.Int64))
        .filter(pl.col("n") > 0)
        .with_columns(
            phase=pl.lit(0).cast(mentions.schema["phase"]),
            categories=pl.lit(0).cast(mentions.schema["categories"]),
        )
    )
    together = pl.concat([t.select(*said, pl.col("n").cast(pl.Int64)) for t in (stated, blank)])
    return together.select(pl.exclude("n").repeat_by("n")).explode(said)
