"""Documents to simple families: what belongs together.

Works on whole columns. Records are numbered over all parts of a corpus; every table of a record's
details refers to that number.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos.ingest.copies import Copies
from netpos.ingest.distinct import connected, distinct, distinct_texts
from netpos.ingest.records import lens_ids

Ints = NDArray[np.int64]

#: Publications that are no inventions; left out of families and counts.
NOT_INVENTIONS = ("DESIGN_RIGHT", "PLANT_PATENT")


@dataclass(frozen=True)
class Grouping:
    """Which simple family each record and each named member belongs to.

    ``family`` is aligned with the records: the family's number (of a copy that of the
    record kept), -1 where it is no invention. ``family_id`` gives the families' keys in order.
    ``numbers`` (sorted document numbers) and ``number_family`` resolve any document named as kept
    or as a member.
    """

    family: NDArray[np.int32]
    family_id: pl.Series
    numbers: Ints
    number_family: NDArray[np.int32]

    def family_of(self, documents: Ints) -> NDArray[np.int32]:
        """Return the families of document numbers, -1 where unknown."""
        if not self.numbers.size:
            return np.full(documents.size, -1, dtype=np.int32)
        at = np.minimum(np.searchsorted(self.numbers, documents), self.numbers.size - 1)
        return np.where(self.numbers[at] == documents, self.number_family[at], -1).astype(np.int32)


def group(copies: Copies, members: pl.DataFrame) -> Grouping:
    """Join kept records into simple families.

    Records that share a member or a ``family_id`` are one family, transitively. Where an export
    gives neither, equal sets of priority numbers are taken for one family. The key is the smallest
    ``family_id``, else the smallest member's Lens ID, else the set of priority numbers, else the
    record's own identifier.

    Parameters
    ----------
    copies
        All records, and which are of one document.
    members
        ``record`` (position in the records) and ``member`` (document number).
    """
    records = copies.records
    invention = ~records["publication_type"].is_in(NOT_INVENTIONS).fill_null(value=False).to_numpy()
    kept = copies.mask & invention
    position = np.flatnonzero(kept)
    doc = records["doc"].to_numpy()[position]
    m_record, m_doc = members["record"].to_numpy(), members["member"].to_numpy().copy()
    m_record = copies.kept[m_record] if m_record.size else m_record
    copies.rename(m_doc)
    m_kept = kept[m_record] if m_record.size else np.zeros(0, dtype=bool)
    m_record, m_doc = m_record[m_kept], m_doc[m_kept]
    numbers, inverse = distinct(np.concatenate([doc, m_doc]))
    own, member = inverse[: doc.size], inverse[doc.size :]
    slot = np.full(records.height, -1, dtype=np.int32)
    slot[position] = own
    chosen = records.select("family_source", "priorities", "lens_id", "flat").filter(
        pl.Series(kept)
    )
    has_members = np.zeros(records.height, dtype=bool)
    has_members[m_record] = True
    proxy = chosen["family_source"].is_null() & pl.Series(~has_members[position]) & chosen["flat"]
    chosen = chosen.with_columns(priorities=pl.when(proxy).then(pl.col("priorities")))
    edges_a = [slot[m_record]]
    edges_b = [member]
    n = numbers.size
    for name in ("family_source", "priorities"):
        said, owner = chosen[name], own
        if name == "family_source" and copies.sources.height:
            of = slot[copies.sources["record"].to_numpy()]
            said = pl.concat([said, copies.sources[name].filter(pl.Series(of >= 0))])
            owner = np.concatenate([own, of[of >= 0]])
        texts, label = distinct_texts(said)
        edges_a.append(owner[label >= 0])
        edges_b.append(label[label >= 0] + np.int32(n))
        n += texts.len()
    a, b = np.concatenate(edges_a), np.concatenate(edges_b)
    component = connected(a, b, n)[: numbers.size].astype(np.int64)
    keyed = _keys(component, numbers, own, member, chosen)
    order = keyed.sort("family_id")
    number_of = np.full(int(component.max(initial=-1)) + 1, -1, dtype=np.int32)
    number_of[order["component"].to_numpy()] = np.arange(order.height, dtype=np.int32)
    family = np.full(records.height, -1, dtype=np.int32)
    family[position] = number_of[component[own]]
    family = family[copies.kept]
    return Grouping(family, order["family_id"], numbers, number_of[component])


def _keys(
    component: Ints,
    numbers: Ints,
    own: NDArray[np.int32],
    member: NDArray[np.int32],
    chosen: pl.DataFrame,
) -> pl.DataFrame:
    """One row per component with its key."""
    n = int(component.max(initial=-1)) + 1
    sources = chosen.select("family_source", component=component[own]).drop_nulls()
    sourced = sources.group_by("component").agg(family_id=pl.col("family_source").min())
    rest = np.ones(n, dtype=bool)
    rest[sourced["component"].to_numpy()] = False
    with_members = np.zeros(n, dtype=bool)
    with_members[component[member]] = True
    listed = np.concatenate([member, own])
    listed = listed[(numbers[listed] >= 0) & (rest & with_members)[component[listed]]]
    smallest = np.full(n, np.iinfo(np.int64).max, dtype=np.int64)
    np.minimum.at(smallest, component[listed], numbers[listed])
    of_record = (
        chosen.select("priorities", "lens_id", component=component[own])
        .filter(rest[component[own]])
        .group_by("component")
        .agg(pl.all().min())
    )
    least = pl.Series(smallest[of_record["component"].to_numpy()])
    member_id = lens_ids(least.set(least == np.iinfo(np.int64).max, None))
    others = of_record.select(
        "component", family_id=pl.coalesce(member_id.alias("member"), "priorities", "lens_id")
    )
    return pl.concat([sourced, others])
