"""Commands that are killed, the folders they start from, and what must hold afterwards."""

from __future__ import annotations

import json
import os
import random
import select
import shutil
import signal
import subprocess
import sys
import time
import tomllib
import xml.etree.ElementTree as ElementTree
import zipfile
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from typer.testing import CliRunner

from netpos.cli import app
from netpos.ingest.readers import chunks
from tests.conftest import ROOT
from tests.lens import record, write

#: Bytes per chunk: each of the exports is cut into several.
RANGE = 20_000
#: Names that a killed run may leave, which the next one takes away.
TEMPORARY = (".netpos-new", ".netpos-lock", ".reading-", ".tables-", ".corpus.json.")
#: Names that stay.
KEPT = (".lock",)
PATIENCE = 120
TECHNOLOGY = """
[[technology]]
id = "quantum"
name_en = "Quantum technologies"
name_nl = "Quantumtechnologie"
ipc = ["G06N10/"]
"""
SMALL = ["--from", "2017", "--to", "2018", "--draws", "0", "--no-sensitivity", "--no-figures"]
ONE = ["--processes", "1"]


def made_up(first: int, last: int, seed: int) -> list[dict]:
    """Records that cite earlier ones, some without residence or of several countries."""
    draw = random.Random(seed)
    found = []
    for n in range(first, last):
        homes = draw.sample(["NL", "DE", "US", "CN", "JP", None], draw.choice([1, 1, 2]))
        firms = [(f"FIRM {draw.randrange(30)} {home} LTD", home) for home in homes]
        cited = {draw.randrange(1, n) for _ in range(draw.randrange(4))} if n > 1 else set()
        day = f"{draw.choice([2017, 2018])}-{draw.randrange(1, 13):02d}-03"
        found.append(record(n, applicants=firms, cites=sorted(cited), published=day))
    return found


@dataclass(frozen=True)
class Scene:
    """A command, and the folders as they are before it."""

    name: str
    arguments: tuple[str, ...]


#: ``{in}`` holds the exports; the working folder holds ``corpus`` and ``out``.
SCENES = (
    Scene("ingest", ("ingest", "{in}/b.jsonl", "--corpus", "corpus", "--processes", "1")),
    Scene("ingest-2", ("ingest", "{in}/b.jsonl", "--corpus", "corpus", "--processes", "2")),
    Scene("ingest-later", ("ingest", "{in}/b.jsonl", "--corpus", "corpus", "--later")),
    Scene(
        "ingest-new",
        ("ingest", "{in}/a.jsonl", "{in}/b.jsonl", "--corpus", "new", "--processes", "1"),
    ),
    Scene("analyse", ("analyse", "corpus", "--out", "out", "--tables-only", *SMALL)),
    Scene("analyse-full", ("analyse", "corpus", "--out", "out", "--lang", "nl", *SMALL)),
    Scene(
        "run",
        (*("run", "{in}/a.jsonl", "{in}/b.jsonl", "--out", "out", "--tables-only"), *SMALL, *ONE),
    ),
    Scene("run-full", ("run", "{in}/b.jsonl", "--out", "out", "--processes", "2", *SMALL)),
)


def snapshot(folder: Path) -> dict[str, bytes]:
    """Content of all files below a folder that are no temporary ones."""
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and not temporary(p.relative_to(folder))
    }


def temporary(path: Path) -> bool:
    return any(part.startswith(TEMPORARY) for part in path.parts)


def damage(folder: Path) -> list[str]:
    """What is not whole below a folder, or has a name that nobody expects."""
    found = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_dir() or temporary(name):
            continue
        if path.name.startswith(".") and path.name not in KEPT:
            found.append(f"{name}: unknown name")
            continue
        try:
            whole = readable(path)
        except Exception as error:  # noqa: BLE001 - whatever the reader says, it is not whole
            found.append(f"{name}: {type(error).__name__} {error}")
        else:
            if not whole:
                found.append(f"{name}: not whole")
    return found


def readable(path: Path) -> bool:
    """Whether a file is whole, judged by what it is."""
    content = path.read_bytes()
    match path.suffix:
        case ".parquet":
            pl.read_parquet(path)
        case ".json":
            json.loads(content)
        case ".html":
            return content.rstrip().endswith(b"</html>")
        case ".gexf" | ".graphml" | ".svg":
            ElementTree.fromstring(content)
        case ".xlsx":
            return zipfile.ZipFile(path).testzip() is None
        case ".toml":
            tomllib.loads(content.decode())
        case ".png":
            return content.endswith(b"IEND\xae\x42\x60\x82")
        case _:
            return content.endswith(b"\n") or path.name in KEPT
    return True


@dataclass(frozen=True)
class Outcome:
    """What became of a killed command: when it was hit, how far, what is wrong."""

    when: str  # before, during, after
    state: str  # old, new, between
    wrong: tuple[str, ...]


class Stage:
    """Exports and start folders in a folder of their own, and how each command ends undisturbed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.inputs = folder / "in"
        self.inputs.mkdir(parents=True)
        write(self.inputs / "a.jsonl", made_up(1, 200, 1))
        write(self.inputs / "b.jsonl", made_up(150, 351, 1)[1:] + made_up(351, 360, 2))
        (self.inputs / "t.toml").write_text(TECHNOLOGY, encoding="utf-8")
        self.start = folder / "start"
        self.start.mkdir()
        self.call(("ingest", "{in}/a.jsonl", "--corpus", "corpus"), self.start)
        self.call(("run", "{in}/a.jsonl", "--out", "out", *SMALL), self.start)
        self.before = snapshot(self.start)
        self.after: dict[str, dict[str, bytes]] = {}
        self.seconds: dict[str, float] = {}

    def arguments(self, arguments: tuple[str, ...]) -> list[str]:
        more = ["--technologies", str(self.inputs / "t.toml")]
        found = [a.replace("{in}", str(self.inputs)) for a in arguments]
        return found + (more if arguments[0] != "ingest" else [])

    def call(self, arguments: tuple[str, ...], folder: Path) -> None:
        """Run a command in this process, as if typed in ``folder``."""
        here, size = Path.cwd(), chunks.CHUNK
        try:
            os.chdir(folder)
            chunks.CHUNK = RANGE
            done = CliRunner().invoke(app, self.arguments(arguments))
        finally:
            os.chdir(here)
            chunks.CHUNK = size
        assert done.exit_code == 0, (arguments, done.stderr, done.exception)

    def copy(self, name: str) -> Path:
        target = self.folder / name
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(self.start, target)
        return target

    def calm(self, scene: Scene) -> None:
        """Let a command end, once: its results and its duration."""
        if scene.name in self.after:
            return
        folder = self.copy("calm")
        began = time.monotonic()
        self.call(scene.arguments, folder)
        self.seconds[scene.name] = time.monotonic() - began
        self.after[scene.name] = snapshot(folder)
        assert damage(folder) == []
        assert leftovers(folder) == []

    def changes(self, scene: Scene) -> int:
        """How often a command makes, moves or takes away a name."""
        child = Child(self, scene, self.copy("counted"), 0)
        rest = child.wait_for(b"E")
        child.process.wait()
        return int(rest + child.rest())

    def kill(self, scene: Scene, *, share: float | None = None, change: int = 0) -> Outcome:
        """Kill at a share of the work (below 0: while it starts), or at a change (see child)."""
        self.calm(scene)
        folder = self.copy("killed")
        child = Child(self, scene, folder, change)
        if share is None:
            child.process.wait()
        elif share < 0:
            time.sleep(-share)
        else:
            child.wait_for(b"B")
            time.sleep(share * self.seconds[scene.name])
        child.kill()
        heard = child.heard + child.rest()
        when = "after" if b"E" in heard else "during" if b"B" in heard else "before"
        wrong = damage(folder)
        found = snapshot(folder)
        state = self._state(scene, found, wrong)
        self.call(scene.arguments, folder)
        wrong += damage(folder) + leftovers(folder)
        ended, expected = snapshot(folder), self.after[scene.name]
        wrong += [
            f"{name}: other bytes after the next run"
            for name in sorted(ended.keys() | expected.keys())
            if ended.get(name) != expected.get(name)
        ]
        return Outcome(when, state, tuple(wrong))

    def stop(self, scene: Scene, number: int, share: float) -> Outcome:
        """Send a signal at a share of the work; the command tidies up itself."""
        self.calm(scene)
        folder = self.copy("stopped")
        child = Child(self, scene, folder, 0)
        child.wait_for(b"B")
        time.sleep(share * self.seconds[scene.name])
        child.process.send_signal(number)
        code = child.process.wait(PATIENCE)
        when = "after" if b"E" in child.heard + child.rest() else "during"
        wrong = damage(folder) + leftovers(folder)
        log = Path(child.log.name).read_text(encoding="utf-8")
        if when == "during" and (code != 128 + number or log.count("netpos: stopped") != 1):
            wrong.append(f"exit code {code}: {log}")
        if "Traceback" in log:
            wrong.append(log)
        state = self._state(scene, snapshot(folder), wrong)
        if state == "between":
            wrong.append("results between the old and the new ones")
        return Outcome(when, state, tuple(wrong))

    def _state(self, scene: Scene, found: dict[str, bytes], wrong: list[str]) -> str:
        """Whether results are the old ones, the new ones, or say that they are between the two."""
        results = [
            {k: v for k, v in some.items() if k.startswith("out/") and "/corpus/" not in k}
            for some in (found, self.before, self.after[scene.name])
        ]
        if results[0] == results[1] != results[2]:
            return "old"
        if results[0] == results[2]:
            return "new"
        if "out/run.json" in found:
            wrong.append("out: neither the old results nor the new ones")
        return "between"


def leftovers(folder: Path) -> list[str]:
    """Temporary names."""
    found = (p.relative_to(folder) for p in folder.rglob("*"))
    return [f"{p}: left over" for p in sorted(found) if temporary(p)]


class Child:
    """A command in a process group of its own."""

    def __init__(self, stage: Stage, scene: Scene, folder: Path, kill_at: int) -> None:
        self.reader, writer = os.pipe()
        numbers = [str(n) for n in (writer, RANGE, kill_at)]
        self.log = (folder.parent / f"{folder.name}.log").open("wb")
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.crash.child", *numbers),
                *stage.arguments(scene.arguments),
            ],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            pass_fds=[writer],
            start_new_session=True,
            stdout=self.log,
            stderr=self.log,
        )
        os.close(writer)
        self.heard = b""

    def wait_for(self, sign: bytes) -> bytes:
        """Wait until the child says it; what it says after that."""
        while sign not in self.heard:
            ready, _, _ = select.select([self.reader], [], [], PATIENCE)
            piece = os.read(self.reader, 100) if ready else b""
            assert piece, f"the child ended before {sign!r}: see {self.log.name}"
            self.heard += piece
        return self.heard.split(sign, 1)[1]

    def kill(self) -> None:
        """Kill the whole group, workers included, at once."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def rest(self) -> bytes:
        """What the child said that nobody has heard yet."""
        found = b""
        while select.select([self.reader], [], [], PATIENCE)[0]:
            piece = os.read(self.reader, 100)
            if not piece:
                break
            found += piece
        os.close(self.reader)
        self.log.close()
        return found
