"""Full disks, protected folders, files that change, two runs at once: one line, nothing harmed."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from netpos.cli import app
from netpos.errors import InputError
from netpos.files import locked
from netpos.ingest import inputs
from netpos.ingest.corpus import ingest, open_corpus, read, reading
from netpos.outputs import Outputs
from tests.conftest import ROOT
from tests.crash.scenes import SMALL, TECHNOLOGY, damage, leftovers, made_up, snapshot
from tests.lens import record, write

resource = pytest.importorskip("resource", reason="limits of processes are set by Unix only")


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two exports, a corpus of the first, results of it."""
    folder = tmp_path_factory.mktemp("trouble") / "start"
    folder.mkdir()
    write(folder / "a.jsonl", made_up(1, 60, 1))
    write(folder / "b.jsonl", made_up(50, 90, 2))
    (folder / "t.toml").write_text(TECHNOLOGY, encoding="utf-8")
    for arguments in (INGEST_A, ANALYSE):
        done = call(folder, arguments)
        assert done.exit_code == 0, done.stderr
    return folder


@pytest.fixture
def folder(start: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(start, tmp_path / "work"))


OPTIONS = ["--technologies", "t.toml", "--processes", "1", *SMALL]
NETPOS = [sys.executable, "-m", "netpos"]
INGEST_A = ["ingest", "a.jsonl", "--corpus", "corpus", "--processes", "1"]
INGEST_B = ["ingest", "b.jsonl", "--corpus", "corpus", "--processes", "1"]
ANALYSE = ["analyse", "corpus", "--out", "out", "--technologies", "t.toml", *SMALL]
TABLES = [*ANALYSE, "--tables-only", "--lang", "nl"]
RUN = ["run", "a.jsonl", "b.jsonl", "--out", "out", *OPTIONS]


def call(folder: Path, arguments: list[str]):
    here = Path.cwd()
    os.chdir(folder)
    try:
        return CliRunner().invoke(app, arguments)
    finally:
        os.chdir(here)


def assert_one_line(done, *words: str) -> None:
    """Exit code 2 and one line of error that holds the words."""
    assert done.exit_code == 2, (done.stderr, done.exception)
    errors = [line for line in done.stderr.splitlines() if line.startswith("netpos: ")]
    assert len(errors) == 1, done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in errors[0], errors[0]


def results(folder: Path) -> dict[str, bytes]:
    return {k: v for k, v in snapshot(folder / "out").items() if not k.startswith("corpus/")}


# --- no space -----------------------------------------------------------------------------------


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """Let no file grow larger; a full disk looks the same to the one who writes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("size", [0, 2_000, 5_000])
def test_an_ingest_without_space_leaves_the_corpus_as_it_was(folder: Path, size: int) -> None:
    before = snapshot(folder / "corpus")
    with files_up_to(size):
        done = call(folder, INGEST_B)
    assert_one_line(done, "corpus", "cannot write here (File too large)", "free some space")
    now = snapshot(folder / "corpus")
    assert {k: now.get(k) for k in before} == before
    assert call(folder, INGEST_B).exit_code == 0
    assert open_corpus(folder / "corpus").counts["kept"] == 89
    assert leftovers(folder / "corpus") == damage(folder / "corpus") == []


@pytest.mark.parametrize(
    ("arguments", "size"), [(TABLES, 0), (TABLES, 1_000), (ANALYSE, 300_000), (RUN, 3_000)]
)
def test_an_analysis_without_space_leaves_the_results_as_they_were(
    folder: Path, arguments: list[str], size: int
) -> None:
    before = results(folder)
    with files_up_to(size):
        done = call(folder, arguments)
    assert_one_line(done, "out", "cannot write here (File too large)", "free some space")
    assert results(folder) == before
    assert leftovers(folder) == []


def test_a_full_disk_is_named_and_the_results_stay_as_they_were(folder: Path) -> None:
    pages = sum(-(-p.stat().st_size // 4096) for p in folder.rglob("*") if p.is_file())
    done = on_a_disk_of(folder, f"{4 * pages + 100}k", [*NETPOS, *RUN, "--tables-only"])
    assert done.returncode == 2, done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("netpos: out")
    assert "No space left on device" in last
    assert "Traceback" not in done.stderr
    found = folder.parent / "found"
    assert results(found) == results(folder)
    assert damage(found) == []


def on_a_disk_of(folder: Path, size: str, command: list[str], also: str = "true"):
    """Run a command on a copy of the folder on a small disk; the copy then is in ``found``."""
    if sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("unshare"):
        pytest.skip("a small disk can be made by root on Linux only")
    disk = folder.parent / "disk"
    disk.mkdir()
    script = (
        f'mount -t tmpfs -o size={size} tmpfs "$1" && cp -a "$0/." "$1" && cd "$1" && {also} || '
        'exit 99; shift; found="$1"; shift; "$@"; code=$?; cp -a . "$found"; exit $code'
    )
    found = str(folder.parent / "found")
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", script, str(folder), str(disk), found, *command],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode in (1, 99) and "permi" in done.stderr.lower():
        pytest.skip("this machine lets nobody mount a disk")
    return done


# --- no permission, or something in the way -----------------------------------------------------


def test_a_protected_folder_is_named(folder: Path) -> None:
    command = [*NETPOS, *TABLES]
    done = on_a_disk_of(folder, "20m", command, also="mount -o remount,ro .")
    assert done.returncode == 2, done.stderr
    assert done.stderr.splitlines()[-1].startswith("netpos: out: cannot write here (Read-only")
    assert results(folder.parent / "found") == results(folder)


def test_a_corpus_that_cannot_be_written_can_be_analysed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open

    def opened(path, flags, *arguments, **named):
        if str(path).startswith("corpus") and flags & os.O_RDWR:
            raise OSError(errno.EROFS, "Read-only file system")
        return real(path, flags, *arguments, **named)

    monkeypatch.setattr(os, "open", opened)
    assert_one_line(call(folder, INGEST_B), "corpus: cannot write here (Read-only file system)")
    assert call(folder, TABLES).exit_code == 0


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0,
    reason="root writes where the mode forbids it; the protected disk above is tested instead",
)
@pytest.mark.parametrize(("arguments", "where"), [(INGEST_B, "corpus"), (TABLES, "out")])
def test_a_folder_without_permission_is_named(
    folder: Path, arguments: list[str], where: str
) -> None:
    before = snapshot(folder / where)
    (folder / where).chmod(0o555)
    done = call(folder, arguments)
    (folder / where).chmod(0o755)
    assert_one_line(done, where, "Permission denied")
    assert snapshot(folder / where) == before


def test_a_file_where_a_folder_should_be_is_named(folder: Path) -> None:
    before = results(folder)
    for arguments, there in ((INGEST_B, "--corpus"), (TABLES, "--out"), (RUN, "--out")):
        changed = list(arguments)
        changed[changed.index(there) + 1] = "a.jsonl"
        assert_one_line(call(folder, changed), "a.jsonl: cannot ")
    shutil.rmtree(folder / "out" / "maps")
    (folder / "out" / "maps").write_text("mine\n")
    kept = results(folder)
    assert_one_line(call(folder, [*ANALYSE, "--lang", "nl"]), "cannot write here")
    assert results(folder) == kept
    assert kept["maps"] == b"mine\n"
    assert before.keys() - kept.keys() == {k for k in before if k.startswith("maps/")}


def test_a_folder_where_a_file_should_be_is_named_before_anything_moves(folder: Path) -> None:
    (folder / "out" / "index.html").unlink()
    (folder / "out" / "index.html").mkdir()
    before = results(folder)
    done = call(folder, [*ANALYSE, "--lang", "nl"])
    assert_one_line(done, "index.html", "a folder is where a file of the results goes")
    assert results(folder) == before
    assert leftovers(folder) == []


@pytest.mark.parametrize("name", ["../mine.txt", "/tmp/mine.txt", "C:mine.txt", "", "tables"])
def test_an_altered_list_of_results_takes_nothing_away_elsewhere(folder: Path, name: str) -> None:
    (folder / "mine.txt").write_text("mine\n")
    outputs = Outputs(folder / "out")
    outputs.text("run.json", f'{{"outputs": ["{name}", 5, "old.txt"]}}\n')
    outputs.names = []
    (folder / "out" / "run.json").write_bytes((outputs.out / "run.json").read_bytes())
    (folder / "out" / "old.txt").write_text("x\n")
    outputs.finish({})
    assert (folder / "mine.txt").exists()
    assert (folder / "out" / "tables" / "countries.csv").exists()
    assert not (folder / "out" / "old.txt").exists()


# --- exports that change while they are read ----------------------------------------------------


def _grow(path: Path) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write("\n")


def _same_size(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content.replace(b"FIRM", b"FORM"))


def _another(path: Path) -> None:
    made = path.stat()
    other = path.with_name("other")
    other.write_bytes(path.read_bytes())
    os.utime(other, ns=(made.st_atime_ns, made.st_mtime_ns))
    other.replace(path)


def _truncate(path: Path) -> None:
    os.truncate(path, 100)


@pytest.mark.parametrize("change", [_grow, _same_size, _another, _truncate, Path.unlink])
@pytest.mark.parametrize("late", [False, True])
def test_a_file_that_changes_while_it_is_read_is_refused_and_the_corpus_stays(
    folder: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], None], late: bool
) -> None:
    before = snapshot(folder / "corpus")
    real = inputs.parse

    def parse(source, *arguments, **named):
        found = real(source, *arguments, **named) if late else None
        change(source.path)
        return found if late else real(source, *arguments, **named)

    monkeypatch.setattr(inputs, "parse", parse)
    done = call(folder, INGEST_B)
    assert_one_line(done, "b.jsonl: the file changed while it was read")
    assert snapshot(folder / "corpus") == before
    assert leftovers(folder) == []


# --- two at once --------------------------------------------------------------------------------

HOLD = """
import sys
from pathlib import Path
from netpos.files import locked
with locked(Path(sys.argv[1]), sys.argv[2], shared=sys.argv[3] == "shared"):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(folder: Path, name: str, how: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", HOLD, str(folder), name, how]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


@pytest.mark.parametrize(
    ("arguments", "where", "name", "how"),
    [
        (INGEST_B, "corpus", ".lock", "alone"),
        (INGEST_B, "corpus", ".lock", "shared"),
        (TABLES, "corpus", ".lock", "alone"),
        (TABLES, "out", ".netpos-lock", "alone"),
        (RUN, "out", ".netpos-lock", "alone"),
    ],
)
def test_a_second_run_says_so_and_a_killed_one_holds_nothing(
    folder: Path, arguments: list[str], where: str, name: str, how: str
) -> None:
    before = snapshot(folder)
    with holder(folder / where, name, how) as process:
        assert_one_line(call(folder, arguments), where, "another netpos uses this folder")
        assert snapshot(folder) == before
        process.kill()
        process.wait()
        if arguments is not RUN:  # the slow one ends like the others
            assert call(folder, arguments).exit_code == 0
            assert leftovers(folder) == []


def test_two_analyses_of_one_corpus_do_not_disturb_each_other(folder: Path) -> None:
    with holder(folder / "corpus", ".lock", "shared"):
        assert call(folder, TABLES).exit_code == 0


def test_two_runs_started_together_leave_the_results_of_a_whole_one(folder: Path) -> None:
    command = [*NETPOS, "--quiet", *TABLES]
    both = [
        subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    said = [process.communicate()[1] for process in both]
    codes = [process.returncode for process in both]
    assert 0 in codes
    for code, text in zip(codes, said, strict=True):
        assert code in (0, 2)
        assert text == "" if code == 0 else "another netpos uses this folder" in text
    found = results(folder)
    assert call(folder, TABLES).exit_code == 0
    assert results(folder) == found


def test_of_locks_that_are_taken_away_at_the_end_only_one_holds(tmp_path: Path) -> None:
    for _ in range(3):
        with locked(tmp_path, ".l", keep=False):
            with pytest.raises(InputError, match="another netpos"), locked(tmp_path, ".l"):
                pass
            assert (tmp_path / ".l").exists()
        assert not (tmp_path / ".l").exists()


def test_a_corpus_that_changed_since_it_was_opened_is_not_read(folder: Path) -> None:
    old = open_corpus(folder / "corpus")
    with reading(old):
        pass
    assert call(folder, INGEST_B).exit_code == 0
    with pytest.raises(InputError, match="has changed since it was opened"), reading(old):
        pass
    with reading(open_corpus(folder / "corpus")), reading(read(folder / "a.jsonl")):
        pass


# --- what the same command does the second time -------------------------------------------------


def test_a_longer_limit_reads_again_what_was_rejected_for_its_length(tmp_path: Path) -> None:
    long = record(2) | {"abstract": "x" * 50_000}
    path = write(tmp_path / "a.jsonl", [record(1), long, record(3)])
    short = ingest([path], tmp_path / "c", max_record=20_000)
    assert (short.counts["kept"], short.counts["rejected"]) == (2, 1)
    again = ingest([path], tmp_path / "c", max_record=20_000)
    assert again.counts == short.counts
    longer = ingest([path], tmp_path / "c", max_record=100_000)
    assert (longer.counts["kept"], longer.counts["rejected"]) == (3, 0)
    assert ingest([path], tmp_path / "c").counts == longer.counts
    fresh = ingest([path], tmp_path / "fresh", max_record=100_000)
    assert snapshot(tmp_path / "c") == snapshot(tmp_path / "fresh")
    assert fresh.counts == longer.counts


def test_run_takes_the_limit_in_mebibytes_and_notes_it(folder: Path) -> None:
    write(folder / "l.jsonl", [record(1), record(2) | {"abstract": "x" * 2**21}])
    short = [*RUN[:1], "l.jsonl", *RUN[3:], "--tables-only", "--max-record"]
    assert call(folder, [*short, "1"]).exit_code == 0
    assert "max_record = 1\n" in (folder / "out" / "run.toml").read_text()
    assert (folder / "out" / "ledger.csv").read_text().count("larger than 1 MiB") == 1
    assert call(folder, [*short, "3"]).exit_code == 0
    assert (folder / "out" / "ledger.csv").read_text().count("\n") == 1


def test_exports_of_one_name_are_told_apart_and_counted_each(tmp_path: Path) -> None:
    for k, (name, numbers) in enumerate({"x": [1, 2, 3], "y": [3, 4], "z": [5]}.items()):
        (tmp_path / name / "s").mkdir(parents=True)
        write(tmp_path / name / "s" / "a.jsonl", [record(n, family=k) for n in numbers])
    made = ingest([tmp_path / "x", tmp_path / "y"], tmp_path / "c")
    made = ingest([tmp_path / "z" / "s" / "a.jsonl"], tmp_path / "c")
    made = ingest([tmp_path / "z"], tmp_path / "c")
    inputs = made.manifest["inputs"]
    assert len({i["name"] for i in inputs}) == 3
    for item in inputs:
        assert item["read"] == item["kept"] + item["rejected"] + item["duplicates"]
    assert sorted(i["read"] for i in inputs) == [1, 2, 3]
    assert (made.counts["kept"], made.counts["duplicates"]) == (5, 1)
    assert sum(i["kept"] for i in inputs) == 5


@pytest.mark.parametrize(
    "arguments",
    [
        ["missing", "corpus", "--technologies", "t.toml"],
        ["names", "corpus", "--out", "names"],
        ["explain", "out", "--country", "NL"],
        ["query", "--technologies", "t.toml", "--counts", "corpus"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_corpus_that_is_being_changed_is_not_read_halfway(
    folder: Path, arguments: list[str]
) -> None:
    before = snapshot(folder / "corpus")
    with locked(folder / "corpus"):
        done = call(folder, arguments)
    assert done.exit_code == 2, done.output
    assert "another netpos uses this folder" in done.stderr
    assert done.stdout == ""
    assert not (folder / "names").exists()
    with locked(folder / "corpus", shared=True):  # others who only read do not stand in the way
        done = call(folder, arguments)
    assert done.exit_code == 0, done.stderr
    assert done.output
    assert snapshot(folder / "corpus") == before
