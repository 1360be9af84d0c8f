"""The documents of a corpus: one row each, in the order of families and Lens IDs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import polars as pl

from netpos.ingest import families as fam
from netpos.ingest.copies import Copies
from netpos.ingest.details import Details
from netpos.ingest.records import RECORDS, lens_ids
from netpos.ingest.spill import TextBuckets

#: About so many documents are sorted and described at a time: bounds what is held.
_AT_ONCE = 400_000
#: What the other tables need of the documents.
_NEEDED = (
    "record",
    "doc",
    "family",
    "family_id",
    "office",
    "doc_number",
    "kind",
    "published",
    "granted",
    "application_date",
    "earliest_priority",
    "priority_offices",
    "extended_source",
    "family_size",
    "utility",
    "role",
    "cites_count",
    "cited_by_count",
    "file",
    "line",
    "lens_id",
)
_NOT_NEEDED = ("priorities", "family_source", "status_date", "aliases")


class Documents:
    """Documents kept, sorted by family and Lens ID, those left out of families at the end.

    They are made once, range by range of families, and then read in parts of whole families.
    """

    def __init__(
        self, details: Details, copies: Copies, grouping: fam.Grouping, folder: Path
    ) -> None:
        self._details, self._copies, self._grouping = details, copies, grouping
        self._folder = folder
        self._number = 1 + details.height // _AT_ONCE
        self._held: list[pl.DataFrame | Path] = []
        self.height = int(copies.mask.sum())
        #: Whether a document has no Lens ID.
        self.mixed = bool(self.height) and int(copies.doc[copies.mask].min()) < 0

    def made(self) -> Iterator[pl.DataFrame]:
        """Make them: give whole rows part by part."""
        if self._number == 1:
            yield self._finished(pl.concat(self._rows()))
            return
        n = len(self._grouping.family_id)
        bounds = np.linspace(0, n, self._number + 1).astype(np.int64)[1:]
        buckets = TextBuckets(self._folder, "documents", self._number + 1)
        for part in self._rows():
            family = part["family"].fill_null(n).to_numpy()
            buckets.put(part, np.searchsorted(bounds, family, side="right"))
        for frames in buckets.taken():
            yield self._finished(pl.concat(list(frames)))

    def _finished(self, table: pl.DataFrame) -> pl.DataFrame:
        ids = self._grouping.family_id
        table = table.with_columns(utility=utility_model(), family_id=ids.gather(table["family"]))
        table = _sorted(table, "family", "lens_id", "file", "line")
        needed = table.select(_NEEDED)
        if self._number == 1:
            self._held.append(needed)
        else:
            path = self._folder / f"needed-{len(self._held):04d}"
            needed.write_parquet(path, compression="lz4", statistics=False)
            self._held.append(path)
        return table

    def _rows(self) -> Iterator[pl.DataFrame]:
        columns = [c for c in RECORDS if c not in _NOT_NEEDED]
        copies, family = self._copies, self._grouping.family
        of_seeds = np.zeros(copies.kept.size, dtype=bool)
        for part in self._details.records("record", "role"):
            of_seeds[copies.kept[part.filter(pl.col("role") == "seed")["record"].to_numpy()]] = True
        for part in copies.records(self._details, *columns, "file", "role"):
            record = part["record"].to_numpy()
            own = pl.Series(family[record], dtype=pl.Int32)
            # a copy among the seeds makes a document a seed
            seed = pl.when(pl.Series(of_seeds[record])).then(pl.lit("seed"))
            yield part.with_columns(
                doc=pl.Series(copies.doc[record]),
                family=own.set(own < 0, None),
                role=seed.otherwise(pl.lit("context")),
            )

    def parts(self, *columns: str) -> Iterator[pl.DataFrame]:
        """Read some columns part by part, in order."""
        for held in self._held:
            if isinstance(held, pl.DataFrame):
                yield held.select(columns)
            else:
                yield pl.read_parquet(held, columns=list(columns), memory_map=False).select(columns)

    def read(
        self, *columns: str, chosen: Callable[[pl.DataFrame], pl.DataFrame] | None = None
    ) -> pl.DataFrame:
        """Read some columns of all, or what a function takes from them part by part."""
        return pl.concat(chosen(part) if chosen else part for part in self.parts(*columns))


def _sorted(table: pl.DataFrame, *by: str) -> pl.DataFrame:
    """Sort a wide table column by column, and empty it, so that it is held once and not twice."""
    names = table.columns
    order = table.select(by).with_row_index("at").sort(by, nulls_last=True)["at"]
    return pl.DataFrame([table.drop_in_place(name).gather(order) for name in names])


#: Members named in one frame.
_MEMBERS_AT_ONCE = 1_000_000


def member_table(grouping: fam.Grouping) -> Iterator[pl.DataFrame]:
    """Return every document known to belong to a family, exported or not: Lens ID and family.

    The frames follow each other.
    """
    for first in range(0, max(grouping.numbers.size, 1), _MEMBERS_AT_ONCE):
        part = slice(first, first + _MEMBERS_AT_ONCE)
        table = pl.DataFrame(
            {
                "lens_id": lens_ids(pl.Series(grouping.numbers[part], dtype=pl.Int64)),
                "family": pl.Series(grouping.number_family[part], dtype=pl.Int32),
            }
        )
        yield table.filter(pl.col("lens_id").is_not_null() & (pl.col("family") >= 0))


#: What a title is not to hold: white space but single blanks, control characters.
_ODD_SPACE = r"[\s\p{Cc}--\x20]|\x20\x20|^\x20|\x20$"
#: Signs that turn the direction of what follows.
_TURNING = r"[\u{202A}-\u{202E}\u{2066}-\u{2069}]"


def title_table(docs: pl.DataFrame) -> pl.DataFrame:
    r"""Return the titles of documents that have one, on one line each.

    Parameters
    ----------
    docs
        ``title, title_language``, in the order of the table of documents.

    Returns
    -------
    pl.DataFrame
        ``document`` (row in that table, from 0), ``title``, ``language`` (as exported, in small
        letters).

    Examples
    --------
    >>> docs = pl.DataFrame({"title": [None, "A \n pump"], "title_language": [None, "EN"]})
    >>> title_table(docs).rows()
    [(1, 'A pump', 'en')]
    """
    found = docs.select(
        document=pl.int_range(pl.len(), dtype=pl.Int32),
        title="title",
        language=pl.col("title_language").str.to_lowercase(),
    ).drop_nulls("title")
    odd = found["title"].str.contains(f"{_ODD_SPACE}|{_TURNING}").arg_true()
    if odd.len():
        plain = found["title"].gather(odd).str.replace_all(_TURNING, "")
        plain = plain.str.replace_all(r"[\s\p{Cc}]+", " ").str.strip_chars()
        found = found.with_columns(found["title"].scatter(odd, plain))
        found = found.filter(pl.col("title") != "")
    return found


def utility_model() -> pl.Expr:
    """Tell whether a publication is a utility model or another petty patent, by its kind and
    type.
    """
    kind, office = pl.col("kind").fill_null(""), pl.col("office").fill_null("")
    by_kind = kind.str.starts_with("U") | (
        kind.str.starts_with("Y") & office.is_in(["CN", "JP", "KR", "TW"])
    )
    return by_kind | (pl.col("publication_type") == "LIMITED_PATENT").fill_null(value=False)
