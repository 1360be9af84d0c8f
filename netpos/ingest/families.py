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
from netpos.ingest.details import Details
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


def group(copies: Copies, details: Details) -> Grouping:
    """Join kept records into simple families.

    Records that share a member or a ``family_id`` are one family, transitively. Where an export
    gives neither, equal sets of priority numbers are taken for one family. The key is the smallest
    ``family_id``, else the smallest member's Lens ID, else the set of priority numbers, else the
    record's own identifier.
    """
    height = copies.kept.size
    kept, chosen = _inventions(copies, details)
    position = np.flatnonzero(kept)
    texts, label = distinct_texts(chosen["family_source"])
    source = np.full(height, -1, dtype=np.int32)
    source[position] = label
    m_record, m_doc = _members(copies, details, kept, source)
    del source
    doc = copies.doc[position]
    numbers, inverse = distinct(np.concatenate([doc, m_doc]))
    del m_doc
    own, member = inverse[: doc.size], inverse[doc.size :]
    slot = np.full(height, -1, dtype=np.int32)
    slot[position] = own
    has_members = np.zeros(height, dtype=bool)
    has_members[m_record] = True
    proxy = chosen["family_source"].is_null() & pl.Series(~has_members[position]) & chosen["flat"]
    chosen = chosen.with_columns(priorities=pl.when(proxy).then(pl.col("priorities")))
    edges_a = [slot[m_record]]
    edges_b = [member]
    del m_record
    n = numbers.size
    owner = own
    if copies.sources.height:
        of = slot[copies.sources["record"].to_numpy()]
        more = copies.sources["family_source"].filter(pl.Series(of >= 0))
        texts, label = distinct_texts(pl.concat([chosen["family_source"], more]))
        owner = np.concatenate([own, of[of >= 0]])
    labels = [(owner, texts, label), (own, *distinct_texts(chosen["priorities"]))]
    for owner, texts, label in labels:
        edges_a.append(owner[label >= 0])
        edges_b.append(label[label >= 0] + np.int32(n))
        n += texts.len()
    del texts, label, labels, slot
    a, b = np.concatenate(edges_a), np.concatenate(edges_b)
    edges_a.clear()
    edges_b.clear()
    component = connected(a, b, n)[: numbers.size]
    del a, b
    keyed = _keys(component, numbers, own, member, chosen)
    order = keyed.sort("family_id")
    number_of = np.full(int(component.max(initial=-1)) + 1, -1, dtype=np.int32)
    number_of[order["component"].to_numpy()] = np.arange(order.height, dtype=np.int32)
    family = np.full(height, -1, dtype=np.int32)
    family[position] = number_of[component[own]]
    family = family[copies.kept]
    return Grouping(family, order["family_id"], numbers, number_of[component])


def _inventions(copies: Copies, details: Details) -> tuple[NDArray[np.bool_], pl.DataFrame]:
    """Tell which records are kept and inventions, and what of these can give a family its key.

    Priorities and Lens IDs of records with a ``family_source`` are never looked at: they are null.
    """
    kept = np.zeros(copies.kept.size, dtype=bool)
    sourced = pl.col("family_source").is_not_null()
    columns = ("publication_type", "family_source", "priorities", "lens_id", "flat")
    frames = []
    for part in copies.records(details, *columns):
        other = pl.col("publication_type").is_in(NOT_INVENTIONS).fill_null(value=False)
        part = part.filter(~other)
        kept[part["record"].to_numpy()] = True
        frames.append(
            part.select(
                "record",
                "family_source",
                "flat",
                priorities=pl.when(~sourced & pl.col("flat")).then("priorities"),
                lens_id=pl.when(~sourced).then("lens_id"),
            )
        )
    chosen = pl.concat(frames)
    return kept, chosen.sort("record") if copies.together.height else chosen


def _members(
    copies: Copies, details: Details, kept: NDArray[np.bool_], source: NDArray[np.int32]
) -> tuple[NDArray[np.int32], Ints]:
    """Return records and the members that they list.

    Of records of one ``source`` in a part a member is given once, since they are one family anyhow.
    """
    found_record, found_doc = [np.zeros(0, np.int32)], [np.zeros(0, np.int64)]
    for first, part in details.parts("members", "row", "member"):
        record = copies.kept[part["row"].to_numpy() + np.int32(first)]
        member = part["member"].to_numpy().copy()
        copies.rename(member)
        of = np.where(source[record] < 0, record, -1 - source[record])
        table = pl.DataFrame({"record": record, "member": member, "of": of})
        if not kept[record].all():
            table = table.filter(pl.Series(kept[record]))
        table = table.unique(["of", "member"], keep="first", maintain_order=True)
        found_record.append(table["record"].to_numpy())
        found_doc.append(table["member"].to_numpy())
    return np.concatenate(found_record), np.concatenate(found_doc)


def _keys(
    component: NDArray[np.int32],
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
