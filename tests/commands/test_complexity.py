"""Complexity from a matrix of one's own, from the command line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner, Result

from netpos.cli import app


def netpos(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def fails(result: Result, *words: str) -> None:
    assert result.exit_code == 2, (result.stdout, result.stderr)
    lines = [x for x in result.stderr.splitlines() if x.startswith("netpos: ")]
    assert len(lines) == 1
    for word in words:
        assert word in lines[0]


def test_complexity_of_traded_services_is_the_published_presence(
    real: Path, tmp_path: Path
) -> None:
    folder = real / "complexity_reference" / "services_2016"
    trade = pl.read_csv(folder / "services_trade_2016.csv.gz", null_values="NA")
    country, product, value = trade.columns[:3]
    # one published value is negative and counts as 0 in the published tables
    cells = trade.select(
        country=country, product=product, value=pl.col(value).cast(pl.Float64).clip(0)
    )
    cells.write_csv(tmp_path / "m.csv")
    result = netpos("complexity", tmp_path / "m.csv", "--out", tmp_path / "o")
    assert result.exit_code == 0, result.stderr
    found = pl.read_csv(tmp_path / "o" / "tables" / "countries.csv")
    published = pl.read_csv(folder / "diversity.csv.gz")
    expected = dict(published.select(published.columns[:2]).iter_rows())
    got = dict(found.select("country", "diversity").iter_rows())
    assert {k: v for k, v in got.items() if k in expected} == expected


def test_complexity_of_the_nested_matrix_is_the_worked_one(tmp_path: Path) -> None:
    nested = np.array([[1, 1, 1, 1], [1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 0, 0]])
    # values whose RCA is the nested matrix: large where 1, none elsewhere
    rows = "".join(
        f"c{i},p{j},{10 ** (4 - j) if nested[i, j] else 0}\n" for i in range(4) for j in range(4)
    )
    (tmp_path / "n.csv").write_text("country,product,value\n" + rows)
    result = netpos("complexity", tmp_path / "n.csv", "--out", tmp_path / "o")
    assert result.exit_code == 0
    cells = pl.read_csv(tmp_path / "o" / "tables" / "cells.csv")
    x = cells.pivot("product", index="country", values="value").sort("country")
    m = x.select(sorted(c for c in x.columns if c != "country")).to_numpy().astype(float)
    rca = (m / m.sum(1, keepdims=True)) / (m.sum(0) / m.sum())
    got = cells.pivot("product", index="country", values="rca").sort("country")
    assert got.select(sorted(c for c in got.columns if c != "country")).to_numpy() == (
        pytest.approx(rca, rel=1e-11)
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("country,product,value\nNL,a,1\n", ("NL",)),
        ("country,product,value\nNL,a,1\nDE,a,x\nDE,b,1\n", (":3:", "x")),
        ("country,product\nNL,a\n", ("value",)),
    ],
)
def test_a_wrong_matrix_is_named(tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    (tmp_path / "m.csv").write_text(text)
    fails(netpos("complexity", tmp_path / "m.csv", "--out", tmp_path / "o"), "m.csv", *words)
