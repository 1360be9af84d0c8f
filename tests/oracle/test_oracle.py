"""netpos against the same numbers counted again with plain dicts, on dirty random corpora."""

from __future__ import annotations

import math
import re
from datetime import date
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest

from netpos import analysis
from netpos.analysis import results
from netpos.analysis.bounds import bounds
from netpos.analysis.coverage import country_coverage
from netpos.analysis.expectation import expectation
from netpos.countries import data_path
from netpos.indicators import position
from netpos.ingest.corpus import read
from netpos.options import make
from tests.lens import lens_id, record, write
from tests.oracle import corpora
from tests.oracle.oracle import Oracle

SEEDS = 200
KEYS = {
    "countries": ("technology", "period", "country"),
    "links": ("technology", "period", "citing", "cited"),
    "source_links": ("technology", "period", "citing", "cited"),
    "coverage": ("technology", "period", "rule"),
    "residuals": ("technology", "period", "citing", "cited"),
    "coverage_by_country": ("technology", "period", "country", "direction"),
    "bounds": ("technology", "period", "country", "indicator"),
}


def number(value: object) -> object:
    return float(value) if isinstance(value, int | float | Fraction) else value


def differences(found: pl.DataFrame, expected: dict, keys: tuple[str, ...]) -> list[str]:
    """Each cell that is not what it should be, and each row that is missing or too many."""
    rows = {tuple(r[k] for k in keys): r for r in found.iter_rows(named=True)}
    assert len(rows) == found.height
    out = [f"{k}: row missing" for k in expected.keys() - rows.keys()]
    out += [f"{k}: row too many" for k in rows.keys() - expected.keys()]
    for key in sorted(expected.keys() & rows.keys()):
        for column, want in expected[key].items():
            have, want = number(rows[key][column]), number(want)
            same = have == want
            if not same and isinstance(have, float) and isinstance(want, float):
                near = abs(have - want) <= 1e-9 * max(abs(want), 1.0)
                same = math.isfinite(want) and near
            if not same:
                out.append(f"{key} {column}: {have}, expected {want}")
    return sorted(out)


def some_tables(study: analysis.Study, only: set[tuple[str, str]]) -> dict[str, pl.DataFrame]:
    """The tables of some technologies and periods, by the same calls as a whole run."""
    names = ("countries", "links", "source_links", "residuals", "coverage_by_country", "bounds")
    rows: dict[str, list[pl.DataFrame]] = {name: [] for name in names}
    for technology, period in sorted(only):
        span = dict(study.options.spans())[period]
        keys = [pl.lit(technology).alias("technology"), pl.lit(period).alias("period")]
        closed = study.links(technology, span)
        citing = study.links(technology, span, scope="citing")
        table = position.country_table(
            closed,
            citing,
            focal=study.options.focal,
            year=study.year_of_membership,
            located=study.located_families(technology, span),
        )
        against, residuals = expectation(study, technology, span)
        table = table.join(against, on="country", how="left", maintain_order="left")
        located = country_coverage(study, technology, span)
        far = bounds(study, technology, span, table, by_country=located, citing=citing)
        parts = (table, closed.table, citing.table, residuals, located, far)
        for name, part in zip(rows, parts, strict=True):
            rows[name].append(part.select(*keys, pl.all()))
    coverage = analysis.coverage_table(study).filter(
        pl.struct("technology", "period").is_in(
            [{"technology": t, "period": p} for t, p in sorted(only)]
        )
    )
    return {name: pl.concat(parts) for name, parts in rows.items()} | {"coverage": coverage}


def oracle_and_study(
    made: corpora.Corpus, options: dict, folder: Path, *, look_up: bool
) -> tuple[Oracle, analysis.Study]:
    (folder / "export.jsonl").write_text(made.lines, encoding="utf-8")
    (folder / "technologies.toml").write_text(corpora.TECHNOLOGIES_TOML, encoding="utf-8")
    values = options | {"technologies": str(folder / "technologies.toml")}
    if look_up:
        rows = "".join(f"{i},{c},{s}\n" for i, c, s in made.residences)
        (folder / "residences.csv").write_text("lens_id,country,share\n" + rows, encoding="utf-8")
        values["residences"] = str(folder / "residences.csv")
    memberships = data_path("memberships.csv")
    residences = made.residences if look_up else ()
    oracle = Oracle(made.lines, corpora.TECHNOLOGIES, memberships, options, residences)
    corpus = read(folder / "export.jsonl")
    assert {k: corpus.counts[k] for k in oracle.counts} == oracle.counts
    assert corpus.families.height == len(oracle.families)
    return oracle, analysis.prepare(corpus, make(values))


@pytest.mark.parametrize("seed", range(SEEDS))
def test_every_number_of_a_dirty_corpus_equals_the_plain_count(seed: int, tmp_path: Path) -> None:
    oracle, study = oracle_and_study(
        corpora.make(seed), corpora.options(seed), tmp_path, look_up=seed % 3 == 0
    )
    spans = [name for name, _ in study.options.spans()]
    if seed % 25 == 0:  # the whole run, which takes long
        only = {(t, p) for t in study.names for p in spans}
        tables = results.tables(study)
    else:
        only = {("all", spans[seed % len(spans)]), (study.names[seed % 2], spans[-1])}
        tables = some_tables(study, only)
    expected = oracle.tables(only)
    settled = {key[:2] for key in expected["residuals"]}
    for name, keys in KEYS.items():
        found = tables[name]
        if name == "residuals":  # some corpora are too small for proportional scaling to settle
            cells = pl.struct("technology", "period")
            found = found.filter(
                cells.is_in([{"technology": t, "period": p} for t, p in sorted(settled)])
            )
        assert differences(found, expected[name], keys)[:8] == [], name


@pytest.mark.parametrize("name", ["oracle.py", "records.py"])
def test_the_oracle_does_not_use_netpos(name: str) -> None:
    source = Path(__file__).with_name(name).read_text(encoding="utf-8")
    imported = set(re.findall(r"^\s*(?:from|import) (\w+)", source, re.MULTILINE))
    assert "collections" in imported
    assert not {"netpos", "polars", "numpy"} & imported


# --- one rule at a time, on records made for it --------------------------------------------------


def documents(folder: Path, records: list[dict]) -> pl.DataFrame:
    return read(write(folder / "r.jsonl", records)).documents


def links(folder: Path, records: list[dict], **options: object) -> list[tuple]:
    corpus = read(write(folder / "r.jsonl", records))
    values = {"technologies": str(folder / "t.toml")} | options
    (folder / "t.toml").write_text(corpora.TECHNOLOGIES_TOML, encoding="utf-8")
    return analysis.prepare(corpus, make(values)).links("quantum", (2015, 2025)).table.rows()


def by_number(n: int) -> dict:
    named = {"jurisdiction": "EP", "doc_number": str(n), "kind": "A1"}
    return {"patcit": {"document_id": named}}


def test_publication_dates_of_mixed_forms_stay_with_their_records(tmp_path: Path) -> None:
    shown = ["20160102"] * 5 + ["2011-01-01", "2012-01-01", "2014-01-02T00:00:00Z"]
    found = documents(tmp_path, [record(k, published=d) for k, d in enumerate(shown, 1)])
    years = found.sort("line")["published"].dt.year().to_list()
    assert years == [2016] * 5 + [2011, 2012, 2014]


@pytest.mark.parametrize("nothing", [None, {}, {"extracted_name": {"value": ""}}])
def test_a_party_that_says_nothing_is_no_applicant(tmp_path: Path, nothing: object) -> None:
    pieter = ("JANSEN PIETER", "NL")
    person = record(1, applicants=[pieter], inventors=[pieter], priority=None)
    firm = record(2, applicants=[("KORVEN 7 BV", "NL")])
    for r in (person, firm):
        r["biblio"]["parties"]["applicants"].insert(0, nothing)
    corpus = read(write(tmp_path / "n.jsonl", [person, firm]))
    found = corpus.applicants.filter(pl.col("role") == "applicant")
    assert found.select("applicant_as_filed", "residence", "share").rows() == [
        ("JANSEN PIETER", "NL", 1.0),
        ("KORVEN 7 BV", "NL", 1.0),
    ]


def test_an_empty_office_is_no_office(tmp_path: Path) -> None:
    records = [record(1, office="US", members=[2]), record(2, office="")]
    families = read(write(tmp_path / "o.jsonl", records)).families
    assert families.select("offices", "international").rows() == [(["US"], False)]


def test_an_applicant_is_a_person_by_the_inventors_of_its_own_record(tmp_path: Path) -> None:
    parties = [("KORVEN 7 BV", "NL"), ("MORALES INGRID", "DE")]
    records = [
        record(1, members=[2], applicants=parties, inventors=[("MORALES INGRID", None)]),
        record(2, office="US", applicants=(), inventors=[("TANAKA ANNA", "JP")]),
    ]
    corpus = read(write(tmp_path / "p.jsonl", records))
    assert analysis.prepare(corpus, make({})).located.rows() == [(0, "NL", 1.0, "applicant")]


def test_equally_rich_copies_are_chosen_alike_in_any_order(tmp_path: Path) -> None:
    copies = [record(1, applicants=[("KORVEN 7 BV", "NL")])]
    copies.append(record(1, applicants=[("QUELBY 8 GMBH", "DE")]))
    found = [read(write(tmp_path / "c.jsonl", c)).applicants for c in (copies, copies[::-1])]
    assert found[0].equals(found[1])


@pytest.mark.parametrize("days", [["2001-02-03"], [None], ["2001-02-03", "2003-05-06"]])
def test_what_is_known_of_a_document_outside_comes_from_all_its_mentions(
    tmp_path: Path, days: list[str | None]
) -> None:
    mentions = [{"patcit": {"lens_id": lens_id(9)}}]
    for day in days:
        mention = by_number(9)["patcit"] | {"lens_id": lens_id(9)}
        mention["document_id"] |= {"date": day} if day else {}
        mentions.append({"patcit": mention})
    first = date.fromisoformat(days[0]) if days[0] else None
    for order in (mentions, mentions[::-1]):
        records = [record(k, cites=[m]) for k, m in enumerate(order, 1)]
        outside = read(write(tmp_path / "m.jsonl", records)).table("outside")
        assert outside.drop("outside").rows() == [(lens_id(9), "EP", "9", "A1", first)]


def test_a_citation_by_number_reaches_the_family_of_a_member_not_exported(tmp_path: Path) -> None:
    cited = record(4, applicants=[("KORVEN 7 INC", "US")])
    member = by_number(5)["patcit"] | {"lens_id": lens_id(5)}
    cited["families"]["simple_family"]["members"].append(member)
    records = [record(1, cites=[by_number(5)]), cited]
    assert links(tmp_path, records) == [("NL", "US", 1.0, 1)]


@pytest.mark.parametrize("shown", ["X,Y", "X, Y", ["X, Y"], "XY", ["X", "Y"]])
def test_categories_in_one_text_are_taken_apart(tmp_path: Path, shown: object) -> None:
    citation = {"patcit": {"lens_id": lens_id(9)}, "category": shown}
    corpus = read(write(tmp_path / "k.jsonl", [record(1, cites=[citation])]))
    assert corpus.citations["categories"].to_list() == [["X", "Y"]]


def test_blanks_around_a_lens_id_are_no_part_of_it(tmp_path: Path) -> None:
    found = documents(tmp_path, [record(1) | {"lens_id": f" {lens_id(1)} "}, record(2, cites=[1])])
    assert found["lens_id"].sort().to_list() == [lens_id(1), lens_id(2)]


def test_imputation_counts_hong_kong_with_china_where_asked(tmp_path: Path) -> None:
    homes = ["HK", "CN"] * 5 + [None]
    records = [
        record(k, applicants=[("KORVEN 7 LTD", home)], priority=None)
        for k, home in enumerate(homes, 1)
    ]
    corpus = read(write(tmp_path / "h.jsonl", records))
    located = analysis.prepare(corpus, make({"merge_cn": True})).located
    assert located.filter(pl.col("rule") == "imputed")["country"].to_list() == ["CN"]


@pytest.mark.parametrize(
    ("counting", "expected"), [("fractional", 2 / 3), ("country-unique", 1 / 2), ("full", 1.0)]
)
def test_two_looked_up_codes_of_one_country_are_one_country(
    tmp_path: Path, counting: str, expected: float
) -> None:
    file = tmp_path / "look.csv"
    rows = "".join(f"{lens_id(9)},{code}\n" for code in ("SU", "RU", "US"))
    file.write_text("lens_id,country\n" + rows, encoding="utf-8")
    options = {"residences": str(file), "scope": "citing", "counting": counting}
    found = {j: w for _, j, w, _ in links(tmp_path, [record(1, cites=[9])], **options)}
    assert found["RU"] == pytest.approx(expected, abs=1e-12)


def test_a_looked_up_residence_of_a_member_not_exported_locates_its_family(tmp_path: Path) -> None:
    file = tmp_path / "look.csv"
    file.write_text(f"lens_id,country\n{lens_id(2)},DE\n", encoding="utf-8")
    corpus = read(
        write(tmp_path / "l.jsonl", [record(1, members=[2], applicants=(), priority=None)])
    )
    study = analysis.prepare(corpus, make({"residences": str(file)}))
    assert study.located.rows() == [(0, "DE", 1.0, "lookup")]


def test_a_dated_citing_document_outside_counts_in_cited_scope(tmp_path: Path) -> None:
    file = tmp_path / "look.csv"
    file.write_text(f"lens_id,country\n{lens_id(9)},DE\n", encoding="utf-8")
    dated = by_number(9)["patcit"] | {"lens_id": lens_id(9)}
    dated["document_id"]["date"] = "2018-01-01"
    records = [record(1, cited_by=[9]), record(2, symbols=["C12N15/00"], cites=[{"patcit": dated}])]
    options = {"residences": str(file), "scope": "cited"}
    assert links(tmp_path, records, **options) == [("DE", "NL", 1.0, 1)]
