r"""Documents outside the corpus that would raise coverage most: ``netpos missing``.

A citation counts as located when both of its families have a country. One end is a family of the
technology; where the other is a document outside the corpus, fetching that document locates it.
Its promise is

.. math:: p(d) = |\{f \in T : f \text{ has a country and } (f, d) \text{ is a citation}\}|

with T the families of the technology (and period), d the cited document under scope ``citing``
and the citing document under scope ``cited``. Ingested with ``--role context`` it adds exactly
these citations to the located ones, as long as it is a family of its own and has a country (a
stated residence, or a national priority). Never promised are documents that can have no country:
those that the corpus holds as design rights or plant patents, which are no families, those
whose kind says so (US design and plant patents), and US provisional applications, which are never
published. Two deviations are in the nature of the matter,
as an export does not tell the family of a document outside it:

- Documents fetched together that prove to be one family become one end, and the pairs with it one
  citation. The citations counted fall by as many as the located ones, so the coverage promised is
  the most that is reached.
- A fetched record may name citations or family members that no record named before.

In scope ``closed`` both ends must belong to the technology. Context never does, so nothing is
promised there: run the queries of the technology over more years instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos.analysis import UNION, Span, Study
from netpos.countries import check_focal, union_members
from netpos.errors import OptionError
from netpos.graph.links import SCOPES, Mask, Scope
from netpos.tables import Schema, require

#: Documents named in one Lens query, which so stays below 8,000 characters, as addresses should.
PER_QUERY = 300

#: One row per document outside the corpus; see `missing_documents`.
MISSING: Schema = {
    "lens_id": pl.String,
    "office": pl.String,
    "doc_number": pl.String,
    "kind": pl.String,
    "date": pl.Date,
    "citations": pl.Int64,
}

_Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Coverage:
    """Citations of a technology under a scope, and those with a country at both ends."""

    citations: int
    located: int

    @property
    def share(self) -> float | None:
        """Located citations / citations; None without citations."""
        return self.located / self.citations if self.citations else None


@dataclass(frozen=True)
class Selection:
    """Pairs that count: their end in the technology, and the other one."""

    own: _Ints
    other: _Ints


def select_pairs(
    study: Study, technology: str | None, span: Span | None, scope: str, country: str | None
) -> Selection:
    """Select the pairs that count; see `missing_documents` for the parameters."""
    technology = UNION if technology is None else technology
    if technology not in study.member:
        remedy = f"known: {', '.join(study.names)}"
        raise OptionError(f"--technology {technology}: unknown", remedy=remedy)
    if scope not in SCOPES:
        raise OptionError(f"--scope {scope}: unknown", remedy=f"choose {', '.join(SCOPES)}")
    span = (study.options.first, study.options.last) if span is None else span
    pairs, member = study.pairs, study.member[technology]
    if scope == "cited":
        own, other = pairs.cited, pairs.citing
        counted = member[own] & study.may_lie_in_span(span)[other]
    else:
        own, other = pairs.citing, pairs.cited
        counted = study.chosen(technology, span)[own]
        if scope == "closed":
            counted = counted & member[other]
    if country is not None:
        counted = counted & _held_by(study, country)[own]
    return Selection(own[counted].astype(np.int64), other[counted].astype(np.int64))


def _held_by(study: Study, country: str) -> Mask:
    country = check_focal(country, unions=True)
    held = {country, *union_members(country)}
    places = [k for k, name in enumerate(study.shares.names) if name in held]
    return np.asarray(study.shares.matrix[:, places].sum(axis=1)).ravel() > 0


def coverage(
    study: Study,
    *,
    technology: str | None = None,
    span: Span | None = None,
    scope: Scope = "citing",
    country: str | None = None,
) -> Coverage:
    """Count the citations of a technology and those with a country at both ends.

    Parameters
    ----------
    study, technology, span, scope, country
        See `missing_documents`. Under scope ``citing`` without ``country`` the counts are those
        of the table of coverage.

    Raises
    ------
    OptionError
        The technology, the scope or the country is unknown.
    """
    return _count(study, select_pairs(study, technology, span, scope, country))


def _count(study: Study, chosen: Selection) -> Coverage:
    located = study.shares.located
    both = located[chosen.own] & located[chosen.other]
    return Coverage(int(chosen.own.size), int(both.sum()))


def missing_documents(
    study: Study,
    *,
    technology: str | None = None,
    span: Span | None = None,
    scope: Scope = "citing",
    country: str | None = None,
) -> pl.DataFrame:
    """List the documents outside the corpus by the citations that they would locate.

    Parameters
    ----------
    study
        From `netpos.analysis.prepare`; its options decide who has a country and which citations
        count (phase, category, window).
    technology
        The id of one; default the union.
    span
        First and last year of the citing families; default that of the options.
    scope
        ``citing``: cited documents. ``cited``: citing documents; one without a date is taken to
        lie in the span, so that its promise is the most it can add. ``closed``: nothing.
    country
        Count only families of the technology with a party in this country, as is enough for a
        run with ``--design focal``.

    Returns
    -------
    pl.DataFrame
        ``lens_id, office, doc_number, kind`` String, ``date`` Date (each null where no record
        tells), ``citations`` Int64 >= 1 [family pairs that become located]. Most citations first,
        then by Lens ID; documents without one behind those with as many citations.

    Raises
    ------
    OptionError
        The technology, the scope or the country is unknown.
    """
    return _rank(study, select_pairs(study, technology, span, scope, country))


#: Kinds of documents at an office that are design or plant patents: no families, never located.
NO_INVENTION = {"US": r"^(S|P)\d*$"}


def no_invention(study: Study, outside: pl.DataFrame) -> pl.Series:
    """Tell which documents outside cannot become families: by what the corpus holds, or by kind."""
    held = study.corpus.columns("documents", "family", "lens_id", "office", "doc_number", "kind")
    held = held.filter(pl.col("family").is_null())
    known = pl.col("lens_id").is_in(held["lens_id"].drop_nulls().implode())
    number = pl.concat_str("office", pl.col("doc_number").str.replace_all(r"\W", ""), "kind")
    named = number.is_in(held.select(number).to_series().drop_nulls().implode())
    by_kind = [
        (pl.col("office") == office) & pl.col("kind").str.contains(pattern)
        for office, pattern in NO_INVENTION.items()
    ]
    found = known.fill_null(value=False) | named.fill_null(value=False)
    for one in by_kind:
        found = found | one.fill_null(value=False)
    return outside.select(found.alias("none"))["none"]


#: Numbers of US provisional applications, of kind P like plant patents, without their punctuation:
#: series 60 to 63, which follow each other since 1995, also behind the year, as DOCDB writes them.
_PROVISIONAL = r"^(?:(?:19|20)\d\d)?6[0-3]\d{6}$"


def _provisional() -> pl.Expr:
    """Tell whether a document outside is a US provisional application, by its number."""
    number = pl.col("doc_number").str.replace_all(r"\W", "")
    return (pl.col("office") == "US") & (pl.col("kind") == "P") & number.str.contains(_PROVISIONAL)


def _gain(study: Study, chosen: Selection) -> pl.DataFrame:
    """Documents outside, what each would locate, and whether it cannot (``none``)."""
    outside = study.corpus.table("outside")
    n, located = study.families, study.shares.located
    adds = located[chosen.own] & (chosen.other >= n) & ~located[chosen.other]
    gain = np.bincount(chosen.other[adds] - n, minlength=outside.height).astype(np.int64)
    return outside.with_columns(
        citations=pl.Series(gain, dtype=pl.Int64), none=no_invention(study, outside)
    ).filter(pl.col("citations") > 0)


def _rank(study: Study, chosen: Selection) -> pl.DataFrame:
    return (
        _gain(study, chosen)
        .filter(~pl.col("none"))
        .select(list(MISSING))
        .sort(
            ["citations", "lens_id", "office", "doc_number", "kind"],
            descending=[True, False, False, False, False],
            nulls_last=True,
        )
    )


def promise(table: pl.DataFrame, now: Coverage) -> pl.DataFrame:
    """Return the coverage after fetching the first 1, 2, 3 … documents of a list.

    Parameters
    ----------
    table
        From `missing_documents`, or the first rows of it.
    now
        From `coverage` with the same arguments.

    Returns
    -------
    pl.DataFrame
        ``documents`` Int64 [number fetched], ``located`` Int64 [citations with a country at both
        ends], ``coverage`` Float64 [their share, 0 to 1], one row per row of ``table``.

    Raises
    ------
    TableError
        A column is missing or has another type.

    Examples
    --------
    >>> table = pl.DataFrame({name: [None, None] for name in MISSING}, MISSING)
    >>> table = table.with_columns(citations=pl.Series([3, 1]))
    >>> promise(table, Coverage(citations=10, located=4)).rows()
    [(1, 7, 0.7), (2, 8, 0.8)]
    """
    require(table, MISSING, name="missing documents")
    located = table["citations"].cum_sum().to_numpy() + now.located
    share = pl.Series(located / now.citations if now.citations else [None] * located.size)
    return pl.DataFrame(
        {"documents": np.arange(1, located.size + 1), "located": located, "coverage": share},
        {"documents": pl.Int64, "located": pl.Int64, "coverage": pl.Float64},
    )


def families_without_country(
    study: Study,
    *,
    technology: str | None = None,
    span: Span | None = None,
    scope: Scope = "citing",
    country: str | None = None,
) -> pl.DataFrame:
    """List kept families whose missing country keeps citations from being located.

    A family gets its country from one of its documents, and an export by class lacks members that
    do not carry the class; one of these may state a residence. What it holds back is known, that
    it states one is not, hence these are no part of the promise.

    Returns
    -------
    pl.DataFrame
        ``family_id`` String, ``members`` List(String) [Lens IDs of members not exported, sorted],
        ``citations`` Int64 >= 1 [pairs whose other end has a country]. Most first, then by id.
    """
    return _held_back(study, select_pairs(study, technology, span, scope, country))


def _held_back(study: Study, chosen: Selection) -> pl.DataFrame:
    n, located = study.families, study.shares.located
    gain = np.zeros(n, dtype=np.int64)
    for end, partner in ((chosen.own, chosen.other), (chosen.other, chosen.own)):
        held = (end < n) & ~located[end] & located[partner]
        gain += np.bincount(end[held], minlength=n)
    known = study.corpus.documents.select("lens_id")
    absent = (
        study.corpus.table("members")
        .join(known, on="lens_id", how="anti")
        .group_by("family")
        .agg(members=pl.col("lens_id").sort())
    )
    return (
        study.corpus.families.select("family", "family_id")
        .with_columns(citations=pl.Series(gain))
        .filter(pl.col("citations") > 0)
        .join(absent, on="family", how="left")
        .select(
            "family_id",
            pl.col("members").fill_null(pl.lit([], pl.List(pl.String))),
            "citations",
        )
        .sort("citations", "family_id", descending=[True, False])
    )


def as_ids(table: pl.DataFrame) -> list[str]:
    """Return Lens IDs in the order of the table; documents without one are left out."""
    return table["lens_id"].drop_nulls().to_list()


def without_lens_id(table: pl.DataFrame) -> list[str]:
    """Return documents without a Lens ID as ``EP_0227762_B1``, in the order of the table."""
    plain = pl.col("doc_number").str.replace_all(r"[^0-9A-Za-z]", "")
    name = pl.concat_str("office", plain, "kind", separator="_", ignore_nulls=True)
    bare = table.filter(
        pl.col("lens_id").is_null()
        & pl.col("office").is_not_null()
        & pl.col("doc_number").is_not_null()
    )
    return bare.select(name=name)["name"].to_list()


def as_lens_query(table: pl.DataFrame, *, per_query: int = PER_QUERY) -> list[str]:
    """Write the documents as Lens queries of an acceptable size.

    Parameters
    ----------
    table
        From `missing_documents`.
    per_query
        Documents named in one query.

    Returns
    -------
    list of str
        ``lens_id:(… OR …)`` in the order of the table, then ``ids:(… OR …)`` for documents known
        by their number only.

    Raises
    ------
    OptionError
        ``per_query`` is below 1.

    Examples
    --------
    >>> table = pl.DataFrame({"lens_id": ["000-000-000-000-00X", None], "office": ["EP", "US"],
    ...     "doc_number": ["1", "9364525"], "kind": ["A1", "B2"], "date": [None, None],
    ...     "citations": [2, 1]}, MISSING)
    >>> as_lens_query(table)
    ['lens_id:(000-000-000-000-00X)', 'ids:("US_9364525_B2")']
    """
    quoted = [f'"{name}"' for name in without_lens_id(table)]
    return _queries("lens_id", as_ids(table), per_query) + _queries("ids", quoted, per_query)


def _queries(field: str, values: Sequence[str], per_query: int) -> list[str]:
    if per_query < 1:
        raise OptionError(f"--per-query {per_query}: expected a number above 0")
    starts = range(0, len(values), per_query)
    return [f"{field}:({' OR '.join(values[k : k + per_query])})" for k in starts]


def missing_command(
    study: Study,
    *,
    technology: str | None = None,
    span: Span | None = None,
    scope: Scope = "citing",
    country: str | None = None,
    as_: Literal["ids", "lens-query", "table"] = "ids",
    top: int | None = None,
    per_query: int = PER_QUERY,
    families: bool = False,
) -> tuple[str, list[str]]:
    """Return what ``netpos missing`` prints, and the notes for stderr.

    Parameters
    ----------
    study, technology, span, scope, country
        See `missing_documents`.
    as_
        ``ids``: one Lens ID a line, best first. ``lens-query``: one query a line. ``table``: CSV
        of `missing_documents` with the coverage promised.
    top
        Only so many documents (or, with ``families``, families).
    per_query
        See `as_lens_query`.
    families
        List the members not exported of families without a country instead.

    Returns
    -------
    (text, notes)
        ``text`` is empty or ends with a line end.
    """
    if as_ not in ("ids", "lens-query", "table"):
        raise OptionError(f"--as {as_}: unknown", remedy="choose ids, lens-query or table")
    if top is not None and top < 1:
        raise OptionError(f"--top {top}: expected a number above 0")
    chosen = select_pairs(study, technology, span, scope, country)
    now, without = _count(study, chosen), _held_back(study, chosen)
    table = _rank(study, chosen).head(top or study.rows)
    notes = _notes(now, table, without, scope, of_families=families)
    never = _gain(study, chosen).filter("none")
    provisional = never.select(_provisional().fill_null(value=False)).to_series()
    for these, one, several in (
        (
            never.filter(~provisional),
            "document is a design or plant patent and no family",
            "documents are design or plant patents and no families",
        ),
        (
            never.filter(provisional),
            "document is a provisional application, which is never published",
            "documents are provisional applications, which are never published",
        ),
    ):
        if these.height:
            lost = these["citations"].sum()
            ends = "citation" if lost == 1 else "citations"
            what = one if these.height == 1 else several
            notes.append(f"{these.height:,} {what}: {lost:,} {ends} can never be located")
    if families:
        ids = without.head(top or study.rows)["members"].explode().drop_nulls().to_list()
        lines = _queries("lens_id", ids, per_query) if as_ == "lens-query" else ids
        if as_ == "table":
            joined = without.with_columns(pl.col("members").list.join(" "))
            return joined.head(top or study.rows).write_csv(), notes
    elif as_ == "table":
        return pl.concat([table, promise(table, now)], how="horizontal").write_csv(), notes
    else:
        lines = as_ids(table) if as_ == "ids" else as_lens_query(table, per_query=per_query)
    return "".join(f"{line}\n" for line in lines), notes


def _notes(
    now: Coverage, table: pl.DataFrame, without: pl.DataFrame, scope: str, *, of_families: bool
) -> list[str]:
    share = "" if now.share is None else f" ({now.share:.1%})"
    notes = [f"{now.located:,} of {now.citations:,} citations have a country at both ends{share}"]
    if scope == "closed":
        notes.append(
            "In scope closed both ends belong to the technology, and context documents never do: "
            "run the queries of 'netpos query' over more years, or ask with --scope citing."
        )
    elif table.height and not of_families:
        then = promise(table, now).row(-1, named=True)
        listed = "document" if table.height == 1 else f"{table.height:,} documents"
        notes.append(
            f"the {listed} listed would make that at most {then['located']:,} "
            f"({then['coverage']:.1%}); fetch them and ingest with --role context"
        )
        bare = without_lens_id(table)
        if bare:
            some = ", ".join(bare[:5]) + (" …" if len(bare) > 5 else "")
            have = "has" if len(bare) == 1 else "have"
            notes.append(f"{len(bare):,} of them {have} no Lens ID: {some}")
    if without.height:
        partly = without.filter(pl.col("members").list.len() > 0).height
        notes.append(
            f"{without.height:,} families in the corpus have no country and hold back "
            f"{without['citations'].sum():,} citations; {partly:,} of them have members that were "
            "not exported (list these with --families)"
        )
    return notes
