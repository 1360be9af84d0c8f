"""Fixtures of the tests of other engines."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from netpos.ingest.corpus import Corpus, ingest
from tests.analysis.engine_corpus import records
from tests.lens import write


@pytest.fixture(scope="module")
def engine_corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    folder = tmp_path_factory.mktemp("engines")
    return ingest([write(folder / "a.jsonl", records())], folder / "corpus", processes=1)


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    """A Spark session on this machine; skipped where Spark or Java is absent."""
    if shutil.which("java") is None:
        pytest.skip("Java is not installed: Spark needs it (openjdk-17-jre-headless)")
    sql = pytest.importorskip(
        "pyspark.sql", reason="pyspark is absent: pip install 'netpos[spark]'"
    )
    session = (
        sql.SparkSession.builder.master("local[2]")
        .appName("netpos")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.sql.codegen.wholeStage", "false")  # small data: compiling takes longest
        .config("spark.sql.adaptive.enabled", "false")
        .config("spark.log.level", "ERROR")
        .getOrCreate()
    )
    yield session
    session.stop()
