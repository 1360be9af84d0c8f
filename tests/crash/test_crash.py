"""Killed at any moment, a command leaves whole files, and the next run ends as if nothing was.

``make crash`` does the same 200 times and at every change of a name.
"""

from __future__ import annotations

import os
import random
import signal
import sys

import pytest

from tests.crash.scenes import SCENES, Stage, damage

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills process groups")

#: How often each command is killed, at shares of its work drawn one from each equal part of it.
_DRAW = random.Random(2026)
TIMES = {"ingest": 3, "ingest-2": 2, "analyse": 3, "run": 2, "ingest-later": 2}
MOMENTS = [
    (scene, round(_DRAW.uniform(k / n, (k + 1) / n), 3))
    for scene, n in TIMES.items()
    for k in range(n)
]
BY_NAME = {scene.name: scene for scene in SCENES}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return Stage(tmp_path_factory.mktemp("crash") / "stage")


@pytest.mark.parametrize(("name", "share"), MOMENTS)
def test_a_killed_command_leaves_whole_files_and_the_next_run_gives_the_same_bytes(
    stage: Stage, name: str, share: float
) -> None:
    outcome = stage.kill(BY_NAME[name], share=share)
    assert outcome.wrong == ()


@pytest.mark.parametrize(
    ("name", "number", "share"),
    [
        ("ingest", "SIGTERM", 0.4),
        ("ingest", "SIGINT", 0.15),
        ("ingest-2", "SIGINT", 0.7),
        ("run", "SIGHUP", 0.6),
        ("run", "SIGINT", 0.25),
        ("analyse", "SIGTERM", 0.85),
        ("analyse", "SIGINT", 0.3),
    ],
)
def test_asked_to_stop_a_command_leaves_nothing_half_written_and_says_so_in_one_line(
    stage: Stage, name: str, number: str, share: float
) -> None:
    outcome = stage.stop(BY_NAME[name], getattr(signal, number), share)
    assert outcome.wrong == ()


@pytest.mark.parametrize("moved", [1, 20])
def test_killed_while_its_files_move_a_run_says_so_and_the_next_one_completes_it(
    stage: Stage, moved: int
) -> None:
    outcome = stage.kill(BY_NAME["analyse"], change=-moved)
    assert outcome.wrong == ()
    assert outcome.state == "between"


def test_the_checks_see_a_file_cut_short_and_a_name_left_over(stage: Stage) -> None:
    folder = stage.copy("cut")
    assert damage(folder) == []
    cut = ["corpus/documents.parquet", "out/run.json", "out/index.html", "out/tables/links.csv"]
    cut += ["out/graphs/quantum.gexf", "out/tables/netpos.xlsx", "corpus/corpus.json"]
    for name in cut:
        os.truncate(folder / name, (folder / name).stat().st_size - 9)
    (folder / "out" / ".countries.csv.x7").touch()
    assert len(damage(folder)) == len(cut) + 1
