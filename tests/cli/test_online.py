"""``netpos fetch`` as it is typed; nothing but this command goes online."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from netpos.cli import app, online
from netpos.fetching.asking import Clock
from tests.conftest import ROOT
from tests.fetching.standin import TOKEN, StandIn, Time, serving, status
from tests.lens import lens_id, record

BODY = {
    "query": {"terms": {"lens_id": [lens_id(n) for n in range(1, 6)]}},
    "size": 2,
    "scroll": "1m",
}


@pytest.fixture
def standin(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    pytest.importorskip("httpx", reason="httpx is not installed: run 'make setup'")
    time = Time()
    monkeypatch.setattr(Clock, "now", lambda _: time.now())
    monkeypatch.setattr(Clock, "sleep", lambda _, seconds: time.sleep(seconds))
    monkeypatch.setenv("LENS_API_TOKEN", TOKEN)
    with serving(StandIn([record(n) for n in range(1, 9)], clock=time)) as found:
        yield found


def call(standin: StandIn, folder: Path, *more: object, typed: str | None = None) -> Result:
    (folder / "q.json").write_text(json.dumps([{"request": BODY}]))
    arguments = ["fetch", folder / "q.json", "--out", folder / "out", "--url", standin.url, *more]
    return CliRunner().invoke(app, [str(a) for a in arguments], input=typed)


@pytest.mark.parametrize(
    ("more", "typed"), [(["--yes"], None), (["--max-records", 5], None), ([], "y\n")]
)
def test_pages_are_fetched_and_their_folder_printed(
    standin: StandIn, tmp_path: Path, more: list, typed: str | None
) -> None:
    done = call(standin, tmp_path, *more, typed=typed)
    assert done.exit_code == 0, done.stderr
    assert done.stdout == f"{tmp_path / 'out' / 'pages'}\n"
    assert "Enabled by The Lens" in done.stderr
    assert f"netpos ingest {tmp_path / 'out' / 'pages'} --corpus" in done.stderr
    assert len(list((tmp_path / "out" / "pages").glob("*/*.json"))) == 3
    result = CliRunner().invoke(
        app, ["ingest", str(tmp_path / "out"), "--corpus", str(tmp_path / "c")]
    )
    assert "5 records read = 5 kept" in result.stdout


@pytest.mark.parametrize(("typed", "code"), [("n\n", 0), ("", 2)])
def test_without_consent_nothing_is_fetched(
    standin: StandIn, tmp_path: Path, typed: str, code: int
) -> None:
    done = call(standin, tmp_path, typed=typed)
    assert (done.exit_code, done.stdout) == (code, "")
    assert standin.searches == []


def test_bars_are_taken_away_while_somebody_is_asked(
    standin: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    class Bars:
        def stop(self) -> None:
            seen.append("stop")

        def start(self) -> None:
            seen.append("start")

    class Keyboard:
        def readline(self) -> str:
            seen.append("asked")
            return "j\n"

    monkeypatch.setattr(online.State, "bars", Bars())
    monkeypatch.setattr(sys, "stdin", Keyboard())
    assert online._confirm("Fetch now?") is True
    assert seen == ["stop", "asked", "start"]


def test_a_missing_or_refused_token_names_the_variable_and_ends_with_2(
    standin: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for value in (None, "wrong-token-of-somebody"):
        monkeypatch.delenv("LENS_API_TOKEN") if value is None else monkeypatch.setenv(
            "LENS_API_TOKEN", value
        )
        done = call(standin, tmp_path, "--yes")
        assert done.exit_code == 2
        (line,) = [x for x in done.stderr.splitlines() if x.startswith("netpos: ")]
        assert "LENS_API_TOKEN" in line
        assert str(value) not in done.stderr
        assert isinstance(done.exception, SystemExit)


def test_a_refusal_with_the_token_in_it_shows_it_nowhere(standin: StandIn, tmp_path: Path) -> None:
    standin.always = status(400, f"bad query of {TOKEN}")
    done = call(standin, tmp_path, "--yes")
    assert done.exit_code == 2
    assert "400: bad query of (the token)" in done.stderr
    assert TOKEN not in done.output + done.stderr


def test_the_token_is_no_argument() -> None:
    done = CliRunner().invoke(app, ["fetch", "--token", TOKEN, "q.json", "--out", "o"])
    assert done.exit_code == 2
    assert "No such option" in done.stderr
    assert "--token-file" in CliRunner().invoke(app, ["fetch", "--help"]).stdout


NETWORK = {"httpx", "http", "requests", "socket", "ssl", "urllib", "urllib3", "ftplib", "asyncio"}


def test_no_other_room_knows_of_the_network() -> None:
    found = {}
    for path in sorted((ROOT / "netpos").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            for name in names:
                if name.split(".")[0] in NETWORK:
                    found.setdefault(path.relative_to(ROOT / "netpos").as_posix(), set()).add(name)
    assert found == {"fetching/service.py": {"httpx", "urllib.parse"}}


def test_other_commands_load_no_library_that_goes_online(tmp_path: Path) -> None:
    code = (
        "import sys, netpos.cli, netpos.commands.run, netpos.commands.fetch, netpos.viz.page;"
        "print([m for m in sys.modules if m.split('.')[0] in ('httpx', 'httpcore', 'requests')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_without_httpx_the_remedy_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "httpx", None)
    monkeypatch.setenv("LENS_API_TOKEN", TOKEN)
    done = call(StandIn([], url="https://api.lens.org"), tmp_path, "--yes")
    assert done.exit_code == 2
    assert "pip install 'netpos[fetch]'" in done.stderr
    assert not (tmp_path / "out").exists()
