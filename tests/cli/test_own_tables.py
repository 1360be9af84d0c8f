"""Commands that take the user's own tables: what is wrong in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.test_bad_input import netpos, refused


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("citing,cited,weight\nNL,DE,-1\n", (":2:", "-1", "less than 0")),
        ("citing,cited,weight\nNL,DE,2\nDE,NL,many\n", (":3:", "many", "not a number")),
        ("citing,cited,weight\nNL,DE,nan\n", (":2:", "nan")),
        ("citing,cited,weight\nNL,DE,inf\n", (":2:", "inf")),
        ("citing,cited,weight\nNL,DE,\n", (":2:", "empty")),
        ("citing,cited,weight\n,DE,1\n", (":2:", "citing")),
        ("citing,cited,weight\nNL,DE\n", (":2:",)),
        ("citing,cited\nNL,DE\n", ("weight",)),
        ("from,to,weight\nNL,DE,1\n", ("citing",)),
        ("citing,cited,weight\n", ("no rows",)),
    ],
)
def test_a_wrong_table_of_links_is_one_line(
    tmp_path: Path, text: str, words: tuple[str, ...]
) -> None:
    (tmp_path / "l.csv").write_text(text)
    refused(netpos("links", tmp_path / "l.csv", "--out", tmp_path / "o"), "l.csv", *words)
    assert not (tmp_path / "o" / "tables").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("country,product,value\nNL,a,1\n", ("NL", "2 by 2")),
        ("country,product,value\nNL,a,1\nNL,b,2\n", ("NL", "2 by 2")),
        ("country,product,value\nNL,a,1\nDE,a,2\n", ("a", "2 by 2")),
        ("country,product,value\nNL,a,1\nDE,b,-2\n", (":3:", "-2")),
        ("country,product,value\nNL,a,1\nDE,b,x\n", (":3:", "x")),
        ("country,product,value\nNL,a,1\nNL,a,2\nDE,b,1\n", (":3:", "NL, a")),
        ("country,product,value,year\nNL,a,1,2015\nDE,b,2,2015\nNL,a,1,2016\n", ("2016",)),
    ],
)
def test_a_matrix_that_is_too_small_or_wrong_is_one_line(
    tmp_path: Path, text: str, words: tuple[str, ...]
) -> None:
    (tmp_path / "m.csv").write_text(text)
    refused(netpos("complexity", tmp_path / "m.csv", "--out", tmp_path / "o"), *words)
