"""Which publications of a large context matter to a corpus.

A context of Lens is asked for document by document. Dumps of publications or bulk tables are not:
most of their rows neither name a document of the corpus, nor are named by one, nor are of the
family of one that does. Such rows stay in the parts, so that exports added later can still need
them, but enter no table. References of the rows that matter are kept where they name a document of
the corpus; those to documents outside could never be located, and are only counted.

All of this follows from what the parts hold, not from the order in which they came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos.ingest.distinct import Lookup, distinct
from netpos.ingest.document_numbers import normal_numbers
from netpos.ingest.locate import coded
from netpos.ingest.number_keys import is_packed, without_kind
from netpos.ingest.readers.family_tables import CITATIONS, NUMBERS

#: Forms of which a context is cut to what matters.
CUT = ("google-publications", "uspto-tables", NUMBERS)
Open = Callable[[str, str, Sequence[str]], pl.DataFrame]
Longs = NDArray[np.int64]
_NONE = np.zeros(0, dtype=np.int64)


@dataclass
class Cut:
    """Parts of a context cut to what matters: for each its rows, and documents of the corpus.

    ``left_out`` counts references to documents outside, in parts whose references were read.
    """

    rows: dict[str, NDArray[np.bool_]]
    inside: Lookup
    open_part: Open
    left_out: dict[str, int] = field(default_factory=dict)

    def records(self, stem: str, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the records of a part that matter."""
        return frame.filter(pl.Series(self.rows[stem])) if stem in self.rows else frame

    def passed_over(self, stem: str) -> int:
        """Count the records of a part that do not matter."""
        return int((~self.rows[stem]).sum()) if stem in self.rows else 0

    def open(self, stem: str, table: str, columns: Sequence[str] = ()) -> pl.DataFrame:
        """Read a table of a part, with the rows of records that matter."""
        if stem not in self.rows or table == "outside":
            return self.open_part(stem, table, columns)
        if table == "records":
            return self.records(stem, self.open_part(stem, table, columns))
        wanted = list(columns)
        if wanted:
            wanted += ["row", "other"] if table == "references" else ["row"]
        found = self.open_part(stem, table, list(dict.fromkeys(wanted)))
        row = found["row"].to_numpy()
        keep = self.rows[stem][row]
        if table == "references":
            named = self.inside.find(without_kind(found["other"].to_numpy())) >= 0
            self.left_out[stem] = int((keep & ~named).sum())
            keep = keep & named
        place = (np.cumsum(self.rows[stem]) - 1).astype(np.int32)
        found = found.filter(pl.Series(keep)).with_columns(row=pl.Series(place[row[keep]]))
        return found.select(columns) if columns else found


def cut(inputs: Iterable[Mapping[str, Any]], open_part: Open) -> Cut | None:
    """Find what matters of the context; None where no context is of a form that is cut.

    Parameters
    ----------
    inputs
        Of the manifest of a corpus.
    open_part
        Reads columns of a table of a part.
    """
    whole: list[str] = []
    large: list[str] = []
    linked: list[str] = []
    for item in inputs:
        of_context = item["role"] == "context" and item["form"] in CUT
        (large if of_context else whole).extend(p["stem"] for p in item["parts"])
        if item["form"] == CITATIONS:
            linked.extend(p["stem"] for p in item["parts"])
    if not large:
        return None
    own = _union(_documents(whole, open_part))
    named = _union(_named(whole, open_part))
    at_home, asked = Lookup(own), Lookup(_union([own, named]))
    rows: dict[str, NDArray[np.bool_]] = {}
    families = [
        _hashes(open_part(s, "records", ["family_source"])["family_source"]) for s in linked
    ]
    for stem in large:
        records = open_part(stem, "records", ["doc", "family_source"])
        needed = asked.find(without_kind(records["doc"].to_numpy())) >= 0
        references = open_part(stem, "references", ["row", "other"])
        there = at_home.find(without_kind(references["other"].to_numpy())) >= 0
        needed[references["row"].to_numpy()[there]] = True
        members = open_part(stem, "members", ["row", "member"])
        there = asked.find(without_kind(members["member"].to_numpy())) >= 0
        needed[members["row"].to_numpy()[there]] = True
        rows[stem] = needed
        families.append(_hashes(records["family_source"].filter(pl.Series(needed))))
    of_needed = Lookup(_union(families))
    inside = [own]
    for stem in large:
        records = open_part(stem, "records", ["doc", "family_source"])
        known = records["family_source"].is_not_null().to_numpy()
        rows[stem][known] |= of_needed.find(_hashes(records["family_source"])) >= 0
        inside.append(without_kind(records["doc"].to_numpy()[rows[stem]]))
        members = open_part(stem, "members", ["row", "member"])
        kept = members["member"].to_numpy()[rows[stem][members["row"].to_numpy()]]
        inside.append(without_kind(kept))
    return Cut(rows, Lookup(_union(inside)), open_part)


def _union(keys: Iterable[Longs]) -> Longs:
    return distinct(np.concatenate([_NONE, *keys]))[0]


def _hashes(families: pl.Series) -> Longs:
    """Numbers of the families named, those without one left out."""
    found: Longs = families.drop_nulls().hash().reinterpret(signed=True).to_numpy()
    return found


def _texts(table: pl.DataFrame) -> Iterator[Longs]:
    """Keys of documents by office and number, and with their kind where it is hashed."""
    table = table.unique()
    number = normal_numbers(table["office"], table["doc_number"])
    table = table.with_columns(number=number).drop_nulls(["office", "number"])
    exact, plain = coded(table["office"], table["number"], table["kind"])
    yield plain
    yield exact[~is_packed(exact)]


def _documents(stems: Iterable[str], open_part: Open) -> Iterator[Longs]:
    """Yield the documents that the corpus has, and members of their families."""
    columns = ["office", "doc_number", "kind"]
    for stem in stems:
        for table, key in (("records", "doc"), ("members", "member")):
            found = open_part(stem, table, [*columns, key])
            yield from _texts(found.select(columns))
            keys = found[key].to_numpy()
            yield distinct(without_kind(keys[is_packed(keys)]))[0]


def _named(stems: Iterable[str], open_part: Open) -> Iterator[Longs]:
    """Yield the documents that the corpus names."""
    for stem in stems:
        yield from _texts(open_part(stem, "outside", ["office", "doc_number", "kind"]))
        other = open_part(stem, "references", ["other"])["other"].to_numpy()
        yield distinct(without_kind(other[other < 0]))[0]
