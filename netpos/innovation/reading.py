"""The user's tables of sectors and of companies, read and checked; each mistake with its line."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import polars as pl

from netpos.errors import InputError
from netpos.ingest.sheets import Field, Sheet, few, once, plain, read_sheet, take
from netpos.ingest.user_tables import label_countries

_COUNTRY = Field(
    "country", "text", True, True, ("country_code", "ctry", "ctry_code", "iso2", "geo")
)
_SECTOR_FIELDS = (
    _COUNTRY,
    Field("year", "year", True, True, ("period", "time")),
    Field("sector", "text", True, True, ("industry", "nace", "nace_r2", "activity", "isic")),
    Field("value_added", "number", True, False, ("va", "gva", "gross_value_added")),
    Field("berd", "number", True, False, ("rd", "rnd", "r&d", "rd_expenditure")),
    Field("gdp", "number", False, False),
    Field("currency", "text", False, False, ("unit",)),
)
_COMPANY_FIELDS = (
    Field("company_id", "text", True, True, ("company", "id", "name")),
    _COUNTRY._replace(filled=False),
    Field("technology", "text", True, True, ("tech", "technology_id")),
    Field("founded", "year", True, False, ("founded_year", "launch_year", "year_founded")),
    Field("status", "text", True, False, ("company_status", "operating_status")),
    Field("funding", "number", True, False, ("funding_usd_m", "funding_eur_m", "funding_m")),
    Field("unicorn", "text", False, False, ("is_unicorn",)),
    Field("employees", "number", False, False, ("employee_count",)),
    Field("currency", "text", False, False),
    Field("as_of", "text", False, False, ("date",)),
)
#: What a status may say, and whether such a company is active.
_STATUS = {
    "active": True, "operating": True, "operational": True, "acquired": False, "closed": False,
    "inactive": False, "bankrupt": False, "dissolved": False, "merged": False, "dead": False,
    "ipo": True, "public": True,
}  # fmt: skip
_YES = {"true": True, "yes": True, "1": True, "y": True, "false": False, "no": False, "0": False,
        "n": False}  # fmt: skip
_TOTALS = {"total", "all", "_t", "a-u", "d01t99", "tot", "business economy", "whole economy"}
_CODE = re.compile(r"[A-Z]\d*")


def read_sectors(
    path: Path | str, merge: Path | str | None = None, *, pooled: bool = False
) -> tuple[pl.DataFrame, list[str]]:
    """Read value added and business R&D by country, year and sector.

    Parameters
    ----------
    path
        Columns, with the other names they may have: ``country`` (country_code, ctry, ctry_code,
        iso2, geo), ``year`` (period, time), ``sector`` (industry, nace, nace_r2, activity, isic),
        ``value_added`` (va, gva, gross_value_added), ``berd`` (rd, rnd, rd_expenditure),
        optionally ``gdp`` and ``currency`` (unit). Amounts of one country are in one currency.
    merge
        ``sector,group``: sectors are added up to their group first; one that is not listed stays.
        A group is known where all of its sectors are.
    pooled
        Amounts of several countries will be added up: they must be in one currency.

    Returns
    -------
    sectors : pl.DataFrame
        ``country``, ``year`` Int32, ``sector``, ``value_added``, ``berd``, ``gdp`` Float64 >= 0 or
        null where empty; sorted. ``gdp`` is null where the table has none.
    notes : list of str
        Labels that are no country.

    Raises
    ------
    InputError
        The file cannot be read or lacks a column; a value is no number >= 0; a sector occurs twice
        in a country and year; one is the total, or holds another; BERD without value added; more
        than one GDP or currency; sectors that sum to more than the GDP.
    """
    sheet = read_sheet(path)
    found = take(sheet, list(_SECTOR_FIELDS))
    found, notes = label_countries(found, ["country"])
    if "gdp" not in found.columns:
        found = found.with_columns(gdp=pl.lit(None, pl.Float64))
    _no_total(found, sheet)
    for column in ("gdp", "currency"):
        if column in found.columns:
            _one_of(found, column, sheet)
    if pooled:
        currencies = found["currency"].unique().sort() if "currency" in found.columns else None
        if currencies is None:
            notes.append("the benchmark is pooled: all amounts are taken to be in one currency")
        elif currencies.len() > 1:
            problem = f"--pooled adds up countries, but the currencies are {few(list(currencies))}"
            raise InputError(problem, file=path, remedy="convert to one currency, or drop --pooled")
    if merge is not None:
        found = _merged(found, merge)
    _no_nesting(found, sheet)
    impossible = found.filter((pl.col("value_added") == 0) & (pl.col("berd") > 0)).sort("line")
    if impossible.height:
        row = impossible.row(0, named=True)
        problem = f"{row['sector']} spends on R&D but adds no value"
        remedy = "correct it, or merge the sector with --sectors"
        raise InputError(problem, file=path, line=row["line"], remedy=remedy)
    _within_gdp(found, sheet)
    keys = ["country", "year", "sector"]
    return once(sheet, found, keys).select(*keys, "value_added", "berd", "gdp"), notes


def read_companies(
    path: Path | str, *, currency: str = "USD", employees: bool = False
) -> tuple[pl.DataFrame, list[str]]:
    """Read companies, one row per company and technology.

    Parameters
    ----------
    path
        Columns, with the other names they may have: ``company_id`` (company, id, name),
        ``country``, ``technology`` (tech), ``founded`` (launch_year, ...), ``status``,
        ``funding_usd_m`` or ``funding_eur_m`` (funding, funding_m) [millions], optionally
        ``unicorn`` (yes, no), ``employees``, ``currency``, ``as_of``. Empty is unknown.
    currency
        The one in which the threshold is meant; a table that names another is refused.
    employees
        Refuse a table without ``employees``.

    Returns
    -------
    companies : pl.DataFrame
        ``company_id``, ``country``, ``technology``, ``founded`` Int32, ``active`` Boolean,
        ``funding`` Float64 and, where given, ``unicorn`` Boolean, ``employees``; sorted.
    notes : list of str
        Labels that are no country, and the date of the table.

    Raises
    ------
    InputError
        The file cannot be read or lacks a column; a company is twice in a technology, or has other
        facts in another row; a status or a number is not understood; another currency.
    """
    sheet = read_sheet(path)
    found = take(sheet, list(_COMPANY_FIELDS))
    found, notes = label_countries(found, ["country"])
    union = found.filter(pl.col("technology") == "all").sort("line")
    if union.height:
        remedy = "give each company its own technology; all is computed"
        raise InputError("technology is 'all'", file=path, line=union["line"][0], remedy=remedy)
    _in_currency(found, sheet, currency)
    found = _said(found, sheet, "status", _STATUS, "active").drop("status")
    if "unicorn" in found.columns:
        found = _said(found, sheet, "unicorn", _YES, "is").drop("unicorn")
        found = found.rename({"is": "unicorn"})
    if employees and "employees" not in found.columns:
        remedy = "add it, or tell scale-ups by funding"
        raise InputError("column 'employees' is missing", file=path, remedy=remedy)
    facts = ["country", "founded", "active", "funding", "unicorn", "employees"]
    facts = [c for c in facts if c in found.columns]
    first = [pl.col(c).first().over("company_id") for c in facts]
    ordered = found.sort("line")
    other = ordered.filter(
        pl.any_horizontal(~pl.col(c).eq_missing(f) for c, f in zip(facts, first, strict=True))
    )
    if other.height:
        line, name = other.select("line", "company_id").row(0)
        problem = f"{name} has other facts here than in a row before"
        remedy = "give a company the same country, year, status and funding in every row"
        raise InputError(problem, file=path, line=line, remedy=remedy)
    if "as_of" in found.columns:
        dates = found["as_of"].drop_nulls().unique().sort()
        if dates.len():
            span = dates[0] if dates.len() == 1 else f"{dates[0]} to {dates[-1]}"
            notes.append(f"the companies are as of {span}")
    keys = ["technology", "company_id"]
    return once(sheet, found, keys).select("company_id", "technology", *facts), notes


def _in_currency(found: pl.DataFrame, sheet: Sheet, currency: str) -> None:
    heads = [re.fullmatch(r"funding_([a-z]{3})_m", plain(head)) for head in sheet.columns]
    named = {m[1].upper() for m in heads if m}
    if "currency" in found.columns:
        named |= {c.upper() for c in found["currency"].drop_nulls().unique()}
    if named - {currency.upper()}:
        problem = f"funding is in {few(sorted(named))}, the threshold in {currency.upper()}"
        remedy = "convert the table, or give --currency and a --threshold in it"
        raise InputError(problem, file=sheet.file, remedy=remedy)


def _said(
    found: pl.DataFrame, sheet: Sheet, column: str, words: dict[str, bool], name: str
) -> pl.DataFrame:
    """Return a column of words as true and false; one that is not known is named with its line."""
    low = pl.col(column).str.to_lowercase().str.strip_chars()
    odd = found.filter(low.is_not_null() & ~low.is_in(list(words))).sort("line")
    if odd.height:
        line, word = odd.select("line", column).row(0)
        problem = f"{column} is '{word}'"
        raise InputError(problem, file=sheet.file, line=line, remedy=f"use {', '.join(words)}")
    value = low.replace_strict(words, default=None, return_dtype=pl.Boolean)
    return found.with_columns(value.alias(name))


def _no_total(found: pl.DataFrame, sheet: Sheet) -> None:
    totals = found.filter(pl.col("sector").str.to_lowercase().is_in(sorted(_TOTALS)))
    if totals.height:
        line, name = totals.sort("line").select("line", "sector").row(0)
        problem = f"sector '{name}' is the total of the others"
        raise InputError(problem, file=sheet.file, line=line, remedy="leave totals out")


def _one_of(found: pl.DataFrame, column: str, sheet: Sheet) -> None:
    """One value of GDP per country and year, one currency per country."""
    keys = ["country", "year"] if column == "gdp" else ["country"]
    filled = found.drop_nulls(column).sort("line")
    odd = filled.filter(pl.col(column) != pl.col(column).first().over(keys))
    if odd.height:
        row = odd.row(0, named=True)
        where = " ".join(str(row[k]) for k in keys)
        problem = f"another {column} of {where} than in the lines before: {row[column]}"
        raise InputError(problem, file=sheet.file, line=row["line"], remedy="give one")


def _merged(found: pl.DataFrame, path: Path | str) -> pl.DataFrame:
    """Sectors added up to their groups; the line is that of the first."""
    sheet = read_sheet(path)
    fields = [Field("sector", "text", True, True), Field("group", "text", True, True)]
    groups = once(sheet, take(sheet, fields), ["sector"])
    unknown = groups.filter(~pl.col("sector").is_in(found["sector"].unique().implode()))
    if unknown.height == groups.height:
        problem = f"no sector of the table is listed, as {few(groups['sector'].to_list())}"
        raise InputError(problem, file=path, remedy="use the names of the sectors as they are")
    names = pl.coalesce("group", "sector").alias("sector")
    joined = found.join(groups, on="sector", how="left", maintain_order="left")
    amounts = [
        pl.when(pl.col(c).null_count() == 0).then(pl.col(c).sort().sum()).alias(c)
        for c in ("value_added", "berd")
    ]
    return joined.group_by("country", "year", names).agg(
        pl.col("line").min(), *amounts, pl.col("gdp").drop_nulls().first()
    )


def _no_nesting(found: pl.DataFrame, sheet: Sheet) -> None:
    """Refuse codes of which one holds another: C and C26, C10-C12 and C11."""
    names = found["sector"].unique().sort().to_list()
    codes = [name for name in names if _CODE.fullmatch(name)]
    pairs = [(a, b) for a, b in pairwise(codes) if b.startswith(a)]
    for name in names:
        ends = re.fullmatch(r"([A-Z])(\d+)\s*(?:-|T|–)\s*\1?(\d+)", name)
        if ends:
            inside = range(int(ends[2]), int(ends[3]) + 1)
            held = [c for c in codes if c[0] == ends[1] and c[1:] and int(c[1:3]) in inside]
            pairs += [(name, code) for code in held]
            pairs += [(code, name) for code in codes if code == ends[1]]
    if pairs:
        outer, inner = pairs[0]
        line = found.filter(pl.col("sector") == inner)["line"].min()
        remedy = "keep one level, or merge with --sectors"
        assert isinstance(line, int)
        problem = f"sector '{inner}' is part of '{outer}'"
        raise InputError(problem, file=sheet.file, line=line, remedy=remedy)


def _within_gdp(found: pl.DataFrame, sheet: Sheet) -> None:
    sums = (
        found.group_by("country", "year")
        .agg(pl.col("value_added").sum(), pl.col("gdp").drop_nulls().first(), pl.col("line").min())
        .filter(pl.col("value_added") > pl.col("gdp") * (1 + 1e-9))
        .sort("line")
    )
    if sums.height:
        row = sums.row(0, named=True)
        problem = (
            f"the sectors of {row['country']} {row['year']} add more value, "
            f"{row['value_added']:g}, than the GDP, {row['gdp']:g}"
        )
        remedy = "leave out totals and sectors inside others; use one unit"
        raise InputError(problem, file=sheet.file, line=row["line"], remedy=remedy)
