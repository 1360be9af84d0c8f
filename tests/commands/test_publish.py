"""What a command without maps writes: all of it or nothing."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from netpos.commands.publish import publish
from netpos.viz.report.findings import Findings, Section

PAGE = Findings(lang="en", title="Title", lead="Lead", facts={}, notes=["a note"], sections=[])
TABLE = pl.DataFrame({"country": ["NL"], "share": [1 / 3]})


def test_tables_have_twelve_digits_and_the_manifest_names_input_and_options(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("a\n1\n", encoding="utf-8")
    out = tmp_path / "o"
    options = {"table": tmp_path / "in.csv", "top": 2}
    page = publish(PAGE, {"links": TABLE}, out, inputs=[tmp_path / "in.csv"], options=options)
    assert page == out / "index.html"
    assert (out / "tables" / "links.csv").read_text("utf-8").splitlines()[1] == "NL,0.333333333333"
    run = json.loads((out / "run.json").read_text("utf-8"))
    digest = hashlib.sha256(b"a\n1\n").hexdigest()
    assert run["inputs"] == [{"name": "in.csv", "sha256": digest}]
    assert run["options"] == {"table": "in.csv", "top": 2}  # no folder of this machine
    assert run["warnings"] == ["a note"]


@pytest.mark.parametrize("png", [False, True])
def test_a_png_is_written_and_linked_only_where_it_is_asked_for(tmp_path: Path, png: bool) -> None:
    from netpos.viz.charts.companies import two_shares
    from tests.viz.charts.drawing import WORDS

    rows = pl.DataFrame(
        {"technology": ["q"], **{f"{c}{end}": [0.1] for c in "ab" for end in ("", "_low", "_high")}}
    )
    page = replace(PAGE, captions={"f": "Shares."}, sections=[Section("Part", [], ["f"])])
    drawn = {"f": two_shares(rows, "ab", "ab", WORDS)}
    out = tmp_path / "o"
    publish(page, {"links": TABLE}, out, inputs=[], options={}, drawn=drawn, png=png)
    endings = {".svg", ".csv"} | ({".png"} if png else set())
    assert {p.suffix for p in (out / "figures").iterdir()} == endings
    links = re.findall(r'href="figures/f([^"]+)"', (out / "index.html").read_text("utf-8"))
    assert set(links) == endings
    run = json.loads((out / "run.json").read_text("utf-8"))
    assert run["options"] == ({"png": True} if png else {})
    assert {f"figures/f{end}" for end in endings} <= set(run["outputs"])
    if png:
        assert (out / "figures" / "f.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_where_a_figure_has_no_caption_nothing_is_written(tmp_path: Path) -> None:
    from netpos.viz.charts.companies import two_shares
    from tests.viz.charts.drawing import WORDS

    rows = pl.DataFrame(
        {"technology": ["q"], **{f"{c}{end}": [0.1] for c in "ab" for end in ("", "_low", "_high")}}
    )
    drawn = {"f": two_shares(rows, "ab", "ab", WORDS)}
    with pytest.raises(KeyError):
        publish(PAGE, {"links": TABLE}, tmp_path / "o", inputs=[], options={}, drawn=drawn)
    assert not (tmp_path / "o").exists()
