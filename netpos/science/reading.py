"""The user's tables beside publications: totals, researchers, works already added up."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from netpos.errors import InputError
from netpos.ingest.sheets import Field, once, read_sheet, take
from netpos.ingest.user_tables import label_countries

_COUNTRY = Field("country", "text", True, True, ("country_code", "ctry", "iso2", "geo"))
_YEAR = Field("year", "year", False, True, ("period", "time"))
_WORKS = Field("works", "number", True, True, ("publications", "papers", "count"))
#: What the rows of all countries together may be called.
_WORLD = ("world", "all", "wld", "total")


def read_science_totals(path: Path | str) -> tuple[pl.DataFrame, list[str]]:
    """Read how many works of all science each country has.

    Parameters
    ----------
    path
        ``country``, ``works`` (publications, papers, count), optionally ``year``: every country of
        the world, since their sum is the world. A row ``world`` may stand beside them.

    Returns
    -------
    totals : pl.DataFrame
        ``country`` (that of the world: ``world``), ``works`` and, where given, ``year``; sorted.
    notes : list of str

    Raises
    ------
    InputError
        The file cannot be read or lacks a column; a country occurs twice, or has more than the
        world.
    """
    sheet = read_sheet(path)
    found = take(sheet, [_COUNTRY, _WORKS, _YEAR])
    found, notes = label_countries(_named_world(found), ["country"])
    found = once(sheet, _named_world(found), ["year", "country"])
    world = pl.col("country") == "world"
    whole = found.filter(world)
    if whole.height:
        key = ["year"] if "year" in found.columns else []
        whole = whole.select(*key, w="works")
        mine = found.filter(~world)
        joined = mine.join(whole, on=key) if key else mine.join(whole, how="cross")
        more = joined.filter(pl.col("works") > pl.col("w"))
        if more.height:
            problem = f"{more['country'][0]} has more works than the row of the world"
            raise InputError(problem, file=path, remedy="give all works of the world there")
    return found, [n for n in notes if "world" not in n]


def _named_world(table: pl.DataFrame) -> pl.DataFrame:
    """Call the rows of all countries together ``world``."""
    world = pl.col("country").str.to_lowercase().is_in(_WORLD)
    return table.with_columns(country=pl.when(world).then(pl.lit("world")).otherwise("country"))


def read_researchers(path: Path | str) -> tuple[pl.DataFrame, list[str]]:
    """Read full-time equivalents of public researchers.

    Parameters
    ----------
    path
        ``country``, ``year``, ``fte`` [government and higher education; empty: not known].

    Returns
    -------
    researchers : pl.DataFrame
        ``country``, ``year``, ``fte``; sorted.
    notes : list of str

    Raises
    ------
    InputError
        As for `read_science_totals`.
    """
    sheet = read_sheet(path)
    fields = [
        _COUNTRY,
        _YEAR._replace(needed=True),
        Field("fte", "number", True, False, ("researchers", "value")),
    ]
    found, notes = label_countries(take(sheet, fields), ["country"])
    return once(sheet, found, ["year", "country"]), notes


def read_aggregates(path: Path | str) -> tuple[pl.DataFrame, list[str]]:
    """Read works and citations that are already added up.

    Parameters
    ----------
    path
        ``technology``, ``country``, ``year``, ``type``, ``works``, ``citations``. Rows of the
        country ``world`` hold all works of a cell, those without a country included.

    Returns
    -------
    table : pl.DataFrame
        As `netpos.science.aggregates.impact_of_aggregates` takes it.
    notes : list of str

    Raises
    ------
    InputError
        As for `read_science_totals`; or there is no row of the world, or a country has more than
        it.
    """
    sheet = read_sheet(path)
    fields = [
        Field("technology", "text", True, True, ("tech", "technology_id")),
        _COUNTRY,
        _YEAR._replace(needed=True),
        Field("type", "text", True, True, ("publication_type",)),
        _WORKS,
        Field("citations", "number", True, True, ("cited_by", "cited_by_count")),
    ]
    named = _named_world(take(sheet, fields))
    if not (named["country"] == "world").any():
        remedy = "add rows of the country 'world' with all works of each cell"
        raise InputError("no rows of the world", file=path, remedy=remedy)
    table, notes = label_countries(named, ["country"])
    table = _named_world(table)
    key = ["technology", "year", "type"]
    whole = table.filter(pl.col("country") == "world").select(*key, w="works", c="citations")
    rows = table.filter(pl.col("country") != "world").join(whole, on=key, how="left").sort("line")
    bare = rows.filter(pl.col("w").is_null() | (pl.col("works") > pl.col("w")))
    if bare.height:
        row = bare.row(0, named=True)
        problem = f"{row['country']} has more works than the row of the world, or there is none"
        raise InputError(problem, file=path, line=row["line"], remedy="give the world in each cell")
    notes = [n for n in notes if "world" not in n]
    return once(sheet, table, [*key, "country"]), notes
