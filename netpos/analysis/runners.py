"""What is needed of another engine, DuckDB or Spark: read, keep, write and drop tables by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from netpos.errors import OptionError

if TYPE_CHECKING:
    import duckdb

_TYPES: dict[Any, str] = {pl.String: "string", pl.Int64: "bigint"}


class DuckDB:
    """The things that are needed of DuckDB."""

    name = "DuckDB"

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        self.kept: set[str] = set()

    def read(self, name: str, path: str) -> None:
        """Call a Parquet file by a name."""
        self.connection.execute(
            f"CREATE OR REPLACE TEMP VIEW {name} AS SELECT * FROM read_parquet({_quoted(path)})"
        )

    def text(self, path: str) -> str:
        """Return what a file of text says."""
        return str(self.rows(f"SELECT content FROM read_text({_quoted(path)})")[0][0])

    def put(self, name: str, frame: pl.DataFrame) -> None:
        """Call a small table by a name."""
        self.connection.register(name, frame.to_arrow())

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return self.connection.execute(query).fetchall()

    def keep(self, name: str, query: str) -> None:
        """Run a query and keep its result under a name."""
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {query}")
        self.kept.add(name)

    def write(self, name: str, path: str) -> None:
        """Write a table to Parquet, in place of what is there."""
        if "://" not in path:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        self.connection.execute(f"COPY (SELECT * FROM {name}) TO {_quoted(path)} (FORMAT parquet)")

    def drop(self, name: str) -> None:
        """Forget a name."""
        kind = "TABLE" if name in self.kept else "VIEW"
        self.connection.execute(f"DROP {kind} IF EXISTS {name}")


class Spark:
    """The same of Spark, whose classes are not imported: the session brings them along."""

    name = "Spark"

    def __init__(self, session: Any) -> None:  # noqa: ANN401 - pyspark may be absent
        self.session = session
        self.kept: dict[str, Any] = {}

    def read(self, name: str, path: str) -> None:
        """Call a Parquet file by a name."""
        self.session.read.parquet(path).createOrReplaceTempView(name)

    def text(self, path: str) -> str:
        """Return what a file of text says."""
        return str(self.session.read.text(path, wholetext=True).collect()[0][0])

    def put(self, name: str, frame: pl.DataFrame) -> None:
        """Call a small table by a name."""
        types = ", ".join(f"{column} {_TYPES[t]}" for column, t in frame.schema.items())
        table = self.session.createDataFrame(frame.rows(), types)
        table.hint("broadcast").createOrReplaceTempView(name)  # its size is not known to Spark

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return [tuple(row) for row in self.session.sql(query).collect()]

    def keep(self, name: str, query: str) -> None:
        """Run a query and keep its result under a name."""
        self.kept[name] = self.session.sql(query).cache()
        self.kept[name].count()  # made now: how to join it is decided by its size
        self.kept[name].createOrReplaceTempView(name)

    def write(self, name: str, path: str) -> None:
        """Write a table to a folder of Parquet files, in place of what is there."""
        self.session.table(name).write.mode("overwrite").parquet(path)

    def drop(self, name: str) -> None:
        """Forget a name."""
        self.session.catalog.dropTempView(name)
        if name in self.kept:
            self.kept.pop(name).unpersist()


def _quoted(path: str) -> str:
    return "'" + path.replace("'", "''") + "'"


def runner_of(engine: Any) -> DuckDB | Spark:  # noqa: ANN401 - a connection or a session
    """Return what runs queries on a DuckDB connection or a Spark session.

    Raises
    ------
    OptionError
        The engine is neither of the two.

    Examples
    --------
    >>> import duckdb
    >>> runner_of(duckdb.connect()).name
    'DuckDB'
    """
    if type(engine).__name__ == "DuckDBPyConnection":  # which need not be loaded for Spark
        return DuckDB(engine)
    if all(hasattr(engine, name) for name in ("sql", "read", "createDataFrame", "catalog")):
        return Spark(engine)
    problem = f"engine {type(engine).__name__}: neither a DuckDB connection nor a Spark session"
    raise OptionError(problem, remedy="pass duckdb.connect() or SparkSession...getOrCreate()")


class Tables:
    """Tables of an engine under the names that they were given, forgotten at the end."""

    def __init__(self, runner: DuckDB | Spark) -> None:
        self.runner = runner
        self.made: list[str] = []

    def read(self, where: str, tables: Iterable[str]) -> None:
        """Call tables of a corpus ``netpos_`` and their name."""
        for table in tables:
            self.made.append(f"netpos_{table}")
            self.runner.read(self.made[-1], f"{where}/{table}.parquet")

    def put(self, small: Mapping[str, pl.DataFrame]) -> None:
        """Hand over small tables."""
        for name, frame in small.items():
            self.made.append(name)
            self.runner.put(name, frame)

    def keep(self, queries: Mapping[str, str]) -> None:
        """Run queries one after the other, each kept under its name."""
        for name, query in queries.items():
            self.made.append(name)
            self.runner.keep(name, query)


@contextmanager
def tables_of(runner: DuckDB | Spark) -> Iterator[Tables]:
    """Give tables names, and take the names back whatever happens."""
    tables = Tables(runner)
    try:
        yield tables
    finally:
        for name in reversed(tables.made):
            runner.drop(name)
