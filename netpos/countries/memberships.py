"""Which countries belong to the EU, the OECD and NATO in a year, and how large their markets are.

A historic state keeps its own, empty row: the Soviet Union does not inherit memberships.
`netpos.countries` offers all of this.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path

import polars as pl

from netpos.countries.codes import UNIONS, data_path, read_text_table, successors
from netpos.errors import InputError, OptionError, TableError
from netpos.tables import require

#: Years of entry and exit, as read by `memberships`.
YEARS = ("eu_from", "eu_to", "oecd_from", "nato_from")

#: Columns whose years make a country a member of a bloc: (entry, exit) pairs, any of them.
BLOCS = {
    "eu": (("eu_from", "eu_to"),),
    "oecd": (("oecd_from", None),),
    "nato": (("nato_from", None),),
    "oecd_nato": (("oecd_from", None), ("nato_from", None)),
}


@cache
def _shipped_memberships() -> pl.DataFrame:
    return _read_memberships(data_path("memberships.csv"))


def _read_memberships(path: Path) -> pl.DataFrame:
    raw = read_text_table(path, ("iso2", *YEARS))
    for column in YEARS:
        year = raw[column].cast(pl.Int32, strict=False)
        bad = raw[column].is_not_null() & ~year.is_between(1000, 9999).fill_null(value=False)
        if bad.any():
            at = int(bad.arg_true()[0])
            problem = f"column '{column}' of {raw['iso2'][at]} is '{raw[column][at]}', not a year"
            raise InputError(problem, file=path, line=at + 2, remedy="write four digits or nothing")
    twice = raw["iso2"].is_duplicated() | raw["iso2"].is_null()
    if twice.any():
        at = int(twice.arg_true()[-1])
        problem = f"column 'iso2' is '{raw['iso2'][at] or ''}', blank or not for the first time"
        raise InputError(problem, file=path, line=at + 2, remedy="keep one row per code")
    named = raw if "name" in raw.columns else raw.with_columns(name=pl.lit(None, pl.String))
    return named.select("iso2", "name", *(pl.col(c).cast(pl.Int32) for c in YEARS)).sort("iso2")


def memberships(path: Path | None = None) -> pl.DataFrame:
    """Return years in which countries entered and left the EU, the OECD and NATO.

    Parameters
    ----------
    path
        A user's table with the same columns (``name`` may be absent), or None for the shipped one.

    Returns
    -------
    pl.DataFrame
        Sorted by ``iso2`` String: ``name`` String, ``eu_from``, ``eu_to``, ``oecd_from``,
        ``nato_from`` Int32 [year, null = never]. Historic states have rows of their own.

    Raises
    ------
    InputError
        No such file, a year that is none, a code that is blank or comes twice.
    TableError
        A column is missing.

    Examples
    --------
    >>> memberships().filter(pl.col("iso2") == "GB").row(0)
    ('GB', 'United Kingdom', 1973, 2020, 1961, 1949)
    """
    return _shipped_memberships() if path is None else _read_memberships(path)


def blocs(codes: Sequence[str], year: int, table: pl.DataFrame | None = None) -> pl.DataFrame:
    """Return memberships of codes in one year: in the EU, and in the OECD or NATO.

    A member in year t when from <= t and (to is empty or t < to). A historic state (SU, DD, ...)
    is looked up in its own row, which is blank; UK and EL in those of GB and GR. EU27, the Union
    as one country, is in the EU in any year. A code without a row is no member of anything.

    Parameters
    ----------
    codes
        Codes, or labels that are none.
    year
        The calendar year t.
    table
        From `memberships`; None for the shipped one.

    Returns
    -------
    pl.DataFrame
        One row per distinct code, sorted: ``country`` String, ``eu`` Boolean, ``oecd_nato``
        Boolean; never null.

    Raises
    ------
    TableError
        The table of memberships lacks a column.

    Examples
    --------
    >>> blocs(["GB", "NL", "TW"], 2025).rows()
    [('GB', False, True), ('NL', True, True), ('TW', False, False)]
    """
    return _members(codes, year, table).select("country", "eu", "oecd_nato")


@cache
def _synonyms() -> dict[str, str]:
    return dict(successors().filter(~pl.col("state")).select("code", "country").iter_rows())


def _members(codes: Sequence[str], year: int, table: pl.DataFrame | None) -> pl.DataFrame:
    distinct = sorted({c for c in codes if c is not None})
    if table is None:  # asked again and again for the countries of a technology
        return _shipped_members(tuple(distinct), year)
    return _members_of(distinct, year, table)


@lru_cache(maxsize=8)
def _shipped_members(distinct: tuple[str, ...], year: int) -> pl.DataFrame:
    return _members_of(distinct, year, memberships())


def _members_of(distinct: Sequence[str], year: int, table: pl.DataFrame) -> pl.DataFrame:
    require(table, {"iso2": pl.String, **dict.fromkeys(YEARS, pl.Int32)}, name="memberships")
    synonyms = _synonyms()
    own = set(table["iso2"].to_list())
    rows = pl.DataFrame(
        {
            "country": distinct,
            "iso2": [c if c in own else synonyms.get(c, c) for c in distinct],
        },
        {"country": pl.String, "iso2": pl.String},
    ).join(table, on="iso2", how="left", maintain_order="left")
    return rows.select(
        "country",
        *(
            pl.any_horizontal(
                (pl.col(entry) <= year).fill_null(value=False)
                & (pl.lit(value=True) if leave is None else (year < pl.col(leave)).fill_null(True))
                for entry, leave in pairs
            )
            .or_(pl.lit(bloc == "eu") & pl.col("country").is_in(list(UNIONS)))
            .alias(bloc)
            for bloc, pairs in BLOCS.items()
        ),
    )


def member(code: str, bloc: str, year: int, table: pl.DataFrame | None = None) -> bool:
    """Tell whether a country was a member of a bloc in a year.

    Parameters
    ----------
    code, year, table
        As in `blocs`.
    bloc
        ``eu``, ``oecd``, ``nato``, or ``oecd_nato`` (either of the two).

    Raises
    ------
    OptionError
        Another bloc.

    Examples
    --------
    >>> member("GB", "eu", 2019), member("GB", "eu", 2020), member("SE", "nato", 2023)
    (True, False, False)
    """
    if bloc not in BLOCS:
        remedy = f"use one of {', '.join(BLOCS)}"
        raise OptionError(f"bloc '{bloc}' is not known", remedy=remedy)
    return bool(_members([code], year, table)[bloc][0])


def class_overrides(path: Path) -> pl.DataFrame:
    """Read a user's table ``country,class`` for `membership_class`.

    Raises
    ------
    InputError
        No such file, or a class that is not 1, 2 or 3.
    TableError
        A column is missing.
    """
    raw = read_text_table(path, ("country", "class"))
    bad = ~raw["class"].is_in(["1", "2", "3"]).fill_null(value=False)
    if bad.any():
        at = int(bad.arg_true()[0])
        problem = f"class of {raw['country'][at]} is '{raw['class'][at] or ''}'"
        raise InputError(problem, file=path, line=at + 2, remedy="write 1, 2 or 3")
    return raw.select(pl.col("country").str.to_uppercase(), pl.col("class").cast(pl.Int8))


def membership_class(
    focal: str,
    partners: Sequence[str],
    year: int,
    table: pl.DataFrame | None = None,
    *,
    override: pl.DataFrame | None = None,
) -> pl.DataFrame:
    r"""Return the institutional class of each partner of a focal country.

    .. math:: class_{fj} = 1 \text{ if } f, j \in EU;\ 2 \text{ if } f, j \in OECD \cup NATO;\ 3

    the first that holds. A focal country in neither bloc finds class 3 everywhere. Where the focal
    country or a partner is a bloc as one country (EU27), whose members are not all in the same
    blocs, no class is given to anybody.

    Parameters
    ----------
    focal
        The focal country f.
    partners
        Codes j; labels that are no country are class 3.
    year, table
        As in `blocs`; one reference year for both ends.
    override
        ``country`` String, ``class`` integer 1-3: takes the place of the class computed for these
        partners, whatever the focal country. Their own membership stays what it is.

    Returns
    -------
    pl.DataFrame
        One row per distinct partner, sorted: ``country`` String, ``similarity_class`` Int8,
        (null where withheld), ``bloc`` String: the partner's own membership, ``eu``, else
        ``oecd_nato``, else ``other``.

    Raises
    ------
    TableError
        The override has another shape, names a country twice or has another class.

    Examples
    --------
    >>> membership_class("NL", ["DE", "US", "CN"], 2025)["similarity_class"].to_list()
    [3, 1, 2]
    >>> membership_class("US", ["DE", "US", "CN"], 2025).row(1)
    ('DE', 2, 'eu')
    """
    own = blocs([focal], year, table).row(0, named=True)
    eu, either = pl.col("eu"), pl.col("oecd_nato")
    withheld = any(code in UNIONS for code in (focal, *partners))
    out = blocs(partners, year, table).select(
        "country",
        pl.when(withheld)
        .then(None)
        .when(eu & own["eu"])
        .then(1)
        .when(either & own["oecd_nato"])
        .then(2)
        .otherwise(3)
        .cast(pl.Int8)
        .alias("similarity_class"),
        pl.when(eu)
        .then(pl.lit("eu"))
        .when(either)
        .then(pl.lit("oecd_nato"))
        .otherwise(pl.lit("other"))
        .alias("bloc"),
    )
    if override is None:
        return out
    require(override, {"country": pl.String}, name="override")
    if "class" not in override.columns or not override["class"].dtype.is_integer():
        raise TableError("table 'override': column 'class' is missing or not a whole number")
    wrong = override.filter(
        ~pl.col("class").is_between(1, 3).fill_null(value=False) | pl.col("country").is_duplicated()
    )
    if wrong.height:
        row = wrong.row(0, named=True)
        message = f"table 'override': {row['country']} has class {row['class']}"
        raise TableError(f"{message}, expected 1, 2 or 3, once per country")
    chosen = override.select("country", pl.col("class").cast(pl.Int8))
    return out.join(chosen, on="country", how="left", maintain_order="left").select(
        "country",
        pl.coalesce("class", "similarity_class").alias("similarity_class"),
        "bloc",
    )


def gni(path: Path | None = None) -> pl.DataFrame:
    """Return the gross national income by country, the size of its market.

    Parameters
    ----------
    path
        A user's table with ``iso2`` and ``gni_busd`` (``name``, ``source-note`` if known), or
        None for the shipped one of 2023.

    Returns
    -------
    pl.DataFrame
        Sorted by ``country`` String: ``name`` String, ``gni_busd`` Float64 [10^9 US$, Atlas
        method, current], ``error`` Float64 [relative, the largest that the note of the row
        states; null where it states none], ``note`` String.

    Raises
    ------
    InputError
        No such file, an income that is no positive number, a code that comes twice.
    TableError
        A column is missing.

    References
    ----------
    World Bank, World Development Indicators, NY.GNP.ATLS.CD; see the note of each row.

    Examples
    --------
    >>> gni().filter(pl.col("country") == "NL").select("gni_busd", "error").row(0)
    (1120.0, 0.02)
    """
    file = data_path("gni_2023.csv") if path is None else path
    raw = read_text_table(file, ("iso2", "gni_busd"))
    amount = raw["gni_busd"].cast(pl.Float64, strict=False)
    bad = ~((amount > 0) & amount.is_finite()).fill_null(value=False) | raw["iso2"].is_duplicated()
    if bad.any():
        at = int(bad.arg_true()[0])
        problem = f"gni_busd of {raw['iso2'][at]} is '{raw['gni_busd'][at] or ''}'"
        remedy = "write one positive number per country"
        raise InputError(problem, file=file, line=at + 2, remedy=remedy)
    absent = [c for c in ("name", "source-note") if c not in raw.columns]
    full = raw.with_columns(pl.lit(None, pl.String).alias(c) for c in absent)
    stated = pl.col("source-note").str.extract_all(r"\d+(\.\d+)? %")
    return full.select(
        pl.col("iso2").alias("country"),
        "name",
        amount,
        (stated.list.eval(pl.element().str.head(-2).cast(pl.Float64)).list.max() / 100).alias(
            "error"
        ),
        pl.col("source-note").alias("note"),
    ).sort("country")
