"""The same analysis from the user's own table of links: ``netpos links``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from netpos import countries
from netpos.analysis.notes import union_told
from netpos.commands.links_page import links_page
from netpos.commands.publish import publish
from netpos.errors import InputError
from netpos.files import portable_name
from netpos.graph import dependence
from netpos.indicators import position
from netpos.ingest.user_tables import label_countries, read_families, read_links
from netpos.outputs import Outputs
from netpos.progress import Report
from netpos.tables import Links, rounded
from netpos.viz.maps import map as network_map

_WHOLE = "all"


def analyse_links(
    file: Path,
    out: Path,
    *,
    focal: str = "NL",
    families: Path | None = None,
    year: int = 2025,
    benchmark: str | None = None,
    lang: str = "en",
    png: bool = False,
    report: Report | None = None,
) -> Path:
    """Make indicators, tables, maps, a page and a workbook from a table of links.

    The table is ``citing,cited,weight[,technology,period]``.

    Parameters
    ----------
    file
        The link table.
    out
        Where the results go.
    focal
        Country in focus.
    families
        ``country,families[,technology,period]``; without it sizes and what is divided by them
        stay empty.
    year
        Reference year of memberships.
    benchmark
        Countries in figures and tables of the page: a set or codes, see
        `netpos.countries.benchmark_codes`; default: those with most citations.
    lang
        Language of names, page and maps.
    png
        Write each figure as PNG too.
    report
        Called with one line of progress at a time.

    Returns
    -------
    Path
        The page to open.

    Raises
    ------
    InputError
        A table cannot be used.
    OptionError
        ``focal`` is no country.
    """
    say = report or (lambda _: None)
    focal = countries.check_focal(focal, unions=True)
    table, warnings = label_countries(read_links(file), ["citing", "cited"])
    table, more = _complete(table, file.name)
    warnings += more
    sizes = None
    if families is not None:
        sizes, more = label_countries(read_families(families), ["country"])
        warnings += more
        sizes, more = _complete(sizes, families.name)
        warnings += more + _several(sizes, table)
    if countries.is_union(focal):
        table, sizes = _lifted(table, sizes, focal, file)
        warnings.append(union_told(focal))
    for warning in warnings:
        say(f"note: {warning}")
    rows: dict[str, list[pl.DataFrame]] = {}
    maps: dict[str, dict[str, Links]] = {}
    for technology, period, links in _selections(table, sizes, focal):
        maps.setdefault(technology, {})[period] = links
        for name, found in _tables(links, focal, year, lang).items():
            keys = [pl.lit(technology).alias("technology"), pl.lit(period).alias("period")]
            rows.setdefault(name, []).append(found.select(*keys, pl.all()))
    tables = {name: pl.concat(parts, how="vertical_relaxed") for name, parts in rows.items()}
    compared = countries.benchmark_codes(benchmark or "", focal)
    names = _map_names(maps)
    inputs = [p for p in (file, families) if p is not None]
    # made-up data say so in their file name
    synthetic = any("synthetic" in p.name for p in inputs)
    page, drawn = links_page(
        tables, names, focal, compared, warnings, year=year, lang=lang, synthetic=synthetic
    )
    first = next(iter(names.values()))
    written = publish(
        page,
        tables,
        out,
        inputs=inputs,
        options={
            "focal": focal,
            "families": families,
            "year": year,
            "benchmark": benchmark,
            "lang": lang,
        },
        drawn=drawn,
        png=png,
        extra=lambda outputs: _maps(maps, names, tables["countries"], outputs, focal, lang),
    )
    say(f"first map: {out / first}")
    return written


def _lifted(
    table: pl.DataFrame, sizes: pl.DataFrame | None, focal: str, file: Path
) -> tuple[pl.DataFrame, pl.DataFrame | None]:
    """Put a bloc in the place of its members, unless the table has both."""
    ends = pl.concat([table["citing"], table["cited"]]).unique()
    members = sorted(set(ends) & set(countries.union_members(focal)))
    if focal in set(ends) and members:
        problem = f"has links of {focal} and of its member {members[0]}, which would count twice"
        raise InputError(problem, file=file, remedy="leave out the rows of one of them")
    table = table.with_columns(countries.lifted(end, focal) for end in ("citing", "cited"))
    if sizes is not None:
        sizes = countries.summed(sizes, focal, of=("families",))
    return table, sizes


def _complete(table: pl.DataFrame, name: str) -> tuple[pl.DataFrame, list[str]]:
    """Give rows without a technology or period to ``all``, unless others tell what that is."""
    warnings = []
    for column in ("technology", "period"):
        if column not in table.columns:
            continue
        blank = pl.col(column).is_null()
        told = (pl.col(column) == _WHOLE).any()
        keys = ["technology"] if column == "period" and "technology" in table.columns else []
        both = table.select((blank & (told.over(keys) if keys else told)).alias("left"))["left"]
        if both.any():
            warnings.append(
                f"{name}: {both.sum():,} rows without a {column} are left out, since rows "
                f"'{_WHOLE}' give the whole"
            )
        table = table.filter(~both)
        if column == "technology":
            table = table.with_columns(pl.col(column).fill_null(_WHOLE))
    return table, warnings


def _several(sizes: pl.DataFrame, table: pl.DataFrame) -> list[str]:
    """Warn where families of several technologies are added up for links without one."""
    names = _values(sizes, "technology")
    if len(names) < 2 or _WHOLE in names or _values(table, "technology"):
        return []
    return [
        f"the links tell no technology: families of {len(names)} technologies are added up, so "
        "that one in several of them counts in each"
    ]


def _selections(
    table: pl.DataFrame, sizes: pl.DataFrame | None, focal: str
) -> list[tuple[str, str, Links]]:
    """Links of each technology and period.

    ``all`` is what the rows ``all`` say; where there are none it adds up all rows, those without a
    period too.
    """
    found = []
    for technology in _values(table, "technology") or [_WHOLE]:
        mine = _where(table, "technology", technology)
        own = None if sizes is None else _where(sizes, "technology", technology)
        for period in [*(p for p in _values(mine, "period") if p != _WHOLE), _WHOLE]:
            part = _where(mine, "period", period)
            size = None if own is None else _where(own, "period", period)
            found.append((technology, period, _links(part, size, focal, technology, period)))
    return found


def _values(table: pl.DataFrame, column: str) -> list[str]:
    if column not in table.columns:
        return []
    return table[column].drop_nulls().unique().sort().to_list()


def _where(table: pl.DataFrame, column: str, value: str) -> pl.DataFrame:
    """Rows with a value; for ``all`` without rows of that name every row."""
    if column not in table.columns:
        return table
    found = table.filter(pl.col(column) == value)
    return table if value == _WHOLE and not found.height else found


def _links(
    part: pl.DataFrame, size: pl.DataFrame | None, focal: str, technology: str, period: str
) -> Links:
    nodes = None
    if size is not None:
        nodes = size.group_by(node="country").agg(pl.col("families").sort().sum())
    links = Links.from_table(part, nodes, technology=technology, period=period, counting="given")
    if focal in links.countries:
        return links
    extra = links.nodes.clear(1).with_columns(node=pl.lit(focal))
    table = pl.concat([links.nodes, extra]).sort("node")
    return Links(table, links.table, technology=technology, period=period, counting="given")


def _tables(links: Links, focal: str, year: int, lang: str) -> dict[str, pl.DataFrame]:
    table = position.country_table(links, links, focal=focal, year=year)
    table = countries.with_names(table, lang)
    columns = [c for c in position.COUNTRY_COLUMNS if c in table.columns]
    return {
        "countries": table.select(columns),
        "links": rounded(links.table.select("citing", "cited", "weight", "citations")),
        "exposure": rounded(dependence.exposure(links, focal, year=year)),
        "dependents": rounded(dependence.dependents(links, focal)),
    }


def _map_names(maps: Mapping[str, object]) -> dict[str, str]:
    """Name the file of each technology's map, below the results."""
    names: dict[str, str] = {}
    for technology in maps:
        stem = portable_name(technology, [Path(name).stem for name in names.values()])
        names[technology] = f"maps/{stem}.html"
    return names


def _maps(
    maps: Mapping[str, Mapping[str, Links]],
    names: Mapping[str, str],
    table: pl.DataFrame,
    outputs: Outputs,
    focal: str,
    lang: str,
) -> None:
    """Write a map for each technology."""
    for technology, periods in maps.items():
        network_map.network_map(
            periods[_WHOLE],
            outputs.out / names[technology],
            focal=focal,
            title=technology,
            technology=technology,
            periods={p: links for p, links in periods.items() if p != _WHOLE},
            indicators=table.filter(pl.col("technology") == technology),
            lang=lang,
            synthetic=outputs.synthetic,
        )
        outputs.names.append(names[technology])
