"""What citations without a country at both ends lack, and so what one more source could add."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos.analysis.chosen import chunks
from netpos.analysis.study import Study
from netpos.graph.links import Mask, gathered
from netpos.ingest.document_numbers import normal_numbers
from netpos.ingest.locate import chosen, coded

#: Why a citation is open, the first that applies.
REASONS = ("own_family", "family", "ambiguous", "number", "no_number")
_KEYS = ("reason", "office")


@dataclass(frozen=True)
class OpenEnds:
    """Why each row of a study would leave a citation open: a row of ``kinds`` (``reason, office``).

    ``own_family`` the family of the technology has no country, whatever the other end is;
    ``family`` the other end is a family without one; the others are documents in no export:
    ``ambiguous`` the number means several families of the corpus, ``number`` it is known by its
    number, ``no_number`` it is not. ``office`` is that of the open document, of a family its only
    one; null where there are several or none is known.
    """

    study: Study
    kinds: pl.DataFrame
    code: NDArray[np.int16]

    @classmethod
    def of(cls, study: Study) -> OpenEnds:
        """Find what each row lacks."""
        # one number for each reason and office: of millions of rows texts take much memory
        found: dict[tuple[str, str | None], int] = {}
        parts = [_numbered(part, found) for part in _rows(study)]
        code = np.concatenate(parts) if parts else np.empty(0, dtype=np.int32)
        kinds = pl.DataFrame(
            list(found), {"reason": pl.String, "office": pl.String}, orient="row"
        ).with_row_index("code")
        kinds = kinds.sort(_KEYS, nulls_last=True)
        place = np.empty(kinds.height, dtype=np.int16)  # offices are some hundreds
        place[kinds["code"].to_numpy()] = np.arange(kinds.height, dtype=np.int16)
        return cls(study, kinds.drop("code"), gathered(place, code))

    def table(self, masks: Mapping[str, Mask]) -> pl.DataFrame:
        """Count open citations by direction, reason and office.

        Parameters
        ----------
        masks
            What `netpos.analysis.ends.link_masks` returned.

        Returns
        -------
        pl.DataFrame
            ``direction, reason, office, citations`` [family pairs]; only rows with citations. Their
            sum by direction is that of citations - located of the table ``located``.
        """
        pairs, frames = self.study.pairs, []
        citing, cited = self.study.located_ends
        for direction, own, other, mine, theirs in (
            ("given", pairs.citing, pairs.cited, citing, cited),
            ("received", pairs.cited, pairs.citing, cited, citing),
        ):
            lacking = masks[direction] & ~mine
            open_ = masks[direction] & mine & ~theirs
            for rows, ends, reason in (
                (lacking, own, pl.lit("own_family")),
                (open_, other, pl.col("reason")),
            ):
                number = np.bincount(self.code[ends[rows]], minlength=self.kinds.height)
                frames.append(
                    self.kinds.select(
                        pl.lit(direction).alias("direction"),
                        reason.alias("reason"),
                        "office",
                        citations=pl.Series(number, dtype=pl.Int64),
                    )
                )
        return pl.concat(frames).filter(pl.col("citations") > 0)


def _rows(study: Study) -> Iterator[pl.DataFrame]:
    """Reason and office of each row of a study, some rows at a time."""
    only = pl.when(pl.col("offices").list.len() == 1).then(pl.col("offices").list.first())
    for part in chunks(study.corpus, "families", "offices"):
        yield part.select(reason=pl.lit("family"), office=only.cast(pl.String))
    columns = ("office", "doc_number", "kind")
    several = study.corpus.counts.get("mentions_ambiguous")
    ambiguous = _ambiguous(study, study.corpus.columns("outside", *columns)) if several else None
    numbered = pl.col("office").is_not_null() & pl.col("doc_number").is_not_null()
    start = 0
    for part in chunks(study.corpus, "outside", *columns[:2]):
        reason = pl.when(numbered).then(pl.lit("number")).otherwise(pl.lit("no_number"))
        if ambiguous is not None:
            here = pl.Series(ambiguous[start : start + part.height])
            reason = pl.when(here).then(pl.lit("ambiguous")).otherwise(reason)
        yield part.select(reason=reason, office=pl.col("office").cast(pl.String))
        start += part.height


def _numbered(rows: pl.DataFrame, found: dict[tuple[str, str | None], int]) -> NDArray[np.int32]:
    """Return the number of each row among the reasons and offices found, to which it is added."""
    kinds = rows.unique()
    numbers = [found.setdefault(row, len(found)) for row in kinds.iter_rows()]
    kinds = kinds.with_columns(code=pl.Series(numbers, dtype=pl.Int32))
    coded = rows.join(kinds, on=_KEYS, how="left", nulls_equal=True, maintain_order="left")
    return coded["code"].to_numpy()


def _ambiguous(study: Study, outside: pl.DataFrame) -> Mask:
    """Tell which documents outside have a number that means several families of the corpus."""
    none = np.zeros(outside.height, dtype=bool)
    columns = ("office", "doc_number", "kind")
    held = study.corpus.columns("documents", "family", "granted", *columns).drop_nulls(
        ["family", "office", "doc_number"]
    )
    asked = outside.with_row_index("other").drop_nulls(["office", "doc_number"])
    keys = [
        coded(t["office"], normal_numbers(t["office"], t["doc_number"]), t["kind"])
        for t in (asked, held)
    ]
    asked = asked.select(
        pl.col("other").cast(pl.Int64), exact=pl.Series(keys[0][0]), plain=pl.Series(keys[0][1])
    )
    held = held.select(
        "family",
        "granted",
        doc=pl.int_range(pl.len(), dtype=pl.Int64),
        exact=pl.Series(keys[1][0]),
        plain=pl.Series(keys[1][1]),
    )
    held = held.filter(pl.col("plain").is_in(asked["plain"].unique().implode()))
    none[chosen(asked.filter(pl.col("plain") != 0), held).ambiguous] = True
    return none


#: What could have the documents of an office, and is not read yet.
_SOURCE_OF = {"US": "bulk tables of the USPTO, publications of Google/IFI or Lens"}
_SOURCE = "publications of Google/IFI or Lens"


def open_told(table: pl.DataFrame) -> list[str]:
    """Say of all technologies and years what most of the open citations lack, by direction.

    Only documents outside that are known by number are told of: another source could have them.

    Examples
    --------
    >>> of = [("number", "US", 31), ("number", "EP", 9), ("no_number", None, 10)]
    >>> rows = [("all", "all", "given", *row) for row in of]
    >>> names = ["technology", "period", "direction", "reason", "office", "citations"]
    >>> for line in open_told(pl.DataFrame(rows, schema=names, orient="row")):
    ...     print(line)
    open citations given: 50; 62 % are to numbered documents of US: bulk tables of the USPTO, \
publications of Google/IFI or Lens as context could locate these at most
    """
    whole = table.filter((pl.col("technology") == "all") & (pl.col("period") == "all"))
    found = []
    for direction, word in (("given", "to"), ("received", "from")):
        rows = whole.filter(pl.col("direction") == direction)
        by = rows.filter(pl.col("reason") == "number").drop_nulls("office")
        by = by.sort("citations", "office", descending=[True, False])
        if not by.height:
            continue
        total, first = int(rows["citations"].sum()), by.row(0, named=True)
        office = first["office"]
        found.append(
            f"open citations {direction}: {total:,}; {100 * first['citations'] / total:.0f} % are "
            f"{word} numbered documents of {office}: {_SOURCE_OF.get(office, _SOURCE)} as context "
            "could locate these at most"
        )
    return found
