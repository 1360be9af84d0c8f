"""Codes as exports write them, and labels, resolved to the countries of today."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from functools import cache

import polars as pl

from netpos.countries.codes import (
    UNIONS,
    countries,
    data_path,
    is_country,
    is_office,
    name,
    offices,
    read_text_table,
    successors,
)
from netpos.errors import OptionError, TableError


@cache
def _rules() -> pl.DataFrame:
    """Successors and repairs with their dates, in the order in which they are tried."""
    columns = ("code", "country", "from", "to")
    repairs = read_text_table(data_path("country_repairs.csv"), (*columns, "reason"))
    return pl.concat(
        [
            successors().select(*columns, reason=pl.lit("successor")),
            repairs.select(
                "code",
                "country",
                pl.col("from", "to").str.to_date(),
                reason=pl.lit("repaired"),
            ),
        ]
    ).with_row_index("rule")


def resolve(
    codes: pl.Series, dates: pl.Series | None = None, *, merge_cn: bool = False
) -> pl.DataFrame:
    """Turn codes as filed into countries of today.

    A historic code becomes its successor and a known wrong code is repaired, each within the dates
    listed for it; a rule without dates always holds. CS is Czechoslovakia before 1993 (so CZ),
    Serbia and Montenegro from 2003 to 2006 (so RS) and unknown at other dates, when it can stand
    for several states; without a date it is read as Czechoslovakia, its meaning in WIPO ST.3.

    Parameters
    ----------
    codes
        String; case and surrounding blanks do not matter.
    dates
        Date of each code (null where not known), or None.
    merge_cn
        Count Hong Kong and Macao as China (reason ``merged``).

    Returns
    -------
    pl.DataFrame
        One row per code, in the order given: ``code_as_filed`` String (null for blank),
        ``country`` String (null for an office or an unknown code), ``reason`` String: ``kept``,
        ``successor``, ``repaired``, ``office``, ``unknown``, or ``merged``.

    Raises
    ------
    TableError
        The codes are no text, the dates no dates, or their numbers differ.

    References
    ----------
    ISO 3166-1 and 3166-3; WIPO Standard ST.3.

    Examples
    --------
    >>> resolve(pl.Series(["NL", "SU", "EP", "XX", None]))["country"].to_list()
    ['NL', 'RU', None, None, None]
    >>> from datetime import date
    >>> days = pl.Series([date(1990, 1, 1), date(1999, 1, 1), date(2004, 1, 1)])
    >>> resolve(pl.Series(["CS", "CS", "CS"]), days)["country"].to_list()
    ['CZ', None, 'RS']
    """
    if codes.dtype not in (pl.String, pl.Null, pl.Categorical, pl.Enum):
        raise TableError(f"codes of countries are {codes.dtype}, expected String")
    if dates is None:
        dates = pl.Series([None], dtype=pl.Date).new_from_index(0, len(codes))
    if dates.dtype not in (pl.Date, pl.Null):
        raise TableError(f"dates of country codes are {dates.dtype}, expected Date")
    if len(dates) != len(codes):
        raise TableError(f"{len(codes)} country codes come with {len(dates)} dates")
    rules = _rules()
    known = pl.concat(
        [
            countries().select(code="iso2", country="iso2", reason=pl.lit("kept")),
            pl.DataFrame({"code": list(offices())}).with_columns(
                country=pl.lit(None, pl.String), reason=pl.lit("office")
            ),
        ]
    )
    filed = codes.cast(pl.String).rename("filed")
    code = pl.col("filed").str.strip_chars().str.to_uppercase()
    each = (  # of the different codes: what they are where no rule says otherwise
        pl.DataFrame({"filed": filed.unique()})
        .with_columns(code=code, code_as_filed=pl.when(code != "").then("filed"))
        .join(known, on="code", how="left", maintain_order="left")
        .with_columns(
            pl.col("reason").fill_null("unknown"),
            ruled=pl.col("code").is_in(rules["code"].implode()),
        )
    )
    rows = pl.DataFrame({"filed": filed, "date": dates.cast(pl.Date)}).join(
        each, on="filed", how="left", maintain_order="left", nulls_equal=True
    )
    day, opens, ends = pl.col("date"), pl.col("from"), pl.col("to")
    ruled = (
        rows.select("code", "date", "ruled")
        .with_row_index("row")
        .filter("ruled")
        .join(rules, on="code")
        .filter(
            day.is_null() | ((opens.is_null() | (day >= opens)) & (ends.is_null() | (day < ends)))
        )
        .sort("row", "rule")
        .unique("row", keep="first")
        .select("row", by_rule="country", why="reason")
    )
    out = rows.select("code_as_filed", "country", "reason")
    if ruled.height:
        out = (
            out.with_row_index("row")
            .join(ruled, on="row", how="left", maintain_order="left")
            .select(
                "code_as_filed",
                pl.coalesce("by_rule", "country").alias("country"),
                pl.coalesce("why", "reason").alias("reason"),
            )
        )
    if merge_cn:
        part = pl.col("country").is_in(["HK", "MO"])
        out = out.with_columns(
            country=pl.when(part).then(pl.lit("CN")).otherwise("country"),
            reason=pl.when(part).then(pl.lit("merged")).otherwise("reason"),
        )
    return out


@cache
def _aliases() -> pl.DataFrame:
    return read_text_table(data_path("country_aliases.csv"), ("alias", "country", "used"))


def searched_names(codes: Sequence[str]) -> dict[str, list[str]]:
    """Return what people type for these countries besides codes and names: all aliases.

    Examples
    --------
    >>> searched_names(["NL"])["NL"]
    ['Holland', 'Netherlands, The', 'The Netherlands']
    """
    found: dict[str, list[str]] = {}
    for alias, code in _aliases().select("alias", "country").iter_rows():
        if code in codes:
            found.setdefault(code, []).append(alias)
    return found


@cache
def _labels() -> pl.DataFrame:
    aliases = _aliases().filter(pl.col("used") == "all")
    named = [
        countries().select(pl.col(c).alias("key"), pl.col("iso2").alias("country"))
        for c in ("iso2", "iso3", "name_en", "name_nl")
    ]
    table = pl.concat([*named, aliases.select(pl.col("alias").alias("key"), "country")])
    return table.with_columns(_folded("key")).unique().sort("key")


def _folded(column: str) -> pl.Expr:
    """Compare without case, curly apostrophes and repeated blanks."""
    text = pl.col(column).str.strip_chars().str.to_lowercase()
    return text.str.replace_all("\u2019", "'", literal=True).str.replace_all(r"\s+", " ")


def label_to_country(labels: pl.Series) -> pl.DataFrame:
    """Find the country that a label in a user's table names.

    A label is a code (alpha-2 or alpha-3), an English or Dutch name, or one of the listed aliases,
    whole and without regard to case; never part of a name. Historic codes are not listed: such a
    node keeps its own label and has no membership.

    Parameters
    ----------
    labels
        String.

    Returns
    -------
    pl.DataFrame
        One row per label, in the order given: ``label`` String as it came, ``country`` String
        (ISO 3166-1 alpha-2, null where the label names no country).

    Raises
    ------
    TableError
        The labels are no text.

    Examples
    --------
    >>> labels = pl.Series(["nl", "NLD", "Zuid-Korea", "Korea, Rep.", "Guinea", "Netherland"])
    >>> label_to_country(labels)["country"].to_list()
    ['NL', 'NL', 'KR', 'KR', 'GN', None]
    """
    if labels.dtype not in (pl.String, pl.Null, pl.Categorical, pl.Enum):
        raise TableError(f"labels of countries are {labels.dtype}, expected String")
    return (
        pl.DataFrame({"label": labels.cast(pl.String)})
        .with_columns(_folded("label").alias("key"))
        .join(_labels(), on="key", how="left", maintain_order="left")
        .select("label", "country")
    )


def focal_code(text: str) -> str:
    """Return the code of a country, or of a bloc, that somebody typed: by code or by name.

    Parameters
    ----------
    text
        A code, or a name or alias as in `label_to_country`.

    Raises
    ------
    OptionError
        It is neither; the message suggests codes.

    Examples
    --------
    >>> focal_code("Holland"), focal_code("nl"), focal_code("USA"), focal_code("eu27")
    ('NL', 'NL', 'US', 'EU27')
    """
    if not isinstance(text, str):
        problem = f"focal is of type {type(text).__name__}"
        raise OptionError(problem, remedy="write a code or a name, such as NL or Holland")
    try:
        return check_focal(text, unions=True)
    except OptionError as error:
        found = label_to_country(pl.Series("label", [text]))["country"][0]
        if found is not None:
            return str(found)
        message = str(error).replace("--focal", "focal", 1)
        raise OptionError(message) from error


def check_focal(code: str, *, unions: bool = False) -> str:
    """Return the code of a focal country, or say what is wrong with it.

    Parameters
    ----------
    code
        Alpha-2 in either case; UK and EL count as GB and GR.
    unions
        Whether a bloc as one country (EU27) will do.

    Raises
    ------
    OptionError
        An office, a historic state, or no country; the message suggests codes.

    Examples
    --------
    >>> check_focal("nl"), check_focal("UK")
    ('NL', 'GB')
    >>> check_focal("EP")
    Traceback (most recent call last):
    ...
    netpos.errors.OptionError: --focal EP: this is an office (European Patent Office), not a \
country; use the code of a country, such as NL
    """
    wanted = code.strip().upper()
    if is_country(wanted):
        return wanted
    if wanted in UNIONS:
        if unions:
            return wanted
        problem = f"--focal {code}: a bloc, where the code of a country is needed"
        remedy = "a bloc can be the country in focus of netpos run, analyse, links and missing"
        raise OptionError(problem, remedy=remedy)
    if wanted == "EU":
        problem = f"--focal {code}: not the code of a country"
        raise OptionError(problem, remedy="write EU27 for the European Union as one country")
    if is_office(wanted):
        problem = f"--focal {code}: this is an office ({name(wanted)}), not a country"
        raise OptionError(problem, remedy="use the code of a country, such as NL")
    historic = successors().filter(pl.col("code") == wanted)
    if historic.height:
        successor = str(historic["country"][0])
        if not historic["state"][0]:
            return successor
        problem = f"--focal {code}: {name(wanted)} is not a country of today"
        raise OptionError(problem, remedy=f"did you mean {successor} ({name(successor)})?")
    near = label_to_country(pl.Series([code]))["country"].drop_nulls().to_list()
    if not near:
        low = code.strip().lower()
        keys = {k: c for k, c in _labels().iter_rows() if (k == c.lower()) == (len(low) == 2)}
        close = difflib.get_close_matches(low, keys, n=5, cutoff=0.5 if len(low) == 2 else 0.75)
        near = list(dict.fromkeys(keys[k] for k in close))[:3]
    did = ", ".join(f"{c} ({name(c)})" for c in near)
    remedy = f"did you mean {did}?" if did else "use ISO 3166-1 alpha-2, such as NL"
    raise OptionError(f"--focal {code}: no country has this code", remedy=remedy)
