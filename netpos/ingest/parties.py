"""Applicants and inventors of families: whose are taken, persons told from firms, shares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos import countries
from netpos.ingest.applicants import judged, normalise_name
from netpos.ingest.copies import Copies
from netpos.ingest.details import Details
from netpos.ingest.distinct import Texts, distinct_texts, or_null
from netpos.ingest.documents import Documents
from netpos.ingest.spill import TextBuckets

#: Columns of the table of applicants and inventors.
PARTY_COLUMNS = [
    "family",
    "role",
    "applicant",
    "applicant_as_filed",
    "residence",
    "residence_as_filed",
    "repair",
    "person",
    "share",
]


def _office_order() -> pl.Expr:
    return pl.col("office").replace_strict(
        {"EP": 0, "WO": 1, "US": 2}, default=3, return_dtype=pl.Int8
    )


#: Parties taken at a time, and about so many put into a bucket.
_AT_ONCE, _IN_BUCKET = 700_000, 3_000_000


def _together(
    parts: Iterable[tuple[int, pl.DataFrame]], rows: int
) -> Iterator[list[tuple[int, pl.DataFrame]]]:
    """Parts in groups of at least so many rows, but for the last."""
    group: list[tuple[int, pl.DataFrame]] = []
    for item in parts:
        group.append(item)
        if sum(part.height for _, part in group) >= rows:
            yield group
            group = []
    if group:
        yield group


@dataclass
class Parties:
    """Applicants and inventors of families in buckets of families.

    ``names`` are those of applicants; ``end`` is behind the highest family, ``rows`` counts what is
    in the table; ``bounds`` are the first families of all buckets but the first. Rows of the
    buckets have ``inventor, name, residence, country, repair, family``; ``chosen``: whether a row
    is of the table, ``named``: whether it is of the document that gives the applicants.
    """

    buckets: TextBuckets
    bounds: NDArray[np.int64]
    names: Texts
    rows: int = 0
    end: int = 0


def parties(details: Details, copies: Copies, docs: Documents, folder: Path) -> Parties:
    """Gather applicants and inventors of each family, from one of its documents each.

    The applicants come from the first document that states an applicant's residence (else an
    inventor's, else any applicant), in the order EP, WO, US, others, then earliest publication;
    the inventors from the first that states an inventor's residence (else an applicant's, else
    any inventor), in the same order.
    """
    inside = docs.read(
        *("record", "family", "published", "office"),
        chosen=lambda part: part.drop_nulls("family").select(
            "record", "family", "published", _office_order().alias("rank")
        ),
    )
    place = np.full(copies.kept.size, -1, dtype=np.int32)  # of a record in `inside`
    place[inside["record"].to_numpy()] = np.arange(inside.height, dtype=np.int32)
    place = place[copies.kept]
    of_role = [np.where(counts, place, np.int32(-1)) for counts in copies.parties]
    says, lists = (np.zeros((2, inside.height), dtype=bool) for _ in range(2))
    country = pl.Enum(countries.countries()["iso2"])
    reason = pl.Enum(["kept", "successor", "repaired", "office", "unknown"])
    codes = []
    for parts in _together(details.parts("parties", "row", "role", "residence"), _AT_ONCE):
        record = np.concatenate([part["row"].to_numpy() + first for first, part in parts])
        inventor = pl.concat([part["role"] == "inventor" for _, part in parts]).to_numpy()
        residence = pl.concat([part["residence"] for _, part in parts])
        at = np.where(inventor, of_role[1][record], of_role[0][record])
        found = countries.resolve(residence, inside["published"].gather(or_null(place[record])))
        stated = found["country"].is_not_null().to_numpy()
        for role, mine in enumerate((~inventor & (at >= 0), inventor & (at >= 0))):
            lists[role, at[mine]] = True
            says[role, at[mine & stated]] = True
        codes.append(found.select(pl.col("country").cast(country), pl.col("reason").cast(reason)))
    family = inside["family"].to_numpy()
    chosen = _documents_chosen(inside, says, lists)
    del inside, says, lists
    resolved, done = pl.concat(codes), 0
    number = 1 + resolved.height // _IN_BUCKET
    end = int(family.max(initial=-1)) + 1
    bounds = np.linspace(0, end, number + 1).astype(np.int64)[1:-1]
    gathered = Parties(TextBuckets(folder, "parties", number), bounds, Texts())
    for first, part in details.parts("parties"):
        record = part["row"].to_numpy() + first
        inventor = (part["role"] == "inventor").to_numpy()
        of_applicants = chosen[0, place[record]]
        # of copies the applicants' and the inventors' may be two: each role from its own
        of_applicants &= np.where(inventor, of_role[1][record] >= 0, of_role[0][record] >= 0)
        at = np.where(inventor, of_role[1][record], of_role[0][record])
        keep = np.where(inventor, chosen[1, at], chosen[0, at])
        wanted = keep | of_applicants
        own = family[np.where(keep, at, place[record])[wanted]]
        table = (
            part.select(inventor=pl.Series(inventor), name="name", residence="residence")
            .hstack(resolved.slice(done, part.height).rename({"reason": "repair"}))
            .with_columns(chosen=pl.Series(keep), named=pl.Series(of_applicants))
            .filter(pl.Series(wanted))
            .with_columns(family=pl.Series(own, dtype=pl.Int32))
        )
        done += part.height
        gathered.buckets.put(table, np.searchsorted(bounds, own, side="right"))
        gathered.names.add(table["name"].filter(table["named"] & ~table["inventor"]))
        gathered.rows += int(keep.sum())
        gathered.end = max(gathered.end, int(family[at[keep]].max(initial=-1)) + 1)
    gathered.names.finish()
    return gathered


def _documents_chosen(
    inside: pl.DataFrame, says: NDArray[np.bool_], lists: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Tell which documents give their families' applicants and inventors; the last is none."""
    family, rank = inside["family"].to_numpy(), inside["rank"].to_numpy()
    last = np.iinfo(np.int32).max
    published = inside["published"].to_physical().fill_null(last).to_numpy()
    chosen = np.zeros((2, inside.height + 1), dtype=bool)
    for of, (first, second), any_ in zip(chosen, (says, says[::-1]), lists, strict=True):
        # documents stand in the order of family and Lens ID, which decides where all else ties
        order = np.lexsort((published, rank, ~any_, ~second, ~first, family))
        of[order[np.flatnonzero(np.diff(family[order], prepend=-1))]] = True
    return chosen


def _persons(found: Parties) -> NDArray[np.bool_]:
    """Tell which names of applicants are persons', see `netpos.ingest.applicants.classify`."""
    names = found.names.values
    keys, key = distinct_texts(_key(names))
    asked = Texts()
    asked.add(keys)
    asked.finish()
    same, invents = np.zeros(names.len(), dtype=bool), np.zeros(keys.len(), dtype=bool)
    for frames in found.buckets.taken(keep=True):
        applies, invented = [], []
        for frame in frames:
            frame = frame.filter("named").select("family", "inventor", "name").drop_nulls("name")
            mine = frame.filter(~pl.col("inventor"))
            at = found.names.find(mine["name"])
            applies.append((mine["family"].to_numpy().astype(np.int64), at))
            theirs = frame.filter("inventor")
            of = asked.find(_key(theirs["name"]))
            invents[of[of >= 0]] = True
            family = theirs["family"].to_numpy().astype(np.int64)
            invented.append((family * keys.len() + of)[of >= 0])
        here = np.unique(np.concatenate(invented))
        for family, at in applies:
            same[at[np.isin(family * keys.len() + key[at], here)]] = True
    return np.array(judged(names, same, invents[key]), dtype=bool)


def _key(names: pl.Series) -> pl.Series:
    """Return names as they are compared with each other."""
    return names.str.strip_chars().str.to_uppercase()


def applicant_table(found: Parties) -> Iterator[pl.DataFrame]:
    """Return names normalised, persons told from firms, equal parties merged, shares of applicants.

    Names of organisations go through the rules of `netpos.ingest.names`; names of inventors are
    only brought to capitals with single spaces. The frames follow each other.
    """
    persons = np.append(_persons(found), False)
    clean = normalise_name(found.names.values)["clean"]
    steps = max(1, -(-found.rows // _AT_ONCE))
    bounds = np.linspace(0, found.end, steps + 1).astype(np.int64).tolist()
    uppers = [*found.bounds.tolist(), found.end]
    buckets = zip(uppers, found.buckets.taken(), strict=True)
    up_to, held = -1, []
    for high in bounds[1:]:
        while up_to < high:
            up_to, frames = next(buckets)
            held += [frame.filter("chosen").drop("chosen", "named") for frame in frames]
        here = pl.concat(held)
        held = [here.filter(pl.col("family") >= high)]
        yield _applicants(here.filter(pl.col("family") < high), found.names, persons, clean)


def _applicants(
    table: pl.DataFrame, names: Texts, persons: NDArray[np.bool_], clean: pl.Series
) -> pl.DataFrame:
    """Return the rows of some families, from all their parties."""
    applicant = (~table["inventor"]).to_numpy()
    at = np.full(table.height, -1, dtype=np.int32)
    at[applicant] = names.find(table["name"].filter(pl.Series(applicant)))
    person = persons[at]
    family = table["family"].to_numpy()
    firm = applicant & ~person
    first = int(family.min()) if family.size else 0
    with_firm = np.zeros(int(family.max(initial=first)) + 1 - first, dtype=bool)
    with_firm[family[firm] - first] = True
    keep = ~applicant | firm | ~with_firm[family - first]
    table, at, person = table.filter(pl.Series(keep)), at[keep], person[keep]
    spelt, of = distinct_texts(table["name"].filter(table["inventor"]))
    spelt = spelt.str.to_uppercase().str.replace_all(r"\s+", " ").str.strip_chars()
    plain = np.full(table.height, -1, dtype=np.int32)
    plain[table["inventor"].to_numpy()] = of
    return merge_parties(
        table.select(
            "family",
            role=pl.when("inventor").then(pl.lit("inventor")).otherwise(pl.lit("applicant")),
            applicant_as_filed="name",
            residence=pl.col("country").cast(pl.String),
            residence_as_filed="residence",
            repair=pl.col("repair").cast(pl.String),
            applicant=pl.when("inventor")
            .then(spelt.gather(or_null(plain)))
            .otherwise(clean.gather(or_null(at))),
            person=pl.Series(person),
        )
    )


def merge_parties(table: pl.DataFrame) -> pl.DataFrame:
    """Merge parties of one name in a family and give each applicant its share.

    The same name with and without a residence is one party; a party without a name is one by
    itself. A share is 1 / number of applicants; an applicant with several residences spreads it.

    Parameters
    ----------
    table
        One row per family, role and party with `PARTY_COLUMNS` but ``share``.

    Returns
    -------
    pl.DataFrame
        `PARTY_COLUMNS`, sorted.
    """
    (names, name), (_, residence), (_, filed) = (
        distinct_texts(table[c]) for c in ("applicant", "residence", "applicant_as_filed")
    )
    family = table["family"].to_numpy().astype(np.int64)
    party = family * 2 + (table["role"] == "inventor").to_numpy()
    key = party * (names.len() + 1) + name  # one of `party` and `applicant`
    most = int(filed.max(initial=0)) + 2
    order = np.lexsort((residence.astype(np.int64) * most + filed, key))
    order = order[name[order] >= 0]
    last = np.flatnonzero(np.diff(key[order], append=-1))  # nulls come first: -1
    stated = np.repeat(residence[order[last]] >= 0, np.diff(last, prepend=-1))
    order = order[(residence[order] >= 0) | ~stated]
    again = (np.diff(key[order], prepend=-1) == 0) & (np.diff(residence[order], prepend=-2) == 0)
    order = order[~again]
    one = np.flatnonzero(np.diff(key[order], prepend=-1))  # the first row of each party
    rows = np.repeat(np.diff(one, append=order.size), np.diff(one, append=order.size))
    nameless = np.flatnonzero(name < 0)
    n = int(party.max(initial=-1)) + 1
    several = np.bincount(party[order[one]], minlength=n) + np.bincount(
        party[nameless], minlength=n
    )
    rows = np.concatenate([rows, np.ones(nameless.size, dtype=rows.dtype)])
    order = np.concatenate([order, nameless])
    share = 1.0 / several[party[order]] / rows
    name, residence, filed = (
        np.where(c < 0, c.max(initial=0) + 1, c)[order] for c in (name, residence, filed)
    )  # nulls last
    key = party[order] * (names.len() + 2) + name
    final = np.lexsort((residence.astype(np.int64) * most + filed, key))
    return table[order[final]].with_columns(share=share[final]).select(PARTY_COLUMNS)
