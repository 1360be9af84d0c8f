"""The same input gives the same bytes, whatever the machine, its language, clock and mood.

Two runs differ in everything at once; ``NETPOS_EACH=1`` tries each difference by itself, which
tells the cause when the two differ.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from tests.conftest import ROOT
from tests.lens import record, write

TECHNOLOGIES = """
[[technology]]
id = "quantum"
name_en = "Quantum technologies"
name_nl = "Quantumtechnologie"
ipc = ["G06N10/"]
"""
SMALL = ["--from", "2017", "--to", "2018", "--draws", "3", "--no-sensitivity"]
PLAIN = {
    "POLARS_MAX_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "TZ": "Pacific/Auckland",
    "LC_ALL": "C",
    "PYTHONUTF8": "0",
    "PYTHONCOERCECLOCALE": "0",
}
OTHER = {
    "POLARS_MAX_THREADS": "2",
    "PYTHONHASHSEED": "random",
    "TZ": "America/Anchorage",
    "LC_ALL": "C.UTF-8",
    "PYTHONUTF8": "1",
    "PYTHONCOERCECLOCALE": "1",
}
#: Stretches of this many bytes, so that small exports are read by several threads.
RANGE = 30_000
CALL = """
import sys
from netpos.ingest.readers import chunks
chunks.CHUNK = {size}
from netpos.cli import main
sys.argv = ["netpos", *sys.argv[1:]]
if __name__ == "__main__":
    main()
"""


def records() -> list[dict]:
    """Records with ties, names beyond ASCII, several homes, families, duplicates of citations."""
    draw = random.Random(3)
    homes = ["NL", "DE", "US", "CN", "JP", "KR", None]
    names = ["Één BV", "ÅNGSTRÖM AB", "株式会社テスト", "Firm & Co", "O'Neil Ltd", "ZÉRO SA"]
    found = []
    for n in range(1, 200):
        chosen = draw.sample(homes, draw.choice([1, 1, 2, 3]))
        cited = sorted({draw.randrange(1, n) for _ in range(draw.randrange(5))}) if n > 1 else []
        found.append(
            record(
                n,
                applicants=[(f"{draw.choice(names)} {home}", home) for home in chosen],
                inventors=[(f"{draw.choice(names)} {k}", home) for k, home in enumerate(chosen)],
                symbols=draw.choice([["G06N10/00"], ["H01L21/02"], ["G06N10/20", "H01L29/00"]]),
                cites=[*cited, *([9_000 + draw.randrange(40)] if n % 3 == 0 else [])],
                published=f"{draw.choice([2016, 2017, 2018])}-{draw.randrange(1, 13):02d}-28",
                family=n - n % 2 if n % 10 < 2 else n,
                members=[n - n % 2, n - n % 2 + 1] if n % 10 < 2 and n > 1 else [n],
            )
        )
    return found


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("determinism")
    made = records()
    for name in ("é1.jsonl", "b2.jsonl"):
        mine = [r for k, r in enumerate(made) if (k % 2 == 0) == (name == "é1.jsonl")]
        write(folder / name, mine)
    (folder / "t.toml").write_text(TECHNOLOGIES, encoding="utf-8")
    return folder


def run(
    exports: Path,
    out: Path,
    environment: dict[str, str],
    *,
    processes: int = 1,
    files: tuple[str, ...] = ("é1.jsonl", "b2.jsonl"),
    python: str = sys.executable,
    more: tuple[str, ...] = (),
) -> Path:
    """Run netpos in an environment of its own; the results."""
    arguments = ["run", *files, "--out", str(out), "--technologies", "t.toml", *SMALL]
    arguments += ["--processes", str(processes), *more]
    script = exports / f"call-{RANGE}.py"
    script.write_text(CALL.format(size=RANGE), encoding="utf-8")
    base = {k: v for k, v in os.environ.items() if k not in PLAIN and not k.startswith("LC_")}
    done = subprocess.run(
        [python, str(script), *arguments],
        cwd=exports,
        env=base | {"PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    return out


def contents(out: Path) -> dict[str, bytes]:
    return {
        p.relative_to(out).as_posix(): p.read_bytes()
        for p in sorted(out.rglob("*"))
        if p.is_file() and p.name != ".lock"
    }


def different(one: dict[str, bytes], two: dict[str, bytes]) -> list[str]:
    return [name for name in sorted(one.keys() | two.keys()) if one.get(name) != two.get(name)]


@pytest.fixture(scope="module")
def plain(exports: Path) -> dict[str, bytes]:
    found = contents(run(exports, exports / "plain", PLAIN))
    endings = {Path(name).suffix for name in found}
    assert {".html", ".csv", ".parquet", ".xlsx", ".gexf", ".svg", ".json"} <= endings
    return found


def test_threads_hash_seed_time_zone_locale_and_umask_change_no_byte(
    exports: Path, plain: dict[str, bytes]
) -> None:
    mask = os.umask(0o077)
    try:
        out = run(exports, exports / "other", OTHER, processes=2)
    finally:
        os.umask(mask)
    assert different(plain, contents(out)) == []


#: What follows the records in the input: lines of the export, hashes and counts of each file.
OF_THE_INPUT = ("run.json", "ledger.csv", "corpus/corpus.json", "corpus/documents.parquet")


def test_the_order_of_files_and_of_records_changes_no_number(
    exports: Path, plain: dict[str, bytes], tmp_path: Path
) -> None:
    draw = random.Random(8)
    for name in ("é1.jsonl", "b2.jsonl"):
        lines = (exports / name).read_text(encoding="utf-8").splitlines(keepends=True)
        draw.shuffle(lines)
        (tmp_path / name).write_text("".join(lines), encoding="utf-8")
    shutil.copy(exports / "t.toml", tmp_path)
    out = run(tmp_path, tmp_path / "o", PLAIN, files=("b2.jsonl", "é1.jsonl"))
    found = contents(out)
    changed = [n for n in different(plain, found) if not n.startswith("corpus/records/")]
    assert [name for name in changed if name not in OF_THE_INPUT] == []
    one, two = (json.loads(c["run.json"]) for c in (plain, found))
    for item in (*one["inputs"], *two["inputs"]):
        del item["sha256"]
    assert one == two
    one, two = (pl.read_parquet(c["corpus/documents.parquet"]).drop("line") for c in (plain, found))
    assert one.equals(two)


EACH = [
    ("threads", {"POLARS_MAX_THREADS": "2"}, 1),
    ("hash seed 1", {"PYTHONHASHSEED": "1"}, 1),
    ("hash seed random", {"PYTHONHASHSEED": "random"}, 1),
    ("time zone", {"TZ": "America/Anchorage"}, 1),
    ("locale", {"LC_ALL": "C.UTF-8", "PYTHONUTF8": "1"}, 1),
    ("processes", {}, 2),
    ("nothing", {}, 1),
]


@pytest.mark.skipif(not os.environ.get("NETPOS_EACH"), reason="slow; set NETPOS_EACH=1")
@pytest.mark.parametrize(("change", "environment", "processes"), EACH)
def test_each_difference_alone_changes_no_byte(
    exports: Path,
    plain: dict[str, bytes],
    tmp_path: Path,
    change: str,
    environment: dict[str, str],
    processes: int,
) -> None:
    out = run(exports, tmp_path / "o", PLAIN | environment, processes=processes)
    assert different(plain, contents(out)) == [], change


def other_pythons() -> list[str]:
    """Other versions of Python on this machine that have all that netpos needs."""
    found = []
    names = [f"python3.{minor}" for minor in range(11, 16) if minor != sys.version_info.minor]
    for path in filter(None, map(shutil.which, names)):
        probe = "import polars, scipy, igraph, networkx, orjson, pyvis, pydantic, typer, xlsxwriter"
        if subprocess.run([path, "-c", probe], capture_output=True, check=False).returncode == 0:
            found.append(path)
    return found


def test_another_version_of_python_gives_the_same_tables(
    exports: Path, plain: dict[str, bytes], tmp_path: Path
) -> None:
    pythons = other_pythons()
    if not pythons:
        pytest.skip("no other Python from 3.11 on with the libraries of netpos is installed here")
    for python in pythons:
        out = run(exports, tmp_path / Path(python).name, PLAIN, python=python)
        found = contents(out)
        tables = [n for n in different(plain, found) if n.endswith((".csv", ".html", ".gexf"))]
        assert tables == [], python


def test_names_beyond_ascii_are_printed_in_any_locale(exports: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "netpos", "check", "é1.jsonl"],
        cwd=exports,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | PLAIN,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    assert b"1.jsonl" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["ingest", "é1.jsonl", "--corpus", "corpé"],
        ["run", "é1.jsonl", "--out", "résultats"],
        ["links", "é1.jsonl", "--out", "results"],
        ["missing", "corpé"],
    ],
    ids=lambda arguments: arguments[0],
)
@pytest.mark.skipif(sys.platform == "win32", reason="Windows gives names in Unicode")
def test_a_name_that_the_locale_cannot_spell_ends_in_one_line_before_anything_is_made(
    exports: Path, arguments: list[str]
) -> None:
    before = sorted(exports.iterdir())
    done = subprocess.run(
        [sys.executable, "-m", "netpos", *arguments],
        cwd=exports,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | PLAIN,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert b"PYTHONUTF8=1" in done.stderr
    assert sorted(exports.iterdir()) == before
