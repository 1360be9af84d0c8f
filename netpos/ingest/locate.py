"""Documents named by number found among those of the corpus, whatever source names them.

Office, number and kind are looked for first. Without a kind, or where the corpus has the number
with another kind only, office and number do, if all documents of that number are of one family;
else the reference stays open and is counted. Patents, utility models, designs and plants are
numbered apart, and so are applications and grants of some offices: there another kind is another
document.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos.ingest.details import Details
from netpos.ingest.distinct import Lookup, distinct
from netpos.ingest.document_numbers import document_key, normal_numbers
from netpos.ingest.documents import Documents
from netpos.ingest.families import Grouping
from netpos.ingest.number_keys import is_packed, pack, unpacked, without_kind
from netpos.ingest.records import hashed_key

Longs = NDArray[np.int64]
#: Kinds that number patents; all other letters are series of their own.
_PATENTS = frozenset("ABC")
_UTILITY = frozenset("UYZ")
#: Offices that number applications and grants, or parts of them, apart in the same form.
_APART = ("JP", "KR")
_NAMED = {"other": pl.Int64, "office": pl.String, "number": pl.String, "kind": pl.String}


@dataclass(frozen=True)
class Found:
    """What documents named by number are: ``other`` (sorted) means ``doc``.

    ``with_kind`` says by which rule; ``ambiguous`` are those of several families.
    """

    other: Longs
    doc: Longs
    with_kind: NDArray[np.bool_]
    ambiguous: Longs


def coded(office: pl.Series, number: pl.Series, kind: pl.Series) -> tuple[Longs, Longs]:
    """Return keys of documents with their kind, and without it, from normal numbers.

    Examples
    --------
    >>> columns = [pl.Series([t], dtype=pl.String) for t in ("EP", "1234567", None)]
    >>> exact, plain = coded(*columns)
    >>> exact.tolist() == plain.tolist()
    True
    """
    kind = kind.str.to_uppercase().str.strip_chars()
    kind = pl.select(pl.when(kind != "").then(kind)).to_series()
    exact, odd = _keys(office, number, kind)
    plain = without_kind(exact)
    if odd.len():
        none = pl.repeat(None, odd.len(), dtype=pl.String, eager=True)
        plain[odd.to_numpy()] = _keys(office.gather(odd), number.gather(odd), none)[0]
    return exact, plain


def _keys(office: pl.Series, number: pl.Series, kind: pl.Series) -> tuple[Longs, pl.Series]:
    """Return keys of documents, and the rows of those that cannot be packed."""
    keys = pack(office, number, kind)
    odd = keys.is_null().arg_true()
    values = keys.fill_null(0).to_numpy().copy()
    if odd.len():
        rows = zip(*(s.gather(odd).to_list() for s in (office, number, kind)), strict=True)
        texts = [document_key(*row) for row in rows]
        values[odd.to_numpy()] = [0 if t is None else hashed_key(t) for t in texts]
    return values, odd


def named_without_id(details: Details) -> pl.DataFrame:
    """Return hashed documents named without a Lens ID: ``other, office, number, kind``."""
    columns = ("other", "lens_id", "office", "kind", "doc_number")
    parts = []
    for _, part in details.parts("outside", *columns):  # of packed ones the number says all
        packed = pl.Series(is_packed(part["other"].to_numpy()))
        parts.append(part.filter((pl.col("other") < 0) & pl.col("lens_id").is_null() & ~packed))
    bare = pl.concat(parts).unique("other", keep="first", maintain_order=True)
    return _normal(bare).drop_nulls(["office", "number"])


def _normal(table: pl.DataFrame) -> pl.DataFrame:
    """Return a table of documents as `_NAMED`."""
    number = normal_numbers(table["office"], table["doc_number"])
    return table.select("other", "office", number=number, kind="kind")


def _named_by_id(details: Details, asked: Longs) -> pl.DataFrame:
    """Return what references say of these documents, each once."""
    lookup = Lookup(asked)
    columns = ["other", "office", "doc_number", "kind"]
    found = []
    for _, part in details.parts("outside", *columns):
        rows = lookup.find(part["other"].to_numpy()) >= 0
        found.append(part.filter(pl.Series(rows)).select(columns).unique())
    named = _normal(pl.concat(found).unique()).drop_nulls(["office", "number"])
    named = named.sort(list(_NAMED), nulls_last=True)  # descriptions can differ
    return named.unique("other", keep="first", maintain_order=True)


def locate(
    details: Details, other: Longs, bare: pl.DataFrame, docs: Documents, grouping: Grouping
) -> Found:
    """Find documents named by number, or by an ID that no record has, among those of families.

    Parameters
    ----------
    details
        Descriptions of what references name, and members.
    other
        Documents named, each once or as often as they are.
    bare
        What `named_without_id` returned.
    docs
        Documents kept.
    grouping
        Families of documents and members.
    """
    open_ = other if docs.mixed else other[other < 0]
    open_, _ = distinct(open_)
    open_ = open_[grouping.family_of(open_) < 0]
    packed = open_[is_packed(open_)]
    rest = open_[~is_packed(open_)]
    said = [bare.filter(pl.Series(Lookup(rest).find(bare["other"].to_numpy()) >= 0))]
    if docs.mixed:
        rest = rest[Lookup(said[0]["other"].to_numpy()).find(rest) < 0] if said[0].height else rest
        said.append(_named_by_id(details, rest))
    texts = pl.concat(said)
    exact, plain = coded(texts["office"], texts["number"], texts["kind"])
    asked = pl.DataFrame(
        {
            "other": np.concatenate([packed, texts["other"].to_numpy()]),
            "exact": np.concatenate([packed, exact]),
            "plain": np.concatenate([without_kind(packed), plain]),
        }
    ).filter(pl.col("plain") != 0)
    none = np.zeros(0, dtype=np.int64)
    if not asked.height:
        return Found(none, none, none.astype(bool), none)
    return chosen(asked, _held(details, docs, grouping, asked["plain"].to_numpy()))


def _held(details: Details, docs: Documents, grouping: Grouping, asked: Longs) -> pl.DataFrame:
    """Return documents of families with one of these numbers: ``exact, plain, doc, family``."""
    lookup = Lookup(distinct(asked)[0])

    def those(table: pl.DataFrame) -> pl.DataFrame:
        number = normal_numbers(table["office"], table["doc_number"])
        table = table.with_columns(number=number).drop_nulls(["office", "number"])
        exact, plain = coded(table["office"], table["number"], table["kind"])
        found = table.select("doc", "family", "granted").with_columns(
            exact=pl.Series(exact), plain=pl.Series(plain)
        )
        return found.filter(pl.Series(lookup.find(plain) >= 0))

    found = [
        those(part.drop_nulls("family"))
        for part in docs.parts("doc", "family", "granted", "office", "doc_number", "kind")
    ]
    for first, part in details.parts("members", "row", "member", "office", "doc_number", "kind"):
        family = grouping.family[part["row"].to_numpy() + first]
        table = part.rename({"member": "doc"}).with_columns(
            family=pl.Series(family, dtype=pl.Int32), granted=pl.lit(None, pl.Boolean)
        )
        table = table.filter(pl.col("family") >= 0)
        found.append(those(table))
        bare = table.filter(pl.Series(is_packed(table["doc"].to_numpy())))
        bare = bare.filter(pl.col("doc_number").is_null())
        keys = bare["doc"].to_numpy()  # their key says office and number
        found.append(
            bare.select("doc", "family", "granted").with_columns(
                exact=pl.Series(keys), plain=pl.Series(without_kind(keys))
            )
        )
    return pl.concat(found)


def chosen(asked: pl.DataFrame, held: pl.DataFrame) -> Found:
    """Choose among the documents of a number.

    Parameters
    ----------
    asked
        ``other, exact, plain``: what is asked for, its key with and without its kind (`coded`).
    held
        ``exact, plain, doc, family, granted``: documents that there are.
    """
    exact = (
        asked.join(held.select("exact", "doc", "family"), on="exact")
        .group_by("other")
        .agg(pl.col("family").n_unique(), pl.col("doc").min())
    )
    rest = asked.join(exact, on="other", how="anti")
    near = rest.join(held, on="plain", suffix="_held")
    mine, theirs = (unpacked(near[c]) for c in ("exact", "exact_held"))
    near = near.with_columns(
        alike=_alike(mine, theirs),
        bare=pl.Series(near["exact"] == near["plain"]),
        us=(theirs["office"] == "US").fill_null(value=False),
    ).filter("alike")
    grant = pl.col("us") & pl.col("bare") & pl.col("granted").fill_null(value=False)
    grants = pl.col("family").filter(grant)
    by_number = near.group_by("other").agg(
        pl.col("family").n_unique(),
        pl.col("doc").min(),
        grants=grants.n_unique(),
        grant=pl.col("doc").filter(grant).min(),
    )
    clear = pl.col("family") == 1
    found = pl.concat(
        [
            exact.filter(clear).select("other", "doc", with_kind=pl.lit(value=True)),
            by_number.filter(clear | (pl.col("grants") == 1)).select(
                "other",
                doc=pl.when(clear).then("doc").otherwise("grant"),
                with_kind=pl.lit(value=False),
            ),
        ]
    ).sort("other")
    several = pl.concat(
        [
            exact.filter(~clear).select("other"),
            by_number.filter(~clear & (pl.col("grants") != 1)).select("other"),
        ]
    )
    return Found(
        found["other"].to_numpy(),
        found["doc"].to_numpy(),
        found["with_kind"].to_numpy(),
        np.sort(several["other"].to_numpy()),
    )


def _alike(mine: pl.DataFrame, theirs: pl.DataFrame) -> pl.Series:
    """Tell which pairs of kinds can be publications of one document's number."""
    series = dict.fromkeys(_PATENTS, "patent") | dict.fromkeys(_UTILITY, "utility")
    table = pl.DataFrame(
        {
            "office": theirs["office"],
            "a": mine["kind"].str.slice(0, 1),
            "b": theirs["kind"].str.slice(0, 1),
        }
    )
    unknown = pl.col("a").is_null() | pl.col("b").is_null()
    same = pl.col("a") == pl.col("b")
    together = pl.col("a").replace(series) == pl.col("b").replace(series)
    apart = pl.col("office").is_in(_APART).fill_null(value=False)
    return table.select((unknown | same | (together & ~apart)).alias("alike"))["alike"]
