"""Every shipped file has a source, a licence and the hash it is known by; the demo is synthetic."""

from __future__ import annotations

import csv
import gzip
import hashlib
import importlib.util
import json
import sys
import tomllib
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from netpos.analysis.technologies import CLASSIFICATIONS, family_technologies, load_technologies
from netpos.countries import data_path, is_country, is_office, memberships

ROOT = Path(__file__).resolve().parent.parent
SOURCES = data_path("sources.toml")
DATA = SOURCES.parent
ENTRIES = tomllib.loads(SOURCES.read_text(encoding="utf-8"))["data"]
CLASSES = (("IPC", "classifications_ipcr"), ("CPC", "classifications_cpc"))


@pytest.fixture(scope="module")
def demo_lines() -> list[str]:
    with gzip.open(data_path("demo_synthetic_lens.jsonl.gz"), "rt", encoding="utf-8") as file:
        return file.read().split("\n")[:-1]


@pytest.fixture(scope="module")
def demo(demo_lines: list[str]) -> list[dict[str, Any]]:
    out = []
    for line in demo_lines:
        try:
            out.append(json.loads(line))
        except ValueError:
            continue
    return out


def residences(record: dict[str, Any], role: str = "applicants") -> set[str]:
    parties = record["biblio"]["parties"][role]
    return {p["residence"] for p in parties if "residence" in p}


def test_every_file_has_an_entry_and_every_entry_a_file() -> None:
    there = {p.relative_to(DATA).as_posix() for p in DATA.rglob("*") if p.is_file()}
    listed = [entry["file"] for entry in ENTRIES]
    assert len(listed) == len(set(listed))
    assert set(listed) == there - {"sources.toml"}


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e["file"])
def test_a_file_is_the_one_its_entry_describes(entry: dict[str, str]) -> None:
    assert hashlib.sha256((DATA / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]
    assert set(entry) == {"file", "sha256", "source", "date", "licence", "note"}
    assert all(value.strip() for value in entry.values())


def test_files_given_to_the_project_are_shipped_byte_for_byte(real: Path) -> None:
    given = [*sorted((real / "patentsview_nuclear").glob("*.gz"))]
    given += [
        real.parent / "reference" / name
        for name in ("memberships.csv", "gni_2023.csv", "nts_technologies.toml")
    ]
    shipped = {p.name: p.read_bytes() for p in DATA.rglob("*") if p.is_file()}
    assert len(given) == 7
    for file in given:
        assert shipped[file.name] == file.read_bytes()


def test_each_country_with_an_income_is_a_country() -> None:
    with data_path("gni_2023.csv").open(encoding="utf-8", newline="") as file:
        codes = [row["iso2"] for row in csv.DictReader(file)]
    assert len(codes) == 98
    assert all(is_country(code) for code in codes)


def test_each_nuclear_technology_occurs_in_the_files_and_they_cover_all_patents() -> None:
    rows, subclasses, patents = set(), set(), set()
    for file in sorted((DATA / "patentsview_nuclear").glob("*.json.gz")):
        for patent in json.loads(gzip.decompress(file.read_bytes()))["patents"]:
            patents.add(patent["patent_number"])
            for symbol in (c["cpc_subgroup_id"] for c in patent["cpcs"]):
                if symbol and symbol.startswith("G21"):
                    rows.add((int(patent["patent_number"].lstrip("RE")), "CPC", symbol))
                    subclasses.add(symbol[:4])
    technologies = load_technologies(data_path("nuclear_technologies.toml"))
    table = pl.DataFrame(sorted(rows), schema=dict(CLASSIFICATIONS), orient="row")
    found = family_technologies(table, technologies)
    assert {p for t in technologies for p in t.ipc} == subclasses
    assert len(patents) == found["family"].n_unique() == 861
    hits = dict(found.group_by("technology").len().rows())
    own = {t.id: {f for f, _, s in rows if s.startswith(t.ipc[0])} for t in technologies}
    assert hits == {name: len(families) for name, families in own.items()}
    assert all(hits.values())


def test_the_demo_is_what_its_script_writes(
    demo_lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    script = ROOT / "scripts" / "make_demo.py"
    if not script.is_file():
        pytest.skip("scripts/make_demo.py is not here: not a checkout")
    spec = importlib.util.spec_from_file_location("make_demo", script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "make_demo", module)  # its dataclasses look themselves up
    spec.loader.exec_module(module)
    assert module.lines() == demo_lines


def test_the_demo_holds_the_faults_of_real_exports(
    demo_lines: list[str], demo: list[dict[str, Any]]
) -> None:
    assert demo_lines.count("") == 2
    assert len(demo_lines) - len(demo) - 2 == 2  # broken lines
    whole = [line for line in demo_lines if line]
    assert len(whole) - len(set(whole)) == 5  # exact repeats
    without = [r for r in demo if "lens_id" not in r]
    assert [bool(r["doc_key"]) for r in without] == [True]
    kinds = [r["publication_type"] for r in demo]
    assert kinds.count("DESIGN_RIGHT") == 1
    assert 5 <= kinds.count("LIMITED_PATENT") <= 20


def test_no_document_of_the_demo_can_be_a_real_one(demo: list[dict[str, Any]]) -> None:
    named = {m["lens_id"] for r in demo for m in r["biblio"]["cited_by"].get("patents", [])}
    named |= {r["lens_id"] for r in demo if "lens_id" in r}
    assert all(text.startswith("9") for text in named)
    parties = [
        p["extracted_name"]["value"]
        for r in demo
        for role in ("applicants", "inventors")
        for p in r["biblio"]["parties"][role]
    ]
    assert all(name.upper().startswith("DEMO ") for name in parties)


def test_the_demo_has_the_size_and_the_countries_it_promises(demo: list[dict[str, Any]]) -> None:
    families = {r["families"]["simple_family"]["family_id"] for r in demo}
    assert 6000 <= len(demo) <= 8000
    assert 4000 <= len(families) <= 5000
    codes = set().union(*(residences(r) for r in demo))
    assert {"NL", "NA", "SG", "HK", "TW"} <= codes
    assert len(codes) >= 40
    assert all(is_country(c) or c == "UK" for c in codes)
    assert not any(is_office(c) for c in codes)
    assert codes - {"UK"} <= set(memberships()["iso2"])
    silent = {
        office: [not residences(r) for r in demo if r["jurisdiction"] == office]
        for office in ("CN", "JP", "US", "EP")
    }
    missing = {office: sum(flags) / len(flags) for office, flags in silent.items()}
    assert min(missing["CN"], missing["JP"]) > 2 * max(missing["US"], missing["EP"])
    assert 0.1 < sum(not residences(r) for r in demo) / len(demo) < 0.2
    years = {r["date_published"][:4] for r in demo}
    assert years == {str(y) for y in range(2008, 2026)}


def test_all_ten_technologies_occur_in_the_demo_and_noise_beside_them(
    demo: list[dict[str, Any]],
) -> None:
    rows = {
        (r["families"]["simple_family"]["family_id"], scheme, c["symbol"])
        for r in demo
        for scheme, name in CLASSES
        for c in r["biblio"].get(name, {}).get("classifications", [])
    }
    table = pl.DataFrame(sorted(rows), schema=dict(CLASSIFICATIONS), orient="row")
    found = family_technologies(table, load_technologies())
    counts = found.group_by("technology").len()
    assert counts.height == 10
    assert counts["len"].min() > 150
    per_family = found.group_by("family").len()["len"]
    assert (per_family > 1).sum() > 200
    assert 100 < table["family"].n_unique() - per_family.len() < 500


def test_citations_of_the_demo_point_back_in_time_and_agree_in_both_directions(
    demo: list[dict[str, Any]],
) -> None:
    by_id = {r["lens_id"]: r for r in demo if "lens_id" in r}
    by_number = {(r["jurisdiction"], r["doc_number"], r["kind"]): r for r in by_id.values()}
    forward, inside, outside = set(), 0, 0
    for r in by_id.values():
        for c in r["biblio"].get("references_cited", {}).get("citations", []):
            d = c["patcit"]["document_id"]
            cited = by_number.get((d["jurisdiction"], d["doc_number"], d["kind"]))
            if cited is None:
                outside += 1
                continue
            inside += 1
            assert c["patcit"].get("lens_id", cited["lens_id"]) == cited["lens_id"]
            assert d["date"] == cited["date_published"] < r["date_published"]
            forward.add((r["lens_id"], cited["lens_id"]))
    bare = {r["doc_number"] for r in demo if "lens_id" not in r}
    backward, strangers = set(), 0
    for r in by_id.values():
        citing = r["biblio"]["cited_by"].get("patents", [])
        assert r["biblio"]["cited_by"].get("patent_count", 0) == len(citing)
        for c in citing:
            if c["lens_id"] in by_id:
                backward.add((c["lens_id"], r["lens_id"]))
            elif c["document_id"]["doc_number"] not in bare:
                strangers += 1
    assert forward == backward
    assert outside / (inside + outside) < 0.4
    assert strangers > 100


def test_members_of_a_family_agree_and_include_the_record(demo: list[dict[str, Any]]) -> None:
    members: dict[int, set[str]] = {}
    for r in demo:
        simple, wide = r["families"]["simple_family"], r["families"]["extended_family"]
        assert simple["size"] == len(simple["members"])
        if "lens_id" not in r:
            continue
        ids = {m["lens_id"] for m in simple["members"]}
        assert r["lens_id"] in ids
        assert ids <= {m["lens_id"] for m in wide["members"]}
        assert members.setdefault(simple["family_id"], ids) == ids
