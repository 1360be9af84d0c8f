"""The lists of codes: countries, offices, historic states, and the names of all of them.

A *country* is one of the 249 codes of ISO 3166-1 or Kosovo (XK); an *office* (EP, WO, ...) is never
a country; a *historic* code (SU, DD, ...) has a successor. `netpos.countries` offers all of this.
"""

from __future__ import annotations

import importlib.resources
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import polars as pl

from netpos.errors import InputError, OptionError
from netpos.tables import require

#: Blocs that can be taken as one country, and their names in English and Dutch.
UNIONS = {"EU27": ("European Union (27)", "Europese Unie (27)")}


def data_path(name: str) -> Path:
    """Return the path of a file that netpos ships.

    Parameters
    ----------
    name
        Its name in the folder ``data``, with ``/`` between folders.

    Raises
    ------
    InputError
        No such file is shipped.

    Examples
    --------
    >>> data_path("countries.csv").name
    'countries.csv'
    """
    path = _data() / name
    if not path.exists():
        problem = f"netpos ships no file '{name}'"
        raise InputError(problem, remedy="install netpos again if it should be there")
    return path


def docs_path(name: str = "methods.md") -> Path:
    r"""Return the path of a document that docstrings name, such as ``docs/methods.md``.

    Parameters
    ----------
    name
        Its name in the folder ``docs``.

    Raises
    ------
    InputError
        There is no such document.

    Examples
    --------
    >>> docs_path().read_text(encoding="utf-8").partition("\n")[0]
    '# Methods'
    """
    package = Path(str(importlib.resources.files("netpos")))
    for folder in (package / "docs", package.parent / "docs"):
        if (folder / name).is_file():
            return folder / name
    problem = f"netpos ships no document '{name}'"
    raise InputError(problem, remedy="install netpos again if it should be there")


@cache
def _data() -> Path:
    """Return the folder of bundled data: in an installed package, or beside it in a checkout."""
    package = Path(str(importlib.resources.files("netpos")))
    inside, beside = package / "data", package.parent / "data"
    return beside if not inside.is_dir() and (beside / "sources.toml").is_file() else inside


def read_text_table(path: Path, columns: Sequence[str]) -> pl.DataFrame:
    """Read a CSV as text, blank as null ("NA" is Namibia), surrounding blanks taken off."""
    if not path.is_file():
        raise InputError("no such file", file=path, remedy="check the path")
    try:
        table = pl.read_csv(path, infer_schema=False)
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as cause:
        reason = str(cause).splitlines()[0]
        raise InputError(f"not a CSV table ({reason})", file=path) from cause
    table = table.rename({c: c.strip().lstrip("\ufeff") for c in table.columns})
    require(table, dict.fromkeys(columns, pl.String()), name=str(path))
    text = pl.all().str.strip_chars()
    return table.select(pl.when(text == "").then(None).otherwise(text).name.keep())


@cache
def countries() -> pl.DataFrame:
    """Return all countries: one row per ISO 3166-1 code plus Kosovo, sorted by code.

    Returns
    -------
    pl.DataFrame
        ``iso2, iso3, numeric, name_en, name_nl`` String; ``numeric`` is null for Kosovo.

    References
    ----------
    ISO 3166-1; names after Unicode CLDR, in their everyday form.

    Examples
    --------
    >>> countries().filter(pl.col("iso2") == "NA").row(0)
    ('NA', 'NAM', '516', 'Namibia', 'Namibië')
    """
    columns = ("iso2", "iso3", "numeric", "name_en", "name_nl")
    return read_text_table(data_path("countries.csv"), columns).select(columns).sort("iso2")


@cache
def offices() -> dict[str, tuple[str, str]]:
    """Return offices and organisations: code to English and Dutch name."""
    columns = ("office", "name_en", "name_nl")
    table = read_text_table(data_path("offices.csv"), columns)
    return {o: (en, nl) for o, en, nl in table.select(columns).iter_rows()}


@cache
def successors() -> pl.DataFrame:
    """Return historic codes: ``code, country, from, to, name_en, name_nl, state``.

    ``state`` is false for another code of the same country (UK, EL), which shares its memberships.
    """
    columns = ("code", "country", "from", "to", "name_en", "name_nl", "state")
    return read_text_table(data_path("successors.csv"), columns).with_columns(
        pl.col("from", "to").str.to_date(), state=pl.col("state") == "true"
    )


@cache
def _names() -> dict[str, tuple[str, str]]:
    columns = ("name_en", "name_nl")
    historic = successors().unique("code", keep="first", maintain_order=True)
    table = pl.concat(
        [
            historic.select("code", *columns),
            countries().select(pl.col("iso2").alias("code"), *columns),
        ]
    )
    return {**offices(), **UNIONS, **{c: (en, nl) for c, en, nl in table.iter_rows()}}


@cache
def _codes() -> frozenset[str]:
    return frozenset(countries()["iso2"])


def is_country(code: str) -> bool:
    """Tell whether a code is that of a country of today (ISO 3166-1 alpha-2, or XK).

    Examples
    --------
    >>> is_country("NA"), is_country("EP"), is_country("SU"), is_country("UK")
    (True, False, False, False)
    """
    return code in _codes()


def is_office(code: str) -> bool:
    """Tell whether a code is that of an office or organisation, which is never a country.

    Examples
    --------
    >>> is_office("EP"), is_office("WO"), is_office("NL")
    (True, True, False)
    """
    return code in offices()


def name(code: str, lang: str = "en") -> str:
    """Return the everyday name of a country, bloc, historic state or office; others stay.

    Parameters
    ----------
    code
        A code; a label that is none (a node of a user's table) comes back unchanged.
    lang
        ``en`` or ``nl``.

    Raises
    ------
    OptionError
        Another language.

    Examples
    --------
    >>> name("KR"), name("KR", "nl"), name("SU"), name("Rest of the world")
    ('South Korea', 'Zuid-Korea', 'Soviet Union', 'Rest of the world')
    """
    if lang not in ("en", "nl"):
        raise OptionError(f"language '{lang}' is not known", remedy="use en or nl")
    names = _names().get(code)
    return code if names is None else names[lang == "nl"]


def node_names(lang: str) -> pl.DataFrame:
    """Return the names of all that can be a node among countries: ``country``, ``name``.

    Parameters
    ----------
    lang
        ``en`` or ``nl``.

    Examples
    --------
    >>> node_names("nl").filter(pl.col("country") == "EU27").row(0)
    ('EU27', 'Europese Unie (27)')
    """
    named = [{"country": code, "name": both[lang == "nl"]} for code, both in UNIONS.items()]
    states = countries().select(country="iso2", name=f"name_{lang}")
    return pl.concat([states, pl.DataFrame(named)])


def with_names(table: pl.DataFrame, lang: str) -> pl.DataFrame:
    """Add a column ``name`` behind ``country``: its everyday name, null where it is no country.

    Parameters
    ----------
    table
        Has a column ``country`` of codes; the order of its rows stays.
    lang
        ``en`` or ``nl``.

    Examples
    --------
    >>> with_names(pl.DataFrame({"country": ["KR", "EP"], "families": [3, 1]}), "nl").rows()
    [('KR', 'Zuid-Korea', 3), ('EP', None, 1)]
    """
    names = node_names(lang)
    at = table.columns.index("country") + 1
    columns = [*table.columns[:at], "name", *table.columns[at:]]
    return table.join(names, on="country", how="left", maintain_order="left").select(columns)
