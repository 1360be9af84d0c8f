"""Tables that users bring along: links, families, matrices, totals, aliases, residences.

A table is CSV (comma, semicolon or tab; UTF-8 with or without byte order mark; also as ``.gz``) or
Parquet. Names of columns are found without regard to case, blanks and hyphens count as
underscores, and each reader lists the other names it knows; columns with further names are left
alone. Where the separator is a semicolon or a tab, the decimal sign may be a comma, but one file
never mixes comma and point. ``NA`` is Namibia in a column of names and "not known" in a column of
numbers. Each mistake is named with file and line (in Parquet: the number of the row).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import polars as pl

from netpos.countries import label_to_country
from netpos.errors import InputError
from netpos.ingest.sheets import Field, few, in_order, once, plain, read_sheet, take
from netpos.tables import FrameLike, require

_COUNTRY = Field("country", "text", True, True, ("country_code", "ctry", "ctry_code", "iso2"))
_FAMILIES = Field(
    "families", "number", True, True, ("number_of_families", "n_families", "family_count", "count")
)
_FAMILY = ("family", "docdb_family_id", "family_id")
#: Columns that name documents by number, or their families.
_NUMBERED = {"office", "publn_auth", "number", "publn_nr", "doc_number", *_FAMILY}
_TECHNOLOGY = Field("technology", "text", False, False, ("tech", "technology_id"))
_PERIOD = Field("period", "text", False, False, ("year", "years"))


def read_links(path: Path | str | FrameLike) -> pl.DataFrame:
    """Read a table of citation links.

    Parameters
    ----------
    path
        A file, or a frame of Polars, pandas or Arrow, with the columns, and the other names that
        these may have: ``citing`` (citing_country, citing_ctry,
        citing_country_code), ``cited`` (the same with cited), ``weight`` (strength, links),
        optionally ``citations`` (n_citations), ``technology`` (tech, technology_id), ``period``
        (year, years). ``source``, ``target``, ``from`` and ``to`` are not taken, since they do not
        say which end cites.

    Returns
    -------
    pl.DataFrame
        ``citing``, ``cited`` String, ``weight`` Float64 >= 0 [family links, or whatever the user
        counted], and, where given, ``citations`` Int64, ``technology``, ``period`` String; sorted.
        A pair may occur more than once; `netpos.tables.Links.from_table` adds it up.

    Raises
    ------
    InputError
        The file cannot be read, is empty, lacks a column; a name is empty, a weight is not a number
        >= 0.
    """
    ends = [
        Field(
            end,
            "text",
            True,
            True,
            tuple(f"{end}_{x}" for x in ("country", "ctry", "country_code")),
        )
        for end in ("citing", "cited")
    ]
    weight = Field("weight", "number", True, True, ("strength", "links"))
    citations = Field("citations", "whole", False, False, ("n_citations",))
    sheet = read_sheet(path)
    found = take(sheet, [*ends, weight, citations, _TECHNOLOGY, _PERIOD])
    return in_order(found, ["technology", "period", "citing", "cited", "weight", "citations"])


def read_families(path: Path | str) -> pl.DataFrame:
    """Read how many simple families each country has.

    Parameters
    ----------
    path
        Columns, with the other names they may have: ``country`` (country_code, ctry, ctry_code,
        iso2), ``families`` (number_of_families, n_families, family_count, count), optionally
        ``technology`` (tech, technology_id), ``period`` (year, years).

    Returns
    -------
    pl.DataFrame
        ``country`` String, ``families`` Float64 >= 0 [simple families] and, where given,
        ``technology``, ``period`` String; sorted.

    Raises
    ------
    InputError
        As for `read_links`; or a country occurs twice for one technology and period.
    """
    sheet = read_sheet(path)
    found = take(sheet, [_COUNTRY, _FAMILIES, _TECHNOLOGY, _PERIOD])
    return once(sheet, found, ["technology", "period", "country"])


def read_matrix(path: Path | str | FrameLike) -> pl.DataFrame:
    """Read a matrix of countries (or regions, organisations) and products, one row per cell.

    Parameters
    ----------
    path
        A file, or a frame of Polars, pandas or Arrow, with the columns, and the other names that
        these may have: ``country`` (country_code, ctry, ctry_code, iso2, iso3, region,
        exporter, reporter, reporter_iso), ``product`` (product_code,
        product_id, technology, subclass, field), ``value`` (families, count, exports,
        export_value, export_value_usd, trade_value), optionally ``year`` (period).

    Returns
    -------
    pl.DataFrame
        ``country``, ``product`` String, ``value`` Float64 >= 0 (null where the cell is empty or
        ``NA``) and, where given, ``year`` Int32; sorted. Codes stay text, so 0101 keeps its zero.

    Raises
    ------
    InputError
        As for `read_links`; or a cell occurs twice, or there is one country or one product only.
    """
    return read_matrix_of(path)[0]


def read_matrix_of(
    path: Path | str | FrameLike,
) -> tuple[pl.DataFrame, Literal["countries", "regions"]]:
    """Read a matrix, and whether its rows are countries or regions.

    Parameters
    ----------
    path
        As for `read_matrix`.

    Returns
    -------
    matrix : pl.DataFrame
        As `read_matrix` returns it.
    kind : str
        ``regions`` where the column of rows is called ``region``; ``countries`` for every other
        name, since netpos cannot tell.

    Raises
    ------
    InputError
        As for `read_matrix`.
    """
    also = (*_COUNTRY.also, "iso3", "region", "exporter", "reporter", "reporter_iso")
    products = ("product_code", "product_id", "technology", "subclass", "field")
    values = ("families", "count", "exports", "export_value", "export_value_usd", "trade_value")
    sheet = read_sheet(path)
    found = take(
        sheet,
        [
            _COUNTRY._replace(also=also),
            Field("product", "text", True, True, products),
            Field("value", "number", True, False, values),
            Field("year", "year", False, True, ("period",)),
        ],
    )
    for column in ("country", "product"):
        if found[column].n_unique() < 2:
            problem = f"column '{column}' holds only '{found[column][0]}', nothing to compare"
            raise InputError(problem, file=sheet.file, remedy="give a matrix of at least 2 by 2")
    heads = {plain(head) for head in sheet.columns}
    named = {"country", *also} & heads
    matrix = once(sheet, found, ["year", "country", "product"])
    return matrix, "regions" if named == {"region"} else "countries"


def read_names(path: Path | str, key: str) -> pl.DataFrame:
    """Read what the codes of a table stand for.

    Parameters
    ----------
    path
        Columns ``key`` (or ``code``, ``id``) and ``name`` (label, description).
    key
        Name of the column of codes.

    Returns
    -------
    pl.DataFrame
        ``key``, ``name`` String, sorted.

    Raises
    ------
    InputError
        As for `read_links`; or a code occurs twice.
    """
    sheet = read_sheet(path)
    code = Field(key, "text", True, True, ("code", "id", f"{key}_code", f"{key}_id"))
    name = Field("name", "text", True, False, ("label", "description", f"{key}_name"))
    return once(sheet, take(sheet, [code, name]), [key])


def read_totals(path: Path | str) -> pl.DataFrame:
    """Read how many simple families each country has in all fields together.

    Parameters
    ----------
    path
        Columns as for `read_families`, with ``year`` (period) instead of technology and period.

    Returns
    -------
    pl.DataFrame
        ``country`` String, ``families`` Float64 >= 0 [simple families] and, where given, ``year``
        Int32; sorted.

    Raises
    ------
    InputError
        As for `read_links`; or a country occurs twice in one year.
    """
    sheet = read_sheet(path)
    year = Field("year", "year", False, True, ("period",))
    return once(sheet, take(sheet, [_COUNTRY, _FAMILIES, year]), ["year", "country"])


def read_aliases(path: Path | str) -> pl.DataFrame:
    """Read which names of organisations mean the same.

    Parameters
    ----------
    path
        ``alias`` and ``name``: the first is another spelling of the second. Or, with the same
        meaning, ``alias`` and ``canonical``, or ``name`` and ``canonical``: then ``canonical`` is
        what the other becomes.

    Returns
    -------
    pl.DataFrame
        ``name`` [as found in exports], ``canonical`` [what it becomes] String, sorted by ``name``.

    Raises
    ------
    InputError
        As for `read_links`; or a name becomes two others, or becomes a name that itself becomes
        another.
    """
    sheet = read_sheet(path)
    heads = {plain(h) for h in sheet.columns}
    if "canonical" in heads:
        before, after = (
            "name" if "name" in heads and "alias" not in heads else "alias",
            "canonical",
        )
    else:
        before, after = "alias", "name"
    found = take(sheet, [Field(c, "text", True, True) for c in (before, after)])
    found = found.select("line", name=before, canonical=after)
    table = once(sheet, found.unique(["name", "canonical"], keep="first"), ["name"])
    moved = found.filter(pl.col("name") != pl.col("canonical"))
    chain = moved.filter(pl.col("canonical").is_in(moved["name"].implode())).sort("line")
    if chain.height:
        line, name, middle = chain.row(0)
        problem = f"'{name}' becomes '{middle}', which becomes another name itself"
        raise InputError(problem, file=sheet.file, line=line, remedy="name the last one directly")
    return table


def read_residences(path: Path | str) -> pl.DataFrame:
    """Read the countries of documents whose export does not tell them.

    Parameters
    ----------
    path
        ``lens_id``, ``country`` (country_code, ctry, ctry_code, iso2), optionally ``share``. Or,
        instead of ``lens_id``: ``office`` (publn_auth), ``number`` (publn_nr, doc_number),
        optionally ``kind`` (publn_kind) and ``family`` (docdb_family_id); rows of one family may
        leave the country to another of them. Or ``family`` alone.

    Returns
    -------
    pl.DataFrame
        ``lens_id``, ``country`` String, ``share`` Float64 in (0, 1], sorted. The shares of one
        document are divided by their sum; without the column its countries share equally. Without
        ``lens_id`` the columns ``office``, ``number``, ``kind``, ``family`` stand in its place,
        null where the file does not have them; of one family the shares are divided by their sum.

    Raises
    ------
    InputError
        As for `read_links`; or a document names a country twice, or a share is 0.
    """
    sheet = read_sheet(path)
    heads = {plain(h) for h in sheet.columns}
    share = Field("share", "number", False, True)
    if "lens_id" in heads or not heads & _NUMBERED:
        keys = [Field("lens_id", "text", True, True)]
        country = _COUNTRY
    else:
        numbered = bool(heads & (_NUMBERED - set(_FAMILY)))
        country = _COUNTRY._replace(filled=not (numbered and heads & set(_FAMILY)))
        keys = [
            Field("office", "text", numbered, numbered, ("publn_auth",)),
            Field("number", "text", numbered, numbered, ("publn_nr", "doc_number")),
            Field("kind", "text", False, False, ("publn_kind",)),
            Field("family", "text", not numbered, not numbered, _FAMILY[1:]),
        ]
    found = take(sheet, [*keys, country, share])
    for key in keys:
        if key.name not in found.columns:
            found = found.with_columns(pl.lit(None, pl.String).alias(key.name))
    if "share" not in found.columns:
        found = found.with_columns(share=pl.lit(1.0))
    none = found.filter(pl.col("share") == 0)
    if none.height:
        remedy = "leave the row out, or give its part"
        raise InputError("share is 0", file=sheet.file, line=none["line"][0], remedy=remedy)
    names = [key.name for key in keys]
    table = once(sheet, found, [*names, "country"]).select(*names, "country", "share")
    if len(names) > 1:
        return table
    return table.with_columns(pl.col("share") / pl.col("share").sum().over("lens_id"))


def has_year(path: Path | str) -> bool:
    """Tell whether a table of residences has a year, of which no use is made."""
    return any(plain(h) == "year" for h in read_sheet(path).columns)


def label_countries(table: pl.DataFrame, columns: Sequence[str]) -> tuple[pl.DataFrame, list[str]]:
    """Replace labels of countries by their ISO 3166-1 alpha-2 codes, where they name one.

    Parameters
    ----------
    table
        Any table.
    columns
        Its columns of labels, String: codes of two or three letters, names, or listed aliases
        (`netpos.countries.label_to_country`).

    Returns
    -------
    table : pl.DataFrame
        The same rows; labels that name no country stay as they are, as nodes without membership.
    warnings : list of str
        Which labels stayed, and which different labels became one country.

    Raises
    ------
    TableError
        A column is missing or not String.

    Examples
    --------
    >>> links = pl.DataFrame({"citing": ["NLD", "Erewhon"], "cited": ["Namibia", "NA"]})
    >>> table, warnings = label_countries(links, ["citing", "cited"])
    >>> table.rows()
    [('NL', 'NA'), ('Erewhon', 'NA')]
    >>> warnings[0]
    '1 label is no country and stays without membership: Erewhon'
    >>> warnings[1]
    'labels taken as one country: NA, Namibia = NA'
    """
    require(table, {c: pl.String() for c in columns}, name="labels")
    labels = pl.concat([table[c].alias("label") for c in columns]).drop_nulls().unique().sort()
    known = label_to_country(labels)
    warnings = []
    strange = known.filter(pl.col("country").is_null())["label"].to_list()
    if strange:
        several = (
            "label is no country and stays"
            if len(strange) == 1
            else ("labels are no country and stay")
        )
        warnings.append(f"{len(strange)} {several} without membership: {few(strange)}")
    merged = (
        known.drop_nulls()
        .group_by("country")
        .agg(pl.col("label").sort())
        .filter(pl.col("label").list.len() > 1)
        .sort("country")
    )
    if merged.height:
        pairs = [f"{', '.join(names)} = {code}" for code, names in merged.iter_rows()]
        warnings.append(f"labels taken as one country: {few(pairs, '; ')}")
    codes = dict(known.drop_nulls().iter_rows())
    return table.with_columns(pl.col(c).replace(codes) for c in columns), warnings
