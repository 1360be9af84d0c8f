"""Record-level columns to the tables of a corpus.

Families, parties with residence, classes. Everything is sorted by keys that come from the content,
so neither file order nor threads move a byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos import countries
from netpos.ingest import families as fam
from netpos.ingest.applicants import classify, normalise_name
from netpos.ingest.copies import Copies
from netpos.ingest.details import Details
from netpos.ingest.distinct import distinct_texts, or_null
from netpos.ingest.documents import Documents

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


def family_offices(
    details: Details, grouping: fam.Grouping, docs: Documents
) -> dict[str, NDArray[np.bool_]]:
    """Say of each family at which offices it is, by documents exported and members listed.

    Returns
    -------
    dict
        By family: ``international`` (two or more offices, or EP or WO), ``listed`` (an export
        lists offices of its members).
    """
    n = len(grouping.family_id)
    codes: dict[str, int] = {}
    none = np.iinfo(np.int32).max
    lowest, highest = np.full(n, none, dtype=np.int32), np.full(n, -1, dtype=np.int32)
    found = {name: np.zeros(n, dtype=bool) for name in ("regional", "listed")}

    def add(family: NDArray[np.int32], offices: pl.Series) -> NDArray[np.int32]:
        there = np.flatnonzero((family >= 0) & offices.is_not_null().to_numpy())
        said, family = offices.gather(there).str.to_uppercase(), family[there]
        for office in said.unique().sort().to_list():
            codes.setdefault(office, len(codes))
        code = said.replace_strict(codes, default=0, return_dtype=pl.Int32).to_numpy()
        np.minimum.at(lowest, family, code)
        np.maximum.at(highest, family, code)
        found["regional"][family[said.is_in(["EP", "WO"]).to_numpy()]] = True
        return family

    for first, part in details.parts("members", "row", "office"):
        family = add(grouping.family[part["row"].to_numpy() + first], part["office"])
        found["listed"][family] = True
    for part in docs.parts("family", "office"):
        add(part["family"].fill_null(-1).to_numpy(), part["office"])
    several = (highest >= 0) & (lowest < highest)
    return {"international": several | found["regional"], "listed": found["listed"]}


#: Columns of documents that `family_table` looks at.
FAMILY_COLUMNS = (
    "family",
    "family_id",
    "earliest_priority",
    "priority_offices",
    "application_date",
    "published",
    "office",
    "doc_number",
    "family_size",
    "extended_source",
    "utility",
    "role",
    "cites_count",
    "cited_by_count",
)


def family_table(docs: pl.DataFrame, at: Mapping[str, NDArray[np.bool_]]) -> pl.DataFrame:
    """Return one row per simple family, in the order of their numbers; ``at``: see
    `family_offices`.
    """
    inside = docs.filter(pl.col("family").is_not_null())
    earliest = pl.col("earliest_priority").min()
    # a family that only links between families name is no document of it
    real = (
        (pl.col("role") == "seed")
        | pl.col("office").is_not_null()
        | pl.col("doc_number").is_not_null()
    )
    first_of = pl.col("published").filter(real).min()
    published = pl.coalesce(first_of, pl.col("published").min())
    at_earliest = (
        inside.with_columns(first=earliest.over("family"))
        .filter((pl.col("earliest_priority") == pl.col("first")) | pl.col("first").is_null())
        .drop_nulls("priority_offices")
        .with_columns(office_=pl.col("priority_offices").str.split(" "))
        .explode("office_")
        .select("family", priority_offices="office_")
        .unique()
        .sort("family", "priority_offices")
        .group_by("family", maintain_order=True)
        .agg("priority_offices")
    )
    dated = pl.coalesce(
        pl.col("earliest_priority").min(),
        pl.col("application_date").min(),
        pl.col("published").min(),
    )
    table = (
        inside.group_by("family")
        .agg(
            family_id=pl.col("family_id").first(),
            earliest_priority=earliest,
            priority_year=dated.dt.year(),
            year_basis=pl.when(pl.col("earliest_priority").min().is_not_null())
            .then(pl.lit("priority"))
            .when(pl.col("application_date").min().is_not_null())
            .then(pl.lit("application"))
            .when(pl.col("published").min().is_not_null())
            .then(pl.lit("publication")),
            publication_year=published.dt.year(),
            published=published,
            documents=real.sum().cast(pl.Int32),
            offices=pl.col("office").drop_nulls().unique().sort(),
            family_size=pl.col("family_size").max(),
            extended=pl.col("extended_source").min(),
            utility=(pl.col("utility") | ~real).all() & real.any(),
            role=pl.when((pl.col("role") == "seed").any())
            .then(pl.lit("seed"))
            .otherwise(pl.lit("context")),
            cited_by_count=pl.col("cited_by_count").sum(),
            cites_count=pl.col("cites_count").sum(),
        )
        .join(at_earliest, on="family", how="left")
        .sort("family")
    )
    family = table["family"].to_numpy()
    return table.with_columns(
        year=pl.col("priority_year"),
        international=pl.Series(at["international"][family]),
        offices_known=pl.Series(at["listed"][family])
        | (pl.col("documents") >= pl.col("family_size")).fill_null(value=False),
    ).select(
        "family",
        "family_id",
        "earliest_priority",
        "year",
        "priority_year",
        "year_basis",
        "publication_year",
        "published",
        "documents",
        "offices",
        "priority_offices",
        "family_size",
        "extended",
        "international",
        "offices_known",
        "utility",
        "role",
        "cites_count",
        "cited_by_count",
    )


def _office_order() -> pl.Expr:
    return pl.col("office").replace_strict(
        {"EP": 0, "WO": 1, "US": 2}, default=3, return_dtype=pl.Int8
    )


#: Parties taken at a time.
_PARTIES_AT_ONCE = 700_000


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


def parties(details: Details, copies: Copies, docs: Documents) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return applicants and inventors of each family, from one of its documents each.

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
    for parts in _together(details.parts("parties", "row", "role", "residence"), _PARTIES_AT_ONCE):
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
    family, rank = inside["family"].to_numpy(), inside["rank"].to_numpy()
    last = np.iinfo(np.int32).max
    published = inside["published"].to_physical().fill_null(last).to_numpy()
    chosen = np.zeros((2, inside.height + 1), dtype=bool)  # the last stands for none
    for of, (first, second), any_ in zip(chosen, (says, says[::-1]), lists, strict=True):
        # documents stand in the order of family and Lens ID, which decides where all else ties
        order = np.lexsort((published, rank, ~any_, ~second, ~first, family))
        of[order[np.flatnonzero(np.diff(family[order], prepend=-1))]] = True
    frames, named, resolved, done = [], [], pl.concat(codes), 0
    for first, part in details.parts("parties"):
        record = part["row"].to_numpy() + first
        inventor = (part["role"] == "inventor").to_numpy()
        of_applicants = chosen[0, place[record]]
        # of copies the applicants' and the inventors' may be two: each role from its own
        of_applicants &= np.where(inventor, of_role[1][record] >= 0, of_role[0][record] >= 0)
        at = np.where(inventor, of_role[1][record], of_role[0][record])
        keep = np.where(inventor, chosen[1, at], chosen[0, at])
        of_family = inside["family"].gather(place[record[of_applicants]])
        named.append(part.filter(of_applicants).select("role", "name", doc=of_family))
        of_part = resolved.slice(done, part.height).select(
            country=pl.col("country").cast(pl.String), repair=pl.col("reason").cast(pl.String)
        )
        done += part.height
        table = part.select("role", "name", "residence").hstack(of_part).filter(keep)
        frames.append(table.with_columns(inside["family"].gather(at[keep])))
    return pl.concat(frames), classify(pl.concat(named))


def applicant_table(found: pl.DataFrame, kinds: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Return names normalised, persons told from firms, equal parties merged, shares of applicants.

    Names of organisations go through the rules of `netpos.ingest.names`; names of inventors are
    only brought to capitals with single spaces. The frames follow each other.
    """
    applicant = (found["role"] == "applicant").to_numpy()
    names, at = distinct_texts(found["name"])
    asked = np.zeros(names.len(), dtype=bool)
    asked[at[applicant & (at >= 0)]] = True
    plain = pl.col("name").str.to_uppercase().str.replace_all(r"\s+", " ").str.strip_chars()
    of_name = (
        pl.DataFrame({"name": names})
        .with_columns(plain=plain)
        .join(normalise_name(names.filter(asked)), on="name", how="left", maintain_order="left")
        .join(
            kinds.select("name", "person").unique("name"),
            on="name",
            how="left",
            maintain_order="left",
        )
    )
    person = np.append(of_name["person"].fill_null(value=False).to_numpy(), False)[at]
    family = found["family"].to_numpy()
    firm = applicant & ~person
    with_firm = np.zeros(int(family.max(initial=-1)) + 1, dtype=bool)
    with_firm[family[firm]] = True
    keep = ~applicant | firm | ~with_firm[family]
    for low, high in _ranges(found["family"], _PARTIES_AT_ONCE):
        rows = np.flatnonzero(keep & (family >= low) & (family < high))
        spelt = of_name[["plain", "clean"]].select(pl.all().gather(or_null(at[rows])))
        table = found.select(
            "family",
            "role",
            applicant_as_filed="name",
            residence="country",
            residence_as_filed="residence",
            repair="repair",
        )[rows].with_columns(
            applicant=pl.when(pl.Series(applicant[rows]))
            .then(spelt["clean"])
            .otherwise(spelt["plain"]),
            person=pl.Series(person[rows]),
        )
        yield merge_parties(table)


def _ranges(family: pl.Series, at_once: int) -> Iterator[tuple[int, int]]:
    """Ranges of families, so that about so many rows are in each; one at least."""
    steps = max(1, -(-len(family) // at_once))
    end = int(family.to_numpy().max(initial=-1)) + 1
    yield from pairwise(np.linspace(0, end, steps + 1).astype(np.int64).tolist())


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


#: Rows of classes sorted at a time.
_AT_ONCE = 3_000_000


def class_table(details: Details, grouping: fam.Grouping) -> Iterator[pl.DataFrame]:
    """Return distinct symbols of each family, in frames that follow each other."""
    family = grouping.family.astype(np.int64)
    rows = sum(part.height for _, part in details.parts("classes", "row"))
    steps = max(1, -(-rows // _AT_ONCE))
    bounds = np.linspace(0, int(family.max(initial=0)) + 1, steps + 1).astype(np.int64)
    for low, high in pairwise(bounds.tolist()):
        yield _classes_of(details, family, low, high)


def _classes_of(details: Details, family: NDArray[np.int64], low: int, high: int) -> pl.DataFrame:
    """Return the rows of families from ``low`` to before ``high``."""
    frames = []
    for first, part in details.parts("classes"):
        of_row = family[part["row"].to_numpy() + first]
        keep = (of_row >= low) & (of_row < high)
        symbol = part["symbol"].filter(keep)
        if symbol.str.contains(r"[^0-9A-Z/]").any():
            symbol = symbol.str.replace_all(r"\s+", "").str.to_uppercase()
        pair = (of_row * 2 + (part["scheme"] == "IPC").to_numpy())[keep]
        frames.append(pl.DataFrame({"pair": pair, "symbol": symbol}).filter(symbol != ""))
    table = pl.concat(frames).sort("pair", "symbol")
    again = (pl.col("pair") == pl.col("pair").shift()) & (
        pl.col("symbol") == pl.col("symbol").shift()
    )
    schemes = pl.Series(["CPC", "IPC"], dtype=pl.Enum(["CPC", "IPC"]))
    table = table.filter(~again.fill_null(value=False))
    return table.select(
        family=(pl.col("pair") // 2).cast(pl.Int32),
        scheme=schemes.gather(table["pair"] % 2),
        symbol="symbol",
    )
