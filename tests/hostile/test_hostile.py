"""Files made to harm: memory and time stay bounded, nothing runs, nothing is written elsewhere."""

from __future__ import annotations

import base64
import csv
import gzip
import hashlib
import html.parser
import io
import json
import os
import re
import stat
import sys
import xml.etree.ElementTree as ElementTree
import zipfile
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from netpos.cli import app
from netpos.ingest import sheets
from netpos.ingest.corpus import ingest, read
from netpos.ingest.readers import json_stream
from netpos.ingest.readers.json_stream import objects
from netpos.viz.excel_nl import FORMULA
from tests.hostile import bombs
from tests.lens import lens_id, record, write

unix = pytest.mark.skipif(sys.platform == "win32", reason="needs links and limits of Unix")


def call(folder: Path, *arguments: str):
    here = Path.cwd()
    os.chdir(folder)
    try:
        return CliRunner().invoke(app, arguments)
    finally:
        os.chdir(here)


def technology(name: str, title: str) -> str:
    """A definition in TOML, whose texts are written as in JSON."""
    lines = ["[[technology]]", f"id = {json.dumps(name)}", 'ipc = ["G06N10/"]']
    return "\n".join([*lines, *(f"name_{x} = {json.dumps(title)}" for x in ("en", "nl")), ""])


# --- bombs --------------------------------------------------------------------------------------


@unix
def test_bombs_and_long_lines_cost_little_and_each_record_is_accounted_for(tmp_path: Path) -> None:
    cases = {
        "zeros.jsonl.gz": 384,
        "ends.jsonl.gz": 100,
        "line.jsonl.zst": 150,
        "item.json.gz": 100,
        "all.zip": 70,
    }
    (tmp_path / "in").mkdir()
    records = {}
    for name, size in cases.items():
        writer, content, kept, rejected = bombs.CASES[name]
        path = writer(tmp_path / "in" / name, content(size))
        assert path.stat().st_size < 2 * bombs.MIB
        records[name if name != "all.zip" else "all.zip:a.jsonl"] = (kept, rejected)
    used = bombs.measured(["ingest", "in", "--corpus", "c"], tmp_path)
    assert used.code == 0, used.said
    inputs = json.loads((tmp_path / "c" / "corpus.json").read_text())["inputs"]
    found = {i["name"]: (i["kept"] + i["duplicates"], i["rejected"]) for i in inputs}
    assert found == records
    assert used.memory < bombs.MEMORY
    assert used.seconds < 30  # 0.8 GB unpacked, cut and thrown away


def test_an_archive_in_an_archive_is_named_and_not_unpacked(tmp_path: Path) -> None:
    content = b"".join(bombs.line(n) for n in (1, 2))
    for _ in range(5):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("inner.zip", content)
            archive.writestr("a.jsonl", bombs.line(3))
        content = buffer.getvalue()
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "n.zip").write_bytes(content)
    corpus = ingest([tmp_path / "in"], tmp_path / "c")
    assert corpus.counts["kept"] == 1
    assert [s["name"] for s in corpus.manifest["skipped"]] == ["n.zip:inner.zip"]
    assert "archive inside an archive" in corpus.manifest["skipped"][0]["why"]


def test_a_table_that_unpacks_to_more_than_the_limit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "_MOST_UNPACKED", 2**20)
    write(tmp_path / "a.jsonl", [record(1)])
    with gzip.open(tmp_path / "r.csv.gz", "wb") as file:
        file.write(b"lens_id,country\n" + b"\n" * 2**20)
    assert call(tmp_path, "ingest", "a.jsonl", "--corpus", "c").exit_code == 0
    done = call(tmp_path, "analyse", "c", "--out", "o", "--residences", "r.csv.gz")
    assert done.exit_code == 2
    assert "r.csv.gz: more than 1 MiB when unpacked" in done.stderr.splitlines()[-1]


# --- deep, long ---------------------------------------------------------------------------------

DEPTH = 100_000


@pytest.mark.parametrize("form", ["jsonl", "json", "response", "objects"])
@pytest.mark.parametrize(
    "deep", [b"[" * DEPTH + b"]" * DEPTH, b'{"a":' * DEPTH + b"1" + b"}" * DEPTH]
)
def test_a_record_nested_deep_costs_only_itself(tmp_path: Path, form: str, deep: bytes) -> None:
    whole = [bombs.line(n).rstrip() for n in (1, 2, 3)]
    whole[1] = whole[1].replace(b'"families"', b'"deep": ' + deep + b', "families"')
    content = {
        "jsonl": b"\n".join(whole) + b"\n",
        "json": b"[" + b",".join(whole) + b"]",
        "response": b'{"total": 3, "data": [' + b",".join(whole) + b"]}",
        "objects": b"\n".join(w.replace(b", ", b",\n") for w in whole),
    }[form]
    (tmp_path / "a.json").write_bytes(content)
    corpus = read(tmp_path / "a.json")
    assert {lens_id(1), lens_id(3)} <= set(corpus.documents["lens_id"])
    kept, read_ = corpus.counts["kept"], corpus.counts["read"]
    assert (kept, read_) == (2, 3) if form == "jsonl" else (kept, read_ - kept > 0) == (2, True)


@pytest.mark.parametrize("block", [150, 700, 2_500, 10**6])
@pytest.mark.parametrize("container", ["array", "objects", "response"])
@pytest.mark.parametrize("text_first", [True, False])
def test_items_too_long_to_hold_are_one_rejection_each(
    monkeypatch: pytest.MonkeyPatch, container: str, block: int, text_first: bool
) -> None:
    monkeypatch.setattr(json_stream, "_BLOCK", block)
    whole = record(2, members=[2, 4])
    text = {"abstract": 'x{"y\\"' * 1_500}
    long = {"lens_id": whole["lens_id"]} | text | whole if text_first else whole | text
    other = {"jurisdiction": "EP"} | record(5)
    items = [
        json.dumps(r).encode() for r in (record(1), long, other, record(3), long, long, record(7))
    ]
    before, between, after = {
        "array": (b"[", b",", b"]"),
        "objects": (b"", b"\n", b""),
        "response": (b'{"data":[', b",", b"]}"),
    }[container]
    stream = io.BytesIO(before + between.join(items) + after)
    found = [piece for _, piece in objects(stream, container, max_record=3_000)]
    expected = [p if len(p) < 3_000 else "larger than 3000 bytes" for p in items]
    assert [p if isinstance(p, bytes) else p.split(";")[0] for p in found] == expected


# --- names --------------------------------------------------------------------------------------

NAMES = [
    "../up.jsonl",
    "../../../up2.jsonl",
    "/abs.jsonl",
    "C:\\drive.jsonl",
    "C:drive2.jsonl",
    "..\\back.jsonl",
    "\\\\host\\share\\net.jsonl",
    "nul\0.jsonl",
    "esc\x1b[2J\x1b]0;title\x07.jsonl",
    "bidi\u202egpj.jsonl",
    "<script>alert(1)</script>.jsonl",
    "=1+1.jsonl",
    "n" * 300 + ".jsonl",
]


def test_names_in_an_archive_lead_nowhere_and_are_shown_without_harm(tmp_path: Path) -> None:
    place = tmp_path / "a" / "b" / "c"
    place.mkdir(parents=True)
    with zipfile.ZipFile(place / "evil.zip", "w") as archive:
        for n, name in enumerate(NAMES, 1):
            info = zipfile.ZipInfo("x")
            info.filename = name
            archive.writestr(info, bombs.line(n))
        link = zipfile.ZipInfo("link.jsonl")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "../../up.jsonl")
    before = sorted(tmp_path.rglob("*"))
    done = call(place, "ingest", "evil.zip", "--corpus", "corpus")
    assert done.exit_code == 0, done.stderr
    new = [p for p in sorted(tmp_path.rglob("*")) if p not in before]
    assert all(p.is_relative_to(place / "corpus") for p in new)
    assert all(re.fullmatch(r"[\w.-]+", p.name) for p in new)
    manifest = json.loads((place / "corpus" / "corpus.json").read_text(encoding="utf-8"))
    # a name ends at NUL: that member is no export by its name
    assert manifest["counts"]["kept"] == len(NAMES) - 1
    assert [s["name"] for s in manifest["skipped"]] == ["evil.zip:link.jsonl", "evil.zip:nul"]
    names = [i["name"] for i in manifest["inputs"]]
    assert len(set(names)) == len(names)
    assert all(name.isprintable() and len(name) < 200 for name in names)
    assert all(line.isprintable() for line in (done.stderr + done.stdout).splitlines())


@unix
def test_links_and_odd_entries_of_a_folder_are_named_or_followed_no_further(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    (tmp_path / "secret").mkdir()
    write(folder / "a.jsonl", [record(1)])
    write(folder / os.fsdecode(b"caf\xe9.jsonl"), [record(2)])
    write(folder / "esc\x1b[31m.jsonl", [record(3)])
    write(tmp_path / "secret" / "s.jsonl", [record(4)])
    (folder / "sub" / "loop").symlink_to(folder)
    (folder / "out").symlink_to(tmp_path / "secret")
    (folder / "self.jsonl").symlink_to("self.jsonl")
    (folder / "gone.jsonl").symlink_to(tmp_path / "nothing.jsonl")
    os.mkfifo(folder / "pipe.jsonl")
    done = call(tmp_path, "ingest", "in", "--corpus", "c")
    assert done.exit_code == 0, done.stderr
    manifest = json.loads((tmp_path / "c" / "corpus.json").read_text(encoding="utf-8"))
    assert [i["name"] for i in manifest["inputs"]] == ["a.jsonl", "caf?.jsonl", "esc?[31m.jsonl"]
    skipped = {s["name"]: s["why"] for s in manifest["skipped"]}
    assert sorted(skipped) == ["gone.jsonl", "out", "pipe.jsonl", "self.jsonl", "sub/loop"]
    assert "not followed" in skipped["out"]
    assert "leads to nothing" in skipped["gone.jsonl"]
    assert all(line.isprintable() for line in done.stderr.splitlines())


@unix
@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_what_cannot_be_read_twice_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "p.jsonl"
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path = Path("/dev/zero")
    done = call(tmp_path, "ingest", str(path), "--corpus", "c")
    assert done.exit_code == 2
    assert "not a file that can be read twice" in done.stderr


def test_an_error_about_a_file_shows_its_name_without_harm(tmp_path: Path) -> None:
    done = call(tmp_path, "ingest", "no\x1b[2J\u202e.jsonl", "--corpus", "c")
    assert done.exit_code == 2
    assert done.stderr == "netpos: no?[2J?.jsonl: no such file or folder; check the path\n"


def test_exports_beside_the_working_folder_are_found(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "here").mkdir()
    (tmp_path / "in" / ".hidden").mkdir()
    write(tmp_path / "in" / "a.jsonl", [record(1)])
    write(tmp_path / "in" / ".hidden" / "b.jsonl", [record(2)])
    done = call(tmp_path / "here", "ingest", "../in", "--corpus", "c")
    assert done.stdout.startswith("1 records read = 1 kept"), done.stderr


@pytest.mark.parametrize("name", ["../../up", "/abs", "C:up", "a\0b", "<script>"])
def test_technologies_cannot_name_files_outside_the_results(tmp_path: Path, name: str) -> None:
    place = tmp_path / "a" / "b"
    place.mkdir(parents=True)
    write(place / "a.jsonl", [record(1), record(2, cites=[1])])
    (place / "t.toml").write_text(technology(name, "x"), encoding="utf-8")
    done = call(place, "run", "a.jsonl", "--out", "o", "--technologies", "t.toml", "--tables-only")
    assert done.exit_code == 2, done.stderr
    links = f'citing,cited,weight,technology\nNL,DE,2,"{name}"\nDE,NL,1,"{name}"\n'.replace(
        "\0", ""
    )
    (place / "l.csv").write_text(links, encoding="utf-8")
    done = call(place, "links", "l.csv", "--out", "l")
    assert done.exit_code == 0, done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a"]
    assert sorted(p.name for p in (tmp_path / "a").iterdir()) == ["b"]


# --- what names become in every output ----------------------------------------------------------

MARK = "hostile7"
HOSTILE = [
    f"<script>window.{MARK}=1</script>",
    f"</script><script>{MARK}()</script>",
    f'"><img src={MARK} onerror={MARK}()>',
    f"' onmouseover='{MARK}()",
    f"]]>{MARK}<!--",
    f"{{{{ 7*7 }}}} {MARK} ${{7*7}} {{% raw %}}",
    f"=cmd|'/C {MARK}'!A0",
    f"+1+1 {MARK}",
    f"-1-1 {MARK}",
    f"@SUM({MARK})",
    f"\t=1 {MARK}",
    f"\x1b[2J\x1b]0;{MARK}\x07",
    f"bidi \u202e\u2066{MARK}\u2069",
    f"javascript:{MARK}()",
    f"null \x00 {MARK} \x0b \x7f \x85",
    f"lines\r\nof {MARK}\u2028two",
    f"{MARK} \ud800 half",
    f"{MARK} " + "N" * 5_000,
]
HOMES = ["NL", "DE", "US", "CN"]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole run in which every text that an export can hold is hostile."""
    folder = tmp_path_factory.mktemp("hostile")
    records = []
    for k in range(4 * len(HOSTILE)):
        n, text, home = k + 1, HOSTILE[k % len(HOSTILE)], HOMES[(k // 3) % 4]
        records.append(
            record(
                n,
                applicants=[(text, home), (f"PLAIN {home} LTD", home)],
                inventors=[(text, home)],
                cites=[c for c in (n - 1, n - 7, n - 20) if c > 0],
                published="2018-06-01" if k % 2 else "2017-06-01",
                kind=text if k % 11 == 0 else "A1",
                doc_number=text if k % 7 == 0 else str(n),
                publication_type=text if k % 13 == 0 else "PATENT_APPLICATION",
                symbols=["G06N10/00", text],
                abstract=[{"text": text}],
            )
        )
    records.append(record(900, applicants=[("X", f"<b>{MARK}")], office=f"<i>{MARK}"))
    write(folder / f"in <script>{MARK}<'&=.jsonl", records)
    write(folder / "extra.jsonl", [{"lens_id": HOSTILE[1]}, {HOSTILE[0]: HOSTILE[1]}, record(901)])
    text = technology("quantum", HOSTILE[1] + HOSTILE[2])
    (folder / "t.toml").write_text(text, encoding="utf-8")
    exports = sorted(p.name for p in folder.glob("*.jsonl"))
    options = ["--technologies", "t.toml", "--from", "2017", "--to", "2018", "--draws", "0"]
    options += ["--no-sensitivity", "--no-figures", "--excel-nl", "--processes", "1"]
    done = call(folder, "run", *exports, "--out", "o", *options)
    assert done.exit_code == 0, (done.stderr, done.exception)
    (folder / "said.txt").write_text(done.stderr + done.stdout, encoding="utf-8")
    return folder


def test_every_hostile_record_is_accounted_for(hostile: Path) -> None:
    counts = json.loads((hostile / "o" / "run.json").read_text(encoding="utf-8"))["counts"]
    assert counts["read"] == 4 * len(HOSTILE) + 4
    assert counts["kept"] + counts["rejected"] + counts["duplicates"] == counts["read"]
    assert counts["rejected"] <= 2 + 2 * 4  # the two below, and those with a half sign in a text
    assert counts["kept"] >= 4 * len(HOSTILE) - 6


class Markup(html.parser.HTMLParser):
    """Collects what a browser would act on."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.wrong: list[str] = []
        self.policy = ""
        self._inside: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "meta" and given.get("http-equiv", "").lower() == "content-security-policy":
            self.policy = given["content"] or ""
        if tag in {"iframe", "object", "embed", "base", "applet", "frame"}:
            self.wrong.append(tag)
        for name, value in attrs:
            link = name in {"src", "href", "action", "formaction", "xlink:href", "data"}
            active = link and re.match(r"\s*(javascript|data:text)", value or "", re.IGNORECASE)
            if name.startswith("on") or active or MARK in name or (link and value == MARK):
                self.wrong.append(f"{tag} {name}={value}")
        if MARK in tag:
            self.wrong.append(tag)
        self._inside = tag if tag in {"script", "style"} else None
        if tag == "script":
            self.scripts.append((given, ""))

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - as the parser calls it
        self._inside = None

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            given, text = self.scripts[-1]
            self.scripts[-1] = (given, text + data)
        elif self._inside == "style" and MARK in data:
            self.wrong.append("style")


def test_no_page_has_live_markup_from_the_data(hostile: Path) -> None:
    pages = sorted((hostile / "o").rglob("*.html"))
    assert len(pages) >= 5
    shown = 0
    for page in pages:
        text = page.read_text(encoding="utf-8")
        found = Markup()
        found.feed(text)
        found.close()
        assert found.wrong == [], page.name
        assert "default-src 'none'" in found.policy, page.name
        allowed = re.search(r"script-src ([^;]*)", found.policy) or re.search("()", "")
        assert allowed is not None
        for given, script in found.scripts:
            if given.get("type") == "application/json":
                json.loads(script)
                continue
            digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
            assert f"'sha256-{digest}'" in allowed[1], page.name
            assert MARK not in script, page.name
        shown += MARK in text
    assert shown >= 3  # the names are there, as text


def test_no_file_for_a_spreadsheet_has_a_formula_from_the_data(hostile: Path) -> None:
    with zipfile.ZipFile(hostile / "o" / "tables" / "netpos.xlsx") as book:
        texts = [book.read(n) for n in book.namelist() if n.endswith(".xml")]
        assert any(MARK.encode() in t for t in texts)
        for text in texts:
            root = ElementTree.fromstring(text)
            assert not [e for e in root.iter() if e.tag.split("}")[-1] in {"f", "hyperlink"}]
    cells = 0
    for path in sorted((hostile / "o" / "excel-nl").glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.reader(file, delimiter=";"):
                for cell in row:
                    cells += MARK in cell
                    number = re.fullmatch(r"-?[\d,]+(E-?\d+)?", cell)
                    assert not cell or number or cell[0] not in FORMULA, (path.name, cell)
    assert cells


def test_every_table_and_graph_is_whole_and_holds_the_names(hostile: Path) -> None:
    tables = sorted((hostile / "o" / "tables").glob("*.csv"))
    for path in tables:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        assert {len(row) for row in rows} == {len(rows[0])}, path.name
        assert len(rows) - 1 == pl.read_parquet(path.with_suffix(".parquet")).height
    for path in sorted((hostile / "o" / "graphs").glob("*.g*")):
        ElementTree.parse(path)
    for path in sorted((hostile / "o" / "graphs").glob("*.json")):
        json.loads(path.read_text(encoding="utf-8"))
    names = pl.read_parquet(hostile / "o" / "tables" / "organisations.parquet")
    assert any(MARK.upper() in n.upper() for n in names[:, 2].cast(pl.String) if n)


@pytest.mark.parametrize(
    "arguments",
    [
        ["explain", "o", "--citing", "NL", "--cited", "DE"],
        ["explain", "o", "--country", "NL"],
        ["check", "."],
        ["compare", "o", "o"],
    ],
)
def test_nothing_that_a_terminal_obeys_is_printed(hostile: Path, arguments: list[str]) -> None:
    done = call(hostile, *arguments)
    assert done.exit_code == 0, (done.stderr, done.exception)
    said = done.stdout + done.stderr + (hostile / "said.txt").read_text(encoding="utf-8")
    assert [line for line in said.split("\n") if not line.isprintable()] == []


def test_nothing_is_written_outside_the_results(hostile: Path) -> None:
    there = sorted(p.name for p in hostile.iterdir())
    assert there == [
        f"{n}"
        for n in sorted([f"in <script>{MARK}<'&=.jsonl", "extra.jsonl", "t.toml", "o", "said.txt"])
    ]
    for path in (hostile / "o").rglob("*"):
        assert re.fullmatch(r"[\w.-]+", path.name), path
