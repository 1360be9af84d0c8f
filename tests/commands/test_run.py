"""The results of a whole run agree with each other and with a plain count of the input.

The reference is arithmetic on the files as written (CSV) and on the records they come from; nothing
of the analysis is called.
"""

from __future__ import annotations

import csv
import json
import math
import random
import re
import xml.etree.ElementTree as ET
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from netpos.cli import app
from tests.lens import FAST, record, write

#: Symbols of three technologies; the second and the third share one.
SYMBOLS = {
    "one": ["G06N10/00"],
    "two": ["H01S5/00", "G02B6/00"],
    "three": ["H01S5/00", "C12N15/00"],
}
PLACES = ["NL", "DE", "US", "CN", "NA", "JP", "TW"]
PERIODS = {"2015-2020": (2015, 2020), "2021-2025": (2021, 2025), "all": (2015, 2025)}
Row = dict[str, str]


def definitions() -> str:
    parts = []
    for name, symbols in SYMBOLS.items():
        shown = ", ".join(f'"{s}"' for s in symbols)
        parts.append(f'[[technology]]\nid = "{name}"\nname = "{name}"\ncpc = [{shown}]\n')
    return "\n".join(parts)


def records(seed: int) -> list[dict]:
    """Families of one document: some co-owned, some without country, some of persons alone."""
    random_ = random.Random(seed)
    symbols = sorted({s for found in SYMBOLS.values() for s in found})
    found = []
    for n in range(1, 161):
        owners = [
            (f"{place} FIRM {random_.randrange(3)} LTD", place)
            for place in random_.choices(
                PLACES, [9, 8, 9, 6, 2, 4, 2], k=random_.choice([1, 1, 2, 3])
            )
        ]
        case = random_.random()
        if case < 0.1:
            owners = [(f"UNSEEN {n} LTD", None)]
        found.append(
            record(
                n,
                applicants=owners,
                symbols=random_.sample(symbols, random_.choice([1, 1, 2])),
                cites=sorted(
                    random_.sample([k for k in range(1, 175) if k != n], random_.randrange(5))
                ),
                published=f"{random_.randrange(2008, 2026)}-0{random_.randrange(1, 10)}-15",
                priority=None if case < 0.1 else (owners[0][1] or "NL", "2007-01-01"),
                legal_status={"patent_status": random_.choice(["ACTIVE", "PENDING", "EXPIRED"])},
                office=random_.choice(["EP", "US", "CN", "WO"]),
            )
        )
    return found


@dataclass(frozen=True)
class Run:
    folder: Path
    records: list[dict]
    counting: str

    def rows(self, name: str, **where: str) -> list[Row]:
        with (self.folder / "tables" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            found = list(csv.DictReader(file))
        return [r for r in found if all(r[k] == v for k, v in where.items())]

    def cells(self) -> list[tuple[str, str]]:
        return [(t, p) for t in (*SYMBOLS, "all") for p in PERIODS]


def total(rows: Iterable[Row], column: str) -> float:
    return math.fsum(float(r[column]) for r in rows if r[column])


def near(value: float) -> object:
    """Numbers are written with twelve digits."""
    return pytest.approx(value, rel=1e-9, abs=1e-9)


def made(folder: Path, counting: str, records_: list[dict], *more: str) -> Run:
    folder.mkdir(exist_ok=True)
    (folder / "t.toml").write_text(definitions())
    path = write(folder / "x.jsonl", records_)
    arguments = ["run", path, "--out", folder / "o", "--technologies", folder / "t.toml", *FAST]
    arguments += ["--periods", "2015-2020,2021-2025", "--counting", counting, *more]
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    assert result.exit_code == 0, result.stderr
    return Run(folder / "o", records_, counting)


@pytest.fixture(scope="module", params=["fractional", "country-unique", "full"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return made(tmp_path_factory.mktemp("run"), request.param, records(7), "--benchmark", "US,DE")


@pytest.fixture(scope="module")
def conserving(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return made(tmp_path_factory.mktemp("conserving"), "fractional", records(8))


# --- totals ---------------------------------------------------------------------------------------


def plain_shares(one: dict, counting: str) -> dict[str, float]:
    """Countries of a record's only family, by the rule as the method notes state it."""
    parties = {(p["extracted_name"]["value"], p.get("residence")) for p in _applicants(one)}
    places = Counter(place for _, place in parties if place)
    if not places:
        return {}
    if counting == "fractional":
        return {c: k / sum(places.values()) for c, k in places.items()}
    return {c: 1 / len(places) if counting == "country-unique" else 1.0 for c in places}


def _applicants(one: dict) -> list[dict]:
    return one["biblio"]["parties"]["applicants"]


def plain_technologies(one: dict) -> set[str]:
    held = {c["symbol"] for c in one["biblio"]["classifications_cpc"]["classifications"]}
    return {t for t, symbols in SYMBOLS.items() if held & set(symbols)} | {"all"}


def test_families_per_country_are_those_counted_from_the_records_in_every_table(run: Run) -> None:
    expected: dict[tuple[str, str, str], float] = defaultdict(float)
    for one in run.records:
        year = int(one["date_published"][:4])
        for period, (a, b) in PERIODS.items():
            if a <= year <= b:
                for technology in plain_technologies(one):
                    for country, share in plain_shares(one, run.counting).items():
                        expected[technology, period, country] += share
    assert len(expected) > 50
    columns = {}
    for name, country in (("countries", "country"), ("references", "code")):
        kind = {"kind": "country"} if name == "references" else {}
        columns[name] = {
            (r["technology"], r["period"], r[country]): float(r["families"])
            for r in run.rows(name, **kind)
            if float(r["families"])
        }
    by_year: dict[tuple[str, str, str], float] = defaultdict(float)
    for row in run.rows("trend"):
        for period, (a, b) in PERIODS.items():
            if a <= int(row["year"]) <= b and float(row["families"]):
                by_year[row["technology"], period, row["country"]] += float(row["families"])
    for found in (columns["countries"], columns["references"], by_year):
        assert found.keys() == expected.keys()
        for key, value in expected.items():
            assert found[key] == near(value), key


def test_families_sum_to_the_located_families_where_counting_conserves(run: Run) -> None:
    for technology, period in run.cells():
        at = {"technology": technology, "period": period}
        families = total(run.rows("countries", **at), "families")
        (row,) = run.rows("technologies", **at)
        (covered,) = run.rows("coverage", rule="all", **at)
        rules = [r for r in run.rows("coverage", **at) if r["rule"] != "all"]
        located = float(row["families_located"])
        assert float(covered["families_with_country"]) == located > 5
        assert total(rules, "families_with_country") == located
        assert total(rules, "families") == float(covered["families"]) == float(row["families"])
        assert located < float(row["families"])  # some have no country
        if run.counting == "full":
            assert families > located
        else:
            assert families == near(located)


def test_organisations_hold_the_families_of_the_records(run: Run) -> None:
    for technology, period in run.cells():
        expected: dict[str, float] = defaultdict(float)
        for one in run.records:
            a, b = PERIODS[period]
            inside = a <= int(one["date_published"][:4]) <= b
            if inside and technology in plain_technologies(one):
                names = {
                    p["extracted_name"]["value"].removesuffix(" LTD") for p in _applicants(one)
                }
                each = 1.0 if run.counting == "full" else 1 / len(names)
                for name in names:
                    expected[name] += each
        rows = run.rows("organisations", technology=technology, period=period)
        found = {r["organisation"]: float(r["families"]) for r in rows if float(r["families"])}
        assert found == {k: near(v) for k, v in expected.items()}


def test_shares_sum_to_one(run: Run) -> None:
    shares = ["received_share", "pagerank", "value_share"]
    if run.counting != "full":  # a family owned in common counts for each owner
        shares += ["family_share", "international_share"]
    for technology, period in run.cells():
        rows = run.rows("countries", technology=technology, period=period)
        for column in shares:
            assert total(rows, column) == near(1), (technology, period, column)
        citing = [r for r in rows if r["similarity"]]
        assert citing
        for row in citing:
            parts = [float(row[f"share_{bloc}"]) for bloc in ("eu", "oecd_nato", "other")]
            assert math.fsum(parts) == near(1)
        rows = run.rows("organisations", technology=technology, period=period)
        assert total(rows, "pagerank") == near(1)


@pytest.mark.parametrize(
    ("nodes", "links", "key"),
    [("countries", "links", "country"), ("organisations", "organisation_links", "organisation")],
)
def test_weights_of_links_sum_to_the_strengths(run: Run, nodes: str, links: str, key: str) -> None:
    for technology, period in run.cells():
        at = {"technology": technology, "period": period}
        received: dict[str, float] = defaultdict(float)
        given: dict[str, float] = defaultdict(float)
        domestic: dict[str, float] = defaultdict(float)
        rows = run.rows(links, **at)
        assert len({(r["citing"], r["cited"]) for r in rows}) == len(rows) > 3
        for row in rows:
            weight = float(row["weight"])
            assert weight > 0
            if row["citing"] == row["cited"]:
                domestic[row["citing"]] += weight
            else:
                given[row["citing"]] += weight
                received[row["cited"]] += weight
        table = run.rows(nodes, **at)
        assert {*received, *given, *domestic} <= {r[key] for r in table}
        for row in table:
            assert float(row["received"]) == near(received[row[key]])
            assert float(row["given"]) == near(given[row[key]])
            if "domestic" in row:
                assert float(row["domestic"]) == near(domestic[row[key]])


def test_links_are_the_located_citations_of_the_records(conserving: Run) -> None:
    run = conserving
    by_number = {int(r["doc_number"]): r for r in run.records}
    for technology, period in run.cells():
        at = {"technology": technology, "period": period}
        a, b = PERIODS[period]
        located = closed = mentioned = 0
        for one in run.records:
            if not a <= int(one["date_published"][:4]) <= b:
                continue
            if technology not in plain_technologies(one):
                continue
            refs = one["biblio"].get("references_cited", {}).get("citations", [])
            for ref in refs:
                mentioned += 1
                other = by_number.get(int(ref["patcit"]["document_id"]["doc_number"]))
                ends = (
                    plain_shares(one, run.counting) and other and plain_shares(other, run.counting)
                )
                located += bool(ends)
                closed += bool(ends) and technology in plain_technologies(other)
        (row,) = run.rows("technologies", **at)
        (covered,) = run.rows("coverage", rule="all", **at)
        assert float(row["links"]) == float(covered["citations_located"]) == located > 10
        assert float(covered["citations"]) == mentioned > located
        assert float(row["coverage"]) == near(located / mentioned)
        assert total(run.rows("source_links", **at), "weight") == near(located)
        assert total(run.rows("links", **at), "weight") == near(closed)
        sent = run.rows("coverage_by_country", direction="given", **at)
        assert total(sent, "located") == near(located)


def test_exposure_and_dependents_are_parts_of_the_source_links(run: Run) -> None:
    seen = 0
    for technology, period in run.cells():
        at = {"technology": technology, "period": period}
        foreign = [r for r in run.rows("source_links", **at) if r["citing"] != r["cited"]]
        sources = {r["cited"]: float(r["weight"]) for r in foreign if r["citing"] == "NL"}
        whole = math.fsum(sources.values())
        countries = run.rows("exposure", kind="country", **at)
        assert {r["source"] for r in countries} == set(sources)
        assert total(countries, "share") == near(1)
        assert total(run.rows("exposure", kind="bloc", **at), "share") == near(1)
        for row in countries:
            assert float(row["share"]) == near(sources[row["source"]] / whole)
            left = [w for c, w in sources.items() if c != row["source"]]
            entropy = -math.fsum(w / sum(left) * math.log(w / sum(left)) for w in left)
            assert float(row["effective_without"]) == near(math.exp(entropy))
        (focal,) = run.rows("countries", country="NL", **at)
        entropy = -math.fsum(w / whole * math.log(w / whole) for w in sources.values())
        assert float(focal["source_effective"]) == near(math.exp(entropy))
        assert float(focal["source_countries"]) == len(sources)
        given: dict[str, float] = defaultdict(float)
        to_us: dict[str, float] = defaultdict(float)
        for row in foreign:
            given[row["citing"]] += float(row["weight"])
            to_us[row["citing"]] += float(row["weight"]) * (row["cited"] == "NL")
        expected = {c: w / given[c] for c, w in to_us.items() if w}
        found = {r["country"]: float(r["share"]) for r in run.rows("dependents", **at)}
        assert found == {c: near(s) for c, s in expected.items()}
        seen += len(found)
    assert seen > 20


def test_what_is_shown_twice_is_the_same(run: Run) -> None:
    keys = ("technology", "period", "country")
    countries = {tuple(r[k] for k in keys): r for r in run.rows("countries")}
    twice = ("balance_ratio", "balance", "source_effective", "similarity", "family_share")
    twice += ("family_rank", "value_share", "value_rank")
    for row in run.rows("technologies"):
        own = countries[row["technology"], row["period"], "NL"]
        assert [row[c] for c in twice] == [own[c] for c in twice]
        here = (row["technology"], row["period"])
        members = [k[2] for k, r in countries.items() if k[:2] == here and r["core"] == "true"]
        assert row["core"] == " ".join(members)
    drawn = run.rows("indicators")
    assert len(drawn) > 100
    for row in drawn:
        own = countries[tuple(row[k] for k in keys)]
        if row["indicator"] in own:
            assert row["value"] == "" if own[row["indicator"]] == "" else (
                float(row["value"]) == float(own[row["indicator"]])
            )  # fmt: skip
    marks = run.rows("benchmark")
    assert {r["country"] for r in marks} == {"NL", "US", "DE"}
    for row in marks:
        own = countries[tuple(row[k] for k in keys)]
        same = ("families", "family_share", "received", "balance_ratio", "citations_per_family")
        assert [row[c] for c in same] == [own[c] for c in same]
    for row in run.rows("changes"):
        old = countries.get((row["technology"], "2015-2020", row["country"]))
        new = countries.get((row["technology"], "2021-2025", row["country"]))
        if row["family_share_change"]:
            assert old is not None
            assert new is not None
            change = float(new["family_share"]) - float(old["family_share"])
            assert float(row["family_share_change"]) == near(change)
            ranks = [old["family_rank"], new["family_rank"]]
            moved = str(int(ranks[0]) - int(ranks[1])) if all(ranks) else ""
            assert row["family_rank_change"] == moved


def test_values_of_countries_sum_to_those_of_the_located_families(conserving: Run) -> None:
    run = conserving
    years = {}
    for one in run.records:
        located = bool(plain_shares(one, run.counting))
        years[one["lens_id"]] = int(one["date_published"][:4]) if located else None
    families = pl.read_parquet(run.folder / "corpus" / "documents.parquet")
    family = dict(families.select("family_id", "lens_id").iter_rows())
    for technology, period in run.cells():
        a, b = PERIODS[period]
        worth = [
            float(r["value"])
            for r in run.rows("family_values")
            if (technology == "all" or technology in r["fields"].split())
            and (year := years[family[r["family_id"]]]) is not None
            and a <= year <= b
        ]
        rows = run.rows("countries", technology=technology, period=period)
        assert math.fsum(worth) == near(total(rows, "value"))
        assert math.fsum(worth) > 0


def test_graph_files_carry_the_links_of_the_table(run: Run) -> None:
    for technology in (*SYMBOLS, "all"):
        rows = run.rows("links", technology=technology, period="all")
        foreign = math.fsum(float(r["weight"]) for r in rows if r["citing"] != r["cited"])
        base = run.folder / "graphs" / technology
        gexf = ET.parse(base.with_suffix(".gexf")).getroot()
        edges = [e for e in gexf.iter() if e.tag.endswith("}edge")]
        weights = [
            float(e.get("weight", "nan")) for e in edges if e.get("source") != e.get("target")
        ]
        assert math.fsum(weights) == near(foreign)
        net = base.with_suffix(".net").read_text(encoding="utf-8")
        arcs = [x.split() for x in net.partition("*Arcs")[2].splitlines()[1:] if x and x[0] != "*"]
        assert math.fsum(float(x[2]) for x in arcs if x[0] != x[1]) == near(foreign)


def test_graph_files_of_a_run_have_the_positions_of_the_map(run: Run) -> None:
    for technology in (*SYMBOLS, "all"):
        base = run.folder / "graphs" / technology
        gexf = ET.parse(base.with_suffix(".gexf")).getroot()
        nodes = [e for e in gexf.iter() if e.tag.endswith("}node")]
        placed = {
            n.get("id"): (p.get("x"), p.get("y"))
            for n in nodes
            for p in n.iter()
            if p.tag.endswith("}position")
        }
        assert len(placed) == len(nodes) == len(set(placed.values()))
        net = base.with_suffix(".net").read_text("utf-8-sig").partition("*Arcs")[0]
        vertices = [line.split() for line in net.splitlines()[1:] if line.strip()]
        assert all(len(v) >= 5 for v in vertices)


# --- no NaN, no infinity --------------------------------------------------------------------------

NOT_A_NUMBER = re.compile(r"^[+-]?(nan|inf|infinity|1\.#\w+)$", re.IGNORECASE)


class _Embedded(HTMLParser):
    """JSON in script elements, and the text that a reader sees outside of buttons."""

    def __init__(self) -> None:
        super().__init__()
        self.json: list[str] = []
        self.text: list[str] = []
        self.attributes: list[str] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("script", "style", "button"):
            self._inside = given.get("type") or tag
        self.attributes += [v for v in given.values() if v]

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style", "button"):
            self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "application/json":
            self.json.append(data)
        elif not self._inside:
            self.text.append(data)


def _no_constant(name: str) -> object:
    raise AssertionError(name)


def wrong_numbers(path: Path) -> list[str]:
    """Every NaN and infinity in one file of the results."""
    if path.suffix == ".parquet":
        table = pl.read_parquet(path)
        floats = [c for c, t in table.schema.items() if t.is_float()]
        return [c for c in floats if not table[c].drop_nulls().is_finite().all()]
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as book:
            cells = [e.text or "" for name in book.namelist() if name.endswith(".xml")
                     for e in ET.fromstring(book.read(name)).iter()]  # fmt: skip
        return [c for c in cells if NOT_A_NUMBER.match(c) or c in ("#NUM!", "#DIV/0!")]
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".csv":
        return [c for row in csv.reader(text.splitlines()) for c in row if NOT_A_NUMBER.match(c)]
    if path.suffix == ".json":
        json.loads(text, parse_constant=_no_constant)
        return []
    if path.suffix in (".gexf", ".graphml", ".svg"):
        found = [v for e in ET.fromstring(text).iter() for v in (e.text or "", *e.attrib.values())]
        return [v for v in found if NOT_A_NUMBER.match(v.strip())]
    if path.suffix == ".html":
        page = _Embedded()
        page.feed(text)
        for data in page.json:
            json.loads(data, parse_constant=_no_constant)
        words = " ".join([*page.text, *page.attributes])
        return re.findall(r"(?<![\w-])(?:NaN|nan|Infinity|inf|None|undefined)(?![\w-])", words)
    words = [w for line in text.splitlines() for w in line.replace('"', " ").split()]
    return [w for w in words if NOT_A_NUMBER.match(w)]


@pytest.fixture(scope="module")
def sparse(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run in which next to nothing is defined: two families that cite nobody."""
    lonely = [record(1), record(2, applicants=[("X LTD", None)], priority=None)]
    return made(tmp_path_factory.mktemp("sparse"), "fractional", lonely)


def test_no_file_of_a_run_holds_nan_or_infinity(run: Run, sparse: Run) -> None:
    for one in (run, sparse):
        files = [p for p in sorted(one.folder.rglob("*")) if p.is_file() and p.suffix != ".lock"]
        seen = Counter(p.suffix for p in files)
        wanted = {".csv", ".parquet", ".json", ".html", ".gexf", ".graphml", ".net", ".xlsx"}
        assert wanted <= set(seen)
        found = {
            str(p.relative_to(one.folder)): wrong for p in files if (wrong := wrong_numbers(p))
        }
        assert found == {}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "x,y\n1,nan\n"),
        ("a.csv", "x,y\n1,-inf\n"),
        ("a.gexf", '<g><edge weight="NaN"/></g>'),
        ("a.net", "1 2 inf\n"),
        ("a.html", "<p>balance NaN</p>"),
    ],
)
def test_a_wrong_number_would_be_found(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert wrong_numbers(tmp_path / name)


@pytest.mark.parametrize(
    "text", ['<script type="application/json">{"x": NaN}</script>', "<b>ok</b>"]
)
def test_embedded_data_are_read_as_data(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.html").write_text(text)
    if "NaN" in text:
        with pytest.raises(AssertionError, match="NaN"):
            wrong_numbers(tmp_path / "a.html")
    else:
        assert wrong_numbers(tmp_path / "a.html") == []


def test_csv_and_parquet_hold_the_same_numbers(run: Run) -> None:
    names = sorted(p.stem for p in (run.folder / "tables").glob("*.parquet"))
    assert len(names) > 15
    for name in names:
        table = pl.read_parquet(run.folder / "tables" / f"{name}.parquet")
        rows = run.rows(name)
        assert len(rows) == table.height
        for column, dtype in table.schema.items():
            texts = [r[column] for r in rows]
            values = table[column].to_list()
            if dtype.is_float():
                same = [
                    t == "" if v is None else float(t) == v
                    for t, v in zip(texts, values, strict=True)
                ]
                assert all(same), (name, column)
