"""Every command that a page prints stands alone in one ``<code>`` and runs there as printed."""

from __future__ import annotations

import html
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from netpos.cli import app
from netpos.countries import data_path
from tests.lens import FAST, QUANTUM, few
from tests.viz.lens_sheet import families, write_sheet

DEMO = str(data_path("demo_synthetic_lens.jsonl.gz"))
#: A command with its arguments, wherever it stands in a text.
CALL = re.compile(r"netpos [a-z]+ +(?:--[a-z]|\.(?= )|corpus\b)")


def made(kind: str, folder: Path) -> Path:
    """Results of one kind of run."""
    calls = {
        "world": [DEMO, *few(folder, "quantum", "semiconductor"), "--compare-with", "US,CN"],
        "own list": [DEMO, *QUANTUM],
        "focal": [DEMO, *few(folder, "quantum"), "--design", "focal", "--focal", "NL"],
        "csv": [str(write_sheet(folder / "e.csv", families())), *few(folder, "quantum", "ai_data")],
    }
    out = folder / "results"
    done = CliRunner().invoke(app, ["run", *calls[kind], "--out", str(out), *FAST])
    assert done.exit_code == 0, done.stderr
    return out


@pytest.mark.parametrize("kind", ["world", "own list", "focal", "csv"])
def test_every_printed_command_stands_alone_and_runs(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = made(kind, tmp_path)
    printed: dict[str, Path] = {}
    for path in [*out.glob("*.html"), *out.glob("maps/*.html")]:
        text = re.sub(r"<(script|style)\b.*?</\1>", "", path.read_text("utf-8"), flags=re.DOTALL)
        codes = [html.unescape(c) for c in re.findall(r"<code>(.*?)</code>", text, re.DOTALL)]
        calls = [c for c in codes if c.startswith("netpos ")]
        assert not any(CALL.search(c) for c in codes if c not in calls), path.name
        without = html.unescape(re.sub(r"<[^>]+>", "", re.sub(r"<code>.*?</code>", "", text)))
        assert not CALL.search(without), (path.name, CALL.search(without))
        assert all(c.count("netpos ") == 1 for c in calls)
        printed |= dict.fromkeys(calls, path)
    assert any(path.name == "index.html" for path in printed.values())
    monkeypatch.chdir(out)
    for call, path in printed.items():
        done = CliRunner().invoke(app, shlex.split(call)[1:])
        assert done.exit_code == 0, (path.name, call, done.stderr)
        assert done.stdout.strip(), call


@pytest.mark.e2e
def test_the_call_in_the_panel_of_a_map_runs_and_stands_only_where_it_would(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, browser
) -> None:
    out = made("world", tmp_path)
    context = browser.new_context(offline=True)
    page = context.new_page()
    shown = {}
    for name in ("quantum", "quantum-organisations"):
        page.goto((out / "maps" / f"{name}.html").as_uri())
        page.evaluate(
            "state.period = 1; const k = DATA.periods[1].links; App.choose({ link: [k[0], k[1]] })"
        )
        shown[name] = page.locator("#panel code").all_inner_texts()
    context.close()
    assert shown["quantum-organisations"] == []
    assert len(shown["quantum"]) >= 1
    monkeypatch.chdir(out)
    for call in shown["quantum"]:
        done = CliRunner().invoke(app, shlex.split(call)[1:])
        assert done.exit_code == 0, (call, done.stderr)
        assert not done.stdout.startswith("citations") or " from 0 families" not in done.stdout
