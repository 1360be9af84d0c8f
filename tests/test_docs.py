"""The documentation names all that there is, names nothing else, and what it shows runs."""

from __future__ import annotations

import gzip
import inspect
import json
import re
import shlex
import shutil
from dataclasses import replace
from pathlib import Path

import duckdb
import polars as pl
import pytest
from typer.testing import CliRunner

import netpos
from netpos.cli import app
from netpos.commands import run as pipeline
from netpos.countries import data_path
from netpos.fetching.asking import Clock
from netpos.ingest.corpus import ingest
from netpos.options import make
from scripts import make_cli_doc
from tests.conftest import ROOT
from tests.fetching.standin import TOKEN, StandIn, Time, serving
from tests.worlds import publications, us_world, write_tables

DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]


def test_every_column_of_every_table_is_described(workspace: Path) -> None:
    text = (DOCS / "tables.md").read_text(encoding="utf-8")
    sections = {}
    for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        head, _, body = part.partition("\n")
        for name in re.findall(r"([a-z_]+)\.(?:csv|parquet)", head):
            sections[name] = set(re.findall(r"`([a-z_0-9]+)`", body))
    missing = {}
    tables = sorted((workspace / "results" / "tables").glob("*.parquet"))
    assert len(tables) > 20
    for path in tables:
        columns = set(pl.read_parquet_schema(path))
        told = sections.get(path.stem, set())
        endings = {f"{c}_{side}" for c in told for side in ("low", "high")}
        if left := columns - told - endings - {"technology", "period"}:
            missing[path.stem] = sorted(left)
    assert missing == {}


def test_every_public_function_has_its_place_in_the_method_notes() -> None:
    text = "".join((DOCS / f"{n}.md").read_text(encoding="utf-8") for n in ("methods", "engines"))
    functions = [n for n in netpos.__all__ if inspect.isfunction(getattr(netpos, n))]
    assert len(functions) > 25
    assert [n for n in functions if f"{n}" not in text] == []


def test_every_command_is_in_the_list_of_commands() -> None:
    from typer.main import get_command

    text = (DOCS / "cli.md").read_text(encoding="utf-8")
    names = get_command(app).commands
    assert {n for n in names if f"netpos {n}" not in text} == set()


# --- commands and options ---------------------------------------------------------------------


def command_options() -> dict[str, set[str]]:
    from typer.main import get_command

    commands = get_command(app).commands
    return {
        name: {o for p in command.params for o in (*p.opts, *p.secondary_opts) if o[:2] == "--"}
        - {"--help"}
        for name, command in commands.items()
    }


def test_every_option_of_every_command_is_in_the_list_and_every_option_there_exists() -> None:
    text = (DOCS / "cli.md").read_text(encoding="utf-8")
    whole, _, others = text.partition("## Options of the other commands")
    listed: dict[str, set[str]] = {}
    for line in others.splitlines():
        if found := re.match(r"\| `([a-z]+)` \|(.*?[^\\])\|", line):
            listed.setdefault(found[1], set()).update(re.findall(r"--[a-z-]+", found[2]))
    exist = command_options()
    runs = {
        o
        for line in whole.splitlines()
        for o in re.findall(r"--[a-z-]+", line)
        if line.startswith("| `--")
    }
    assert runs | {"--out"} == exist["run"] | exist["analyse"]
    assert exist["run"] - exist["analyse"] == {"--max-record", "--processes"}
    assert listed == {n: o for n, o in exist.items() if n not in ("run", "analyse") and o}


def test_the_tables_of_options_are_made_from_the_options() -> None:
    text = (DOCS / "cli.md").read_text(encoding="utf-8")
    assert make_cli_doc.filled(text) == text  # else run scripts/make_cli_doc.py


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_every_option_named_in_a_document_is_an_option_of_some_command(page: Path) -> None:
    known = set().union(*command_options().values()) | {"--help", "--quiet", "--version"}
    words = re.findall(r"(?<![\w=-])--[a-z][a-z-]*", page.read_text(encoding="utf-8"))
    assert {w for w in words if w not in known} == set()


# --- what is shown is run -----------------------------------------------------------------------

#: What a synopsis leaves to the reader.
PLACES = {"EXPORT...": "exports", "CORPUS": "corpus", "RESULTS": "results", "DIR": "made",
          "QUERIES.json": "queries.json"}  # fmt: skip
#: Added to long commands, so that they read the same words and finish soon.
SHORT = {
    "run": ["--draws", "2", "--no-sensitivity", "--no-figures", "--tables-only"],
    "analyse": ["--draws", "2", "--no-sensitivity", "--no-figures", "--tables-only"],
}


def blocks(page: Path, language: str) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def shown(page: Path) -> list[list[str]]:
    """Commands in blocks and in running text that have more than a name."""
    lines = [line for block in blocks(page, "sh") for line in block.splitlines()]
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    lines += [" ".join(c.split()) for c in re.findall(r"`(netpos [a-z]+ [^`]+)`", text)]
    found = []
    for line in lines:
        line = line.split(" #")[0].split(" > ")[0].strip().removeprefix(".venv/bin/")
        words = shlex.split(line, comments=True)
        if words and words[0] == "netpos":
            found.append(words[1:])
        elif words[:2] == ["duckdb", "<"]:
            found.append([words[0], words[2]])
    return found


def filled(words: list[str]) -> list[str]:
    """A command with its placeholders replaced by files of the workspace."""
    command, *rest = words
    if rest[-1] == "...":
        rest[-1:] = ["--technology", "quantum", "--country", "NL"]
    file = {
        "links": "flows.csv",
        "complexity": "trade.csv",
        "intensity": "sectors.csv",
        "companies": "companies.csv",
    }.get(command, "FILE")
    optional = [w for w in rest if not w.startswith("[") and not w.endswith("]")]
    if command == "science":
        optional += ["--technology", "quantum=works.jsonl"]
    if "FILE" in rest and "--out" not in rest:
        optional += ["--out", "made"]
    return [command, *(PLACES.get(w, file if w == "FILE" else w) for w in optional)]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that the documents speak of, small: exports, a corpus, results, tables."""
    home = tmp_path_factory.mktemp("shown")
    with gzip.open(data_path("demo_synthetic_lens.jsonl.gz"), "rt", encoding="utf-8") as stream:
        lines = stream.readlines()
    wanted = re.compile("G06N10|H03K19|G01R33|H04B10/7|H10N60|H04L9/08")
    chosen = [line for line in lines if wanted.search(line)][::4]
    other = [line for line in lines if not wanted.search(line)]
    for name, part in (("exports", chosen), ("context", other[:200])):
        (home / name).mkdir()
        (home / name / "part.jsonl").write_text("".join(part), encoding="utf-8")
    others(home)
    (home / "data").mkdir()
    shutil.copy(data_path("nts_technologies.toml"), home / "data")
    definitions = data_path("nts_technologies.toml").read_text(encoding="utf-8")
    head, *technologies = re.split(r"(?=^\[\[technology\]\])", definitions, flags=re.MULTILINE)
    kept = [t for t in technologies if re.search(r'^id = "(quantum|semiconductor)"', t, re.M)]
    assert len(kept) == 2
    for name, text in FILES.items():
        (home / name).write_text(text, encoding="utf-8")
    (home / "mine.toml").write_text(head + "".join(kept), encoding="utf-8")
    (home / "one.toml").write_text(head + kept[0], encoding="utf-8")
    given = {"technologies": str(home / "mine.toml"), "draws": 5, **EVERYTHING}
    for name in ("totals", "complexity"):
        given[name] = str(home / f"{name}.csv")
    demo = data_path("demo_synthetic_lens.jsonl.gz")  # whole, so that links have both ends
    pipeline.run([demo], home / "results", make(given))
    ingest([home / "exports"], home / "corpus")
    shutil.copytree(home / "results" / "graphs", home / "graphs")
    shutil.copy(home / "results" / "run.toml", home / "run.toml")
    for year in ("2024", "2025"):
        shutil.copytree(home / "results", home / f"results-{year}")
    return home


def others(home: Path) -> None:
    """A small world as publications and as bulk tables; a third of it is of other classes."""
    world = [replace(d, symbols=d.symbols if d.family % 3 else ("A61K31/00",)) for d in us_world()]
    (home / "publications").mkdir()
    table = pl.DataFrame(publications(world)).with_columns(ipc="cpc")
    table.write_parquet(home / "publications" / "part.parquet")
    write_tables(home / "tables", world)


#: Small tables of users, by the names that the documents give them.
FILES = {
    "queries.json": '[{"request": {"query": {"terms": {"lens_id": ["none"]}}}}]',
    "links.csv": "citing_family,cited_family\n1,2\n",
    "numbers.csv": "office,number,kind,family\nUS,7000001,B2,1\n",
    "flows.csv": "citing,cited,weight\nNL,US,3\nUS,NL,1\nDE,NL,2\n",
    "sizes.csv": "country,families\nNL,2\nUS,10\nDE,4\n",
    "trade.csv": "country,product,value\nA,x,1\nA,y,1\nB,y,1\nB,z,1\nC,z,1\n",
    "works.jsonl": '{"id": "https://openalex.org/W1", "publication_year": 2018, "type": "article", '
    '"cited_by_count": 1, "authorships": [{"countries": ["NL"]}]}\n',
    "companies.csv": "company_id,country,technology,founded,status,funding_usd_m\n"
    "a,NL,quantum,2015,active,12\n",
    "sectors.csv": "country,year,sector,value_added,berd,gdp\nNL,2015,ict,5,1,90\n"
    "DE,2015,ict,6,2,99\n",
    "totals.csv": "country,families\nNL,200\nUS,3000\nDE,900\nCN,5000\nKR,900\nJP,2000\n",
    "complexity.csv": "technology,complexity\nquantum,0.9\nsemiconductor,0.4\n",
    "aliases.csv": "alias,name\nFIRM OLD NAME,FIRM NEW NAME\n",
    "residences.csv": "lens_id,country\n000-000-000-000-000,NL\n",
}
#: Options that make a run write every kind of file.
EVERYTHING = {"excel_nl": True, "compare_with": "DE,US", "benchmark": "US,CN,JP,DE"}


@pytest.fixture
def here(workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copy = tmp_path / "workspace"
    shutil.copytree(workspace, copy)
    monkeypatch.chdir(copy)
    return copy


@pytest.mark.parametrize("page", [p for p in PAGES if shown(p)], ids=lambda p: p.stem)
def test_commands_shown_in_a_document_run_on_bundled_data(
    page: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for words in shown(page):
        if words[0] == "duckdb":
            with duckdb.connect() as connection:
                connection.execute(Path(words[1]).read_text(encoding="utf-8"))
            continue
        command = filled(words)
        # options named without a file; demo and chain, whose results are tested by themselves
        if command[0] in ("demo", "chain") or (
            command[0] not in ("query", "fetch") and command[1].startswith("--")
        ):
            options = set(re.findall(r"--[a-z-]+", " ".join(words)))
            assert options <= command_options()[command[0]], f"{page.name}: {words}"
            continue
        if command[0] == "fetch":
            fetched(command, monkeypatch)
            continue
        more = SHORT.get(command[0], [])
        if more and not {"--technologies", "--config"} & set(command):
            more = [*more, "--technologies", "one.toml"]  # of the ten
        result = CliRunner().invoke(app, [*command, *more])
        assert result.exit_code == 0, f"{page.name}: netpos {' '.join(words)}\n{result.stderr}"
        target = re.search(r"> (\S+)", whole_line(page, words))
        if target:
            (here / target[1]).write_text(result.stdout, encoding="utf-8")


def whole_line(page: Path, words: list[str]) -> str:
    """The line of a block that shows a command, with where its output goes."""
    lines = [x for block in blocks(page, "sh") for x in block.splitlines()]
    whole = (x.split(" #")[0] for x in lines if x.startswith("netpos "))
    return next((x for x in whole if shlex.split(x.split(" > ")[0])[1:] == words), "")


def fetched(command: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Fetch from a stand-in that holds the exports of the workspace."""
    pytest.importorskip("httpx", reason="httpx is not installed: run 'make setup'")
    records = [json.loads(x) for p in Path("exports").iterdir() for x in p.read_text().splitlines()
               if x.endswith("}")]  # fmt: skip
    time = Time()
    monkeypatch.setattr(Clock, "now", lambda _: time.now())
    monkeypatch.setattr(Clock, "sleep", lambda _, seconds: time.sleep(seconds))
    monkeypatch.setenv("LENS_API_TOKEN", TOKEN)
    with serving(StandIn(list({r["lens_id"]: r for r in records}.values()), clock=time)) as standin:
        result = CliRunner().invoke(app, [*command, "--yes", "--url", standin.url])
        assert result.exit_code == 0, result.stderr


def test_the_documents_show_enough_commands_to_be_worth_running() -> None:
    named = {words[0] for page in PAGES for words in shown(page)}
    assert named - {"duckdb"} == set(command_options())


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p, "python")], ids=lambda p: p.stem)
def test_python_shown_in_a_document_runs_on_bundled_data(page: Path, here: Path) -> None:
    names: dict[str, object] = {}  # a page goes on where its last block stopped
    for block in blocks(page, "python"):
        if not re.search("spark", block):  # tests/analysis/test_engines.py runs those
            exec(compile(block, page.name, "exec"), names)


def test_make_targets_shown_in_a_document_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for page in [*PAGES, ROOT / "CONTRIBUTING.md"]:
        asked = re.findall(r"^make ([a-z-]+)|`make ([a-z-]+)`", page.read_text("utf-8"), re.M)
        assert {a or b for a, b in asked} <= targets, page.name


# --- the folder of a run ------------------------------------------------------------------------


def test_every_file_that_a_run_leaves_is_described(workspace: Path) -> None:
    """By its own name, or with ``<technology>``, ``<table>`` or ``<name>`` in it."""
    formats = (DOCS / "formats.md").read_text(encoding="utf-8")
    folder = formats.partition("## The folder of a run")[2].partition("\n## ")[0]
    endings = set(re.findall(r"`(-?[a-z]*\.[a-z]+)`", formats))
    tables = set(re.findall(r"^## ([a-z_]+)\.csv", (DOCS / "tables.md").read_text("utf-8"), re.M))
    unknown = []
    for path in sorted(p for p in (workspace / "results").rglob("*") if p.is_file()):
        name = path.relative_to(workspace / "results").as_posix()
        part, _, rest = name.rpartition("/")
        plain = re.sub(r"^(quantum|semiconductor|all)\b", "<technology>", rest)
        if part in ("tables", "excel-nl") and path.suffix != ".xlsx":
            told = path.stem in tables and f"`{part}/<table>.csv`" in folder
        elif part == "graphs":
            ending = re.sub(r"^<technology>(-organisations)?", "", plain)
            told = ending in endings and f"`graphs/{plain.removesuffix(ending)}.*`" in folder
        elif part == "figures":
            told = path.suffix in (".svg", ".png", ".csv") and "`figures/<name>.svg`" in folder
        elif part == "corpus/records":
            told = "`records/`" in folder
        elif part == "corpus":
            told = f"`{rest}`" in folder
        else:
            told = f"`{part + '/' if part else ''}{plain}`" in folder
        if not told:
            unknown.append(name)
    assert unknown == []


def test_every_figure_that_a_run_draws_is_named_and_every_figure_named_is_drawn(
    workspace: Path,
) -> None:
    report = (DOCS / "report.md").read_text(encoding="utf-8").partition("## Figures")[2]
    named = {
        name
        for line in report.splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`([a-z<>-]+)`", line.split("|")[1])
    }
    drawn = {
        re.sub(r"-(quantum|semiconductor|all)$", "-<technology>", path.stem)
        for path in (workspace / "results" / "figures").glob("*.csv")
    }
    named = {re.sub(r"-all$", "-<technology>", name) for name in named}
    assert sorted(drawn - named) == []
    assert sorted(named - drawn) == []


def test_tables_of_links_and_complexity_are_named(here: Path) -> None:
    folder = (DOCS / "formats.md").read_text("utf-8").partition("`netpos links` writes")[2]
    folder = folder.partition("###")[0]
    for command, file, *more in (
        ("links", "flows.csv"),
        ("complexity", "trade.csv", "--focal", "A"),
        ("intensity", "sectors.csv", "--benchmark", "DE"),
        ("companies", "companies.csv"),
        ("science", "--technology=quantum=works.jsonl"),
    ):
        result = CliRunner().invoke(app, [command, file, "--out", command, *more])
        assert result.exit_code == 0, result.stderr
        written = {p.stem for p in (here / command / "tables").glob("*.parquet")}
        assert {n for n in written if f"`{n}`" not in folder} == set()


def test_columns_and_tables_named_in_the_questions_exist() -> None:
    faq = (DOCS / "faq.md").read_text(encoding="utf-8")
    tables = (DOCS / "tables.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z]+(?:_[a-z]+)+)`", faq))
    assert len(named) > 10
    columns = set(re.findall(r"`([a-z_0-9]+)`", tables))
    assert named - columns == set()
    files = set(re.findall(r"`([a-z_]+\.csv)`", faq))
    assert len(files) > 5
    assert {f for f in files if f"## {f}" not in tables} == set()


# --- links between documents --------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    """Headings as the web shows them: small letters, blanks as hyphens, no other signs."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    heads = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).strip().replace(" ", "-") for h in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_links_and_anchors_lead_somewhere(page: Path) -> None:
    dead = []
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if target.startswith("http"):
            continue
        file, _, anchor = target.partition("#")
        there = page if not file else (page.parent / file)
        if not there.exists() or (anchor and anchor not in anchors(there)):
            dead.append(target)
    assert dead == []


def test_every_document_is_reached_from_the_front_page() -> None:
    front = (ROOT / "README.md").read_text(encoding="utf-8")
    assert {p.name for p in DOCS.glob("*.md") if f"docs/{p.name}" not in front} == set()
    assert {p.name for p in (ROOT / "notebooks").glob("*.ipynb") if p.name not in front} == set()


def test_the_front_page_fits_two_screens() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 100
