r"""Sums that feed tables and draws, made by another engine, and what netpos makes of them.

Tables need sums by country; draws weigh units (`netpos.indicators.resampling`), so they need the
same sums by the units at both ends:

.. math:: W_{ij}^{uv} = \sum_{f \in u,\, g \in v} a_i(f)\, a_j(g), \qquad
          N_i^u = \sum_{f \in u} a_i(f)

with :math:`a_i(f)` the share of country i in family f. What was a row per citation is then a row
per pair of units and countries, and the draws run on one machine however large the corpus is.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl
from scipy.sparse import csr_array

from netpos import countries
from netpos.analysis.aggregate_queries import SUMS, WRITTEN, aggregate_queries
from netpos.analysis.chosen import UNION
from netpos.analysis.coverage import with_measurable
from netpos.analysis.engines import put_tables
from netpos.analysis.runners import runner_of, tables_of
from netpos.analysis.selection import without_international
from netpos.errors import InputError, OptionError, TableError
from netpos.indicators import position, uncertainty
from netpos.indicators.measured import Measured
from netpos.indicators.resampling import Bilinear, Held, Network, numbers
from netpos.options import Options
from netpos.tables import Links, rounded

_ABOUT = "about"
_SIZES = ("families", "families_to_date", "families_international", "cited_by_families")


def aggregates_on(
    engine: Any,  # noqa: ANN401 - a DuckDB connection or a Spark session, which need not be there
    folder: str | os.PathLike[str],
    into: str | os.PathLike[str],
    options: Options | None = None,
) -> None:
    r"""Sum what tables and draws are made of with DuckDB or Spark, and write it to Parquet.

    .. math:: W_{ij}^{uv} = \sum_{f \in u,\, g \in v} a_i(f)\, a_j(g), \qquad
              N_i^u = \sum_{f \in u} a_i(f)

    with :math:`a_i(f)` the share of country i in family f, and u, v units: an organisation with
    the families that it holds alone, or one family that nobody or several hold. The same SQL runs
    on both engines (`netpos.aggregate_queries`); only small tables travel through the driver.
    `netpos.Aggregates` reads the result.

    Parameters
    ----------
    engine
        A connection from ``duckdb.connect()``, or a Spark session; the memory and the cores it may
        use are set there.
    folder
        The corpus (``netpos ingest``); for Spark any path it can read, as ``hdfs://...``.
    into
        Where the tables go, for Spark any path it can write; tables of an earlier call are
        replaced. DuckDB writes a file each, Spark a folder of files: ``sizes`` (a row per
        technology, period, country), ``families`` and ``located`` (per unit), ``coverage``,
        ``links`` (per pair of countries and units), ``units``, ``about``.
    options
        Those that `netpos.links_on` follows, and of the reading side ``focal``, ``core``,
        ``memberships``, ``data_date``; the defaults are those of the command line.

    Raises
    ------
    OptionError
        ``engine`` is neither of the two, or an option is set that the queries do not follow, as in
        `netpos.links_on`.
    TableError
        The engine returned a sum without a value.

    References
    ----------
    `netpos.docs_path("engines.md")` for columns, sizes and what a cluster needs; Owen 2007,
    doi:10.1214/07-AOAS122, for draws of units at both ends.

    Examples
    --------
    >>> import tempfile, duckdb, netpos
    >>> from pathlib import Path
    >>> from netpos.ingest.corpus import ingest
    >>> from netpos.countries import data_path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     corpus, sums = Path(folder, "corpus"), Path(folder, "sums")
    ...     _ = ingest([data_path("demo_synthetic_lens.jsonl.gz")], corpus)
    ...     netpos.aggregates_on(duckdb.connect(), corpus, sums)
    ...     print(*sorted(path.stem for path in sums.iterdir()))
    about coverage families links located sizes units
    """
    options = options or Options()
    queries = aggregate_queries(options)
    runner = runner_of(engine)
    where, there = (os.fspath(path).rstrip("/") for path in (folder, into))
    newest = json.loads(runner.text(f"{where}/corpus.json")).get("newest")
    with tables_of(runner) as tables:
        technologies = put_tables(tables, where, options)
        tables.read(where, ["outside"])
        tables.keep(queries)
        for name, made in WRITTEN.items():
            if runner.rows(f"SELECT COUNT(*) FROM {made} WHERE {SUMS[name]} IS NULL")[0][0]:
                problem = f"{name} from {runner.name}: a row has no value"
                raise TableError(f"{problem}; the sums are not usable")
            runner.write(made, f"{there}/{name}.parquet")
        listed = "SELECT COUNT(*) FROM netpos_families WHERE offices_known"
        about = {
            "offices_known": json.dumps(runner.rows(listed)[0][0] > 0),
            "options": options.model_dump_json(),
            "newest": options.data_date or newest,
            "technologies": json.dumps([*(t.id for t in technologies), UNION]),
        }
        tables.put({"netpos_about": pl.DataFrame(about, dict.fromkeys(about, pl.String))})
        runner.write("netpos_about", f"{there}/{_ABOUT}.parquet")


@dataclass(frozen=True)
class Aggregates:
    """Sums that `netpos.aggregates_on` has written: tables and draws without the corpus.

    One technology and period is read at a time. What rests on the value of families
    (``value_share``) is not among the sums: it needs `netpos run`.

    Attributes
    ----------
    folder
        Where the tables are, on this machine: those of a cluster are copied here.
    options
        Those that the sums were made with.
    technologies
        Their ids in the order of their definitions, ``all`` last.
    year
        Reference year of memberships: that of the date of the data; None where no record has a
        date.
    offices_known
        Whether any export lists the offices of the members of a family; without it nothing is said
        of international families.

    Examples
    --------
    >>> import tempfile, duckdb, netpos
    >>> from pathlib import Path
    >>> from netpos.ingest.corpus import ingest
    >>> from netpos.countries import data_path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     corpus, sums = Path(folder, "corpus"), Path(folder, "sums")
    ...     _ = ingest([data_path("demo_synthetic_lens.jsonl.gz")], corpus)
    ...     netpos.aggregates_on(duckdb.connect(), corpus, sums)
    ...     aggregates = netpos.Aggregates.read(sums)
    ...     countries = aggregates.countries("quantum", "all")
    ...     draws = aggregates.measured("quantum", "all").draw(draws=10, seed=0)
    >>> draws["family_share"].shape == (10, countries.height)
    True
    """

    folder: Path
    options: Options
    technologies: tuple[str, ...]
    year: int | None
    offices_known: bool

    @classmethod
    def read(cls, folder: str | os.PathLike[str]) -> Aggregates:
        """Open what was written.

        Raises
        ------
        InputError
            There are no aggregates in the folder.
        """
        where = Path(folder)
        try:
            about = _scan(where, _ABOUT).collect().row(0, named=True)
        except (OSError, pl.exceptions.PolarsError) as error:
            remedy = "make them with netpos.aggregates_on"
            raise InputError("no aggregates", file=where, remedy=remedy) from error
        options = Options.model_validate_json(about["options"])
        focal = countries.check_focal(options.focal, unions=True)
        options = options.model_copy(update={"focal": focal})
        newest = about["newest"]
        names = tuple(json.loads(about["technologies"]))
        year = None if newest is None else int(newest[:4])
        return cls(where, options, names, year, json.loads(about["offices_known"]))

    def table(self, name: str, technology: str, period: str) -> pl.DataFrame:
        """Read the rows of one technology and period: ``sizes, families, located, coverage`` or
        ``links``, sorted.

        Raises
        ------
        OptionError
            The technology or the period is unknown.
        """
        known = [name for name, _ in self.options.spans()]
        for word, value, of in (
            ("technology", technology, self.technologies),
            ("period", period, known),
        ):
            if value not in of:
                raise OptionError(f"{word} '{value}' is unknown", remedy=f"known: {', '.join(of)}")
        rows = _scan(self.folder, name).filter(
            (pl.col("technology") == technology) & (pl.col("period") == period)
        )
        found = rows.drop("technology", "period").collect()
        return found.sort([c for c, t in found.schema.items() if t != pl.Float64])

    def links(
        self, technology: str, period: str, *, of: Literal["links", "sources"] = "links"
    ) -> Links:
        """Sum the links between countries, as `netpos.country_links` makes them.

        Parameters
        ----------
        technology, period
            As in the options; ``all`` for all.
        of
            ``links``: those of the scope of the options; ``sources``: those to all sources (scope
            ``citing``).

        Returns
        -------
        Links
            With ``families, families_to_date, families_international, cited_by_families`` of the
            nodes.
        """
        pairs = self.table("links", technology, period)
        return self._links(pairs, self.table("sizes", technology, period), technology, period, of)

    def _links(
        self, pairs: pl.DataFrame, sizes: pl.DataFrame, technology: str, period: str, of: str
    ) -> Links:
        table = (
            pairs.filter(pl.col(f"in_{of}"))
            .group_by("citing", "cited")
            .agg(pl.col("weight").sum(), pl.col("citations").sum())
            .sort("citing", "cited")
        )
        named = [table["citing"], table["cited"], pl.Series([self.options.focal], dtype=pl.String)]
        named.append(sizes.filter(pl.col("families") > 0)["country"])
        nodes = pl.DataFrame({"node": pl.concat([s.alias("node") for s in named]).unique().sort()})
        nodes = nodes.join(
            sizes.select(pl.col("country").alias("node"), *_SIZES),
            on="node",
            how="left",
            maintain_order="left",
        ).with_columns(pl.col(_SIZES).fill_null(0.0))
        scope = self.options.scope if of == "links" else "citing"
        about = (technology, period, self.options.counting, scope)
        return Links(nodes, table, "country", *about)

    def countries(self, technology: str, period: str) -> pl.DataFrame:
        """Compute the table of countries, as `netpos run` has it in ``countries.csv`` but for what
        rests on the value of families, expectations and Hill numbers.

        Parameters
        ----------
        technology, period
            As in the options; ``all`` for all.

        Returns
        -------
        pl.DataFrame
            Columns of `netpos.indicators.position.country_table`, and ``measurable``.

        Raises
        ------
        InputError
            No record of the corpus has a date.
        """
        pairs, sizes = (self.table(name, technology, period) for name in ("links", "sizes"))
        return self._countries(pairs, sizes, technology, period)

    def _countries(
        self, pairs: pl.DataFrame, sizes: pl.DataFrame, technology: str, period: str
    ) -> pl.DataFrame:
        closed, citing = (
            self._links(pairs, sizes, technology, period, of) for of in ("links", "sources")
        )
        placed = self.table("located", technology, period)
        table = position.country_table(
            closed,
            citing,
            focal=self.options.focal,
            year=self._year,
            method=self.options.core,
            memberships=self._memberships,
            located=(
                float(placed["families"].sum()),
                float(placed["families_international"].sum()),
            ),
        )
        if not self.offices_known:
            table = without_international(table)
        return with_measurable(table, rounded(self.table("coverage", technology, period)))

    def measured(self, technology: str, period: str) -> Measured:
        """Return what draws and errors of one technology and period are made of.

        ``measured(...).draw(1000, seed=0)`` has every indicator in every draw, with the same
        weights as a run with this seed.

        Raises
        ------
        InputError
            No record of the corpus has a date.
        """
        pairs, sizes, families, placed = (
            self.table(name, technology, period)
            for name in ("links", "sizes", "families", "located")
        )
        keys = [pl.lit(technology).alias("technology"), pl.lit(period).alias("period")]
        table = self._countries(pairs, sizes, technology, period).select(*keys, pl.all())
        names = table["country"].to_list()
        units = [pairs["citing_unit"], pairs["cited_unit"], families["unit"], placed["unit"]]
        at = _rows(families["country"], names)
        own = Held(_array(families["unit"]), at, families["share"].to_numpy())
        nowhere = np.zeros(placed.height, dtype=np.int64)
        return Measured.summed(
            uncertainty.checked(table),
            _parts(self.folder, pl.concat([u.alias("unit") for u in units]).unique()),
            _network(pairs.filter(pl.col("citing") != pl.col("cited")), names),
            own,
            Held(_array(placed["unit"]), nowhere, placed["families"].cast(pl.Float64).to_numpy()),
            year=self._year,
            memberships=self._memberships,
            method=self.options.core,
        )

    def indicators(
        self, technology: str, period: str, *, draws: int = 1000, seed: int = 0
    ) -> pl.DataFrame:
        """Compute 95 % intervals of the indicators of every country, as in ``indicators.csv``.

        Parameters
        ----------
        technology, period
            As in the options; ``all`` for all.
        draws, seed
            As in `netpos run`.

        Returns
        -------
        pl.DataFrame
            See `netpos.indicators.uncertainty.intervals`; without ``value_share``.

        Raises
        ------
        OptionError
            ``draws`` or ``seed`` is negative.
        """
        ready = self.measured(technology, period)
        found = uncertainty.resampling_of(ready, draws=draws, seed=seed)().intervals()
        return found.filter(pl.col("indicator") != "value_share")

    @property
    def _year(self) -> int:
        if self.year is None:
            raise InputError("no record has a publication date", remedy="set data_date in options")
        return self.year

    @property
    def _memberships(self) -> pl.DataFrame | None:
        path = self.options.memberships
        return countries.memberships(Path(path)) if path else None


def _scan(folder: Path, name: str) -> pl.LazyFrame:
    """Scan a file of DuckDB, or a folder of Spark: beside its files Spark leaves others."""
    path = folder / f"{name}.parquet"
    return pl.scan_parquet(path / "*.parquet" if path.is_dir() else path)


def _array(column: pl.Series) -> np.ndarray[Any, np.dtype[np.int64]]:
    return column.cast(pl.Int64).to_numpy()


def _rows(names: pl.Series, countries: list[str]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Place of each name among the countries."""
    distinct = names.unique().sort()
    place = numbers(distinct.to_list(), countries)
    at = distinct.search_sorted(names).to_numpy()
    return np.asarray(place[at], dtype=np.int64)


def _parts(folder: Path, used: pl.Series) -> csr_array:
    """Clusters of the units that are used, as `netpos.indicators.weights.units`."""
    wanted = pl.LazyFrame({"unit": used.cast(pl.Int64)})
    found = _scan(folder, "units").join(wanted, on="unit", how="semi").collect()
    found = found.sort("unit", "cluster")
    unit, cluster = _array(found["unit"]), _array(found["cluster"])
    most = 1 + max(int(unit.max(initial=0)), int(cluster.max(initial=0)))
    return csr_array((found["share"].to_numpy(), (unit, cluster)), shape=(most, most))


def _network(abroad: pl.DataFrame, names: list[str]) -> Network:
    """Foreign links, as `netpos.indicators.resampling.Network.of` makes them of citations."""
    nodes = sorted({*names, *abroad["citing"], *abroad["cited"]})
    places = abroad.select("citing", "cited").unique().sort("citing", "cited").with_row_index("at")
    ends = _rows(places["citing"], nodes), _rows(places["cited"], nodes)
    joined = abroad.join(places, on=["citing", "cited"], how="left", maintain_order="left")
    flag = joined["in_links"].cast(pl.Int64) + 2 * joined["in_sources"].cast(pl.Int64)
    cell = _array(4 * joined["at"].cast(pl.Int64) + flag)
    cells = 4 * places.height
    entries = Bilinear.of(
        cell,
        _array(joined["citing_unit"]),
        _array(joined["cited_unit"]),
        joined["weight"].to_numpy(),
        cells,
    )
    counts = np.bincount(cell, joined["citations"].to_numpy(), cells).astype(np.float64)
    return Network(nodes, *ends, entries, counts)
