"""Every specification against a whole run with those options."""

from __future__ import annotations

import random
import threading
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from netpos import analysis
from netpos.analysis import sensitivity as sensitivity_module
from netpos.analysis import study as study_module
from netpos.analysis.sensitivity import INDICATORS, LEADERS, sensitivity
from netpos.analysis.ways import Specification, extended_families, specifications
from netpos.analysis.without import without_one
from netpos.commands.compare import KEYS
from netpos.indicators.position import country_table
from netpos.indicators.robustness import GROUPS, STATED, robustness
from netpos.ingest.corpus import read
from netpos.options import make
from tests.lens import few, lens_id, record, write

COUNTRIES = ["NL", "DE", "US", "JP", "CN", "FR", None]
SPAN = (2015, 2025)
COLUMNS = ["technology", "indicator", *Specification._fields, "value", "rank", "leader", "base"]


def dirty_records(seed: int, n: int = 90) -> list[dict]:
    """Records that every choice treats differently."""
    pick = random.Random(seed)
    firms = [(f"FIRM {k}", COUNTRIES[k % 6]) for k in range(14)]
    out = []
    for k in range(1, n + 1):
        applicants = [
            (name, home if pick.random() < 0.8 else pick.choice(COUNTRIES))
            for name, home in pick.sample(firms, pick.randint(1, 2))
        ]
        inventors = [(f"P{k}{m}", pick.choice(COUNTRIES)) for m in range(pick.randint(0, 2))]
        cites: list[dict] = []
        for other in pick.sample(range(1, n + 11), 8):
            mention = {
                "patcit": {
                    "document_id": {
                        "jurisdiction": "EP",
                        "doc_number": str(other),
                        "kind": "A1",
                    },
                    "lens_id": lens_id(other),
                }
            }
            phase = pick.choice(["SEA", "APP", None])
            cites += [mention | ({"cited_phase": phase} if phase else {})]
        office = pick.choice(["EP", "WO", "US", "CN", "CN"])
        one = record(
            k,
            office=office,
            kind="U" if office == "CN" and pick.random() < 0.5 else "A1",
            published=f"{pick.randint(2011, 2025)}-0{pick.randint(1, 9)}-01",
            applicants=applicants,
            inventors=inventors,
            symbols=["G06N10/00"] if pick.random() < 0.7 else ["G06N3/08"],
            cites=cites,
            priority=(pick.choice(["NL", "US", "EP"]), "2010-01-01"),
        )
        if pick.random() < 0.5:
            ipc = {"classifications": [{"symbol": pick.choice(["G06N10/20", "G06N3/02"])}]}
            one["biblio"]["classifications_ipcr"] = ipc
        out.append(one)
    return out


def prepare(folder: Path, export: Path, **options: object) -> analysis.Study:
    """The study of an export, with the two technologies that its records belong to."""
    technologies = few(folder, "quantum", "ai_data")[1]
    return analysis.prepare(read(export), make({"technologies": technologies, **options}))


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> analysis.Study:
    folder = tmp_path_factory.mktemp("s")
    return prepare(folder, write(folder / "s.jsonl", dirty_records(1)))


@pytest.fixture(scope="module")
def table(study: analysis.Study) -> pl.DataFrame:
    return sensitivity(study, worth(study))


def worth(study: analysis.Study) -> np.ndarray:
    """Some value for each row."""
    return np.arange(study.rows) % 7 + 0.5


def prepared(study: analysis.Study, spec: Specification) -> analysis.Study:
    """The study of a whole run with the options of a specification."""
    changed = {k: v for k, v in spec._asdict().items() if k not in ("family", "classes")}
    return analysis.prepare(study.corpus, study.options.model_copy(update=changed))


def run(other: analysis.Study, technology: str) -> pl.DataFrame:
    """The table of countries of a whole run, and what each holds of the value."""
    inside = other.chosen(technology, SPAN)
    held = other.shares.matrix.T @ (worth(other) * inside)
    value = pl.DataFrame({"country": other.shares.names, "value_share": held / held.sum()})
    table = country_table(
        other.links(technology, SPAN),
        other.links(technology, SPAN, scope="citing"),
        focal="NL",
        year=other.year_of_membership,
        located=other.located_families(technology, SPAN),
    )
    return table.join(value, on="country", how="left").with_columns(
        pl.col("value_share").fill_null(0.0)
    )


def leader(countries: pl.DataFrame, column: str) -> tuple[str | None, float | None]:
    """The first of a column, if it is one, and its value."""
    top = countries[column].round_sig_figs(12).max()
    if not top:
        return None, None
    first = countries.filter(pl.col(column).round_sig_figs(12) == top)
    return (first["country"][0] if first.height == 1 else None), float(top)


SHARE = dict(zip(LEADERS, ("family_share", "received_share", "value_share"), strict=True))


def ranked(countries: pl.DataFrame, name: str) -> int | None:
    if name in GROUPS:
        row = countries.filter(pl.col("country") == "NL").select(GROUPS).row(0)
        here = round(row[GROUPS.index(name)], 11)
        return sum(round(v, 11) >= here for v in row)
    values = countries[name].round_sig_figs(12)
    if name in ("similarity", "core_distance"):
        values = -values
    ranks = values.rank("min", descending=True)
    rank = dict(zip(countries["country"], ranks, strict=True))["NL"]
    none = rank is None or (
        name in ("family_share", "value_share") and not shares(countries, name)["NL"]
    )
    return None if none else int(rank)


def shares(countries: pl.DataFrame, name: str) -> dict[str, float]:
    return dict(countries.select("country", name).iter_rows())


def specification(row: dict) -> Specification:
    return Specification(**{k: row[k] for k in Specification._fields})


def test_every_simple_specification_equals_a_whole_run(
    study: analysis.Study, table: pl.DataFrame
) -> None:
    specs = [
        s for s in specifications(study.options) if s.family == "simple" and s.classes == "all"
    ]
    assert len(specs) == 54
    differing = 0
    for spec in specs:
        other = prepared(study, spec)
        for technology in ("quantum", "all"):
            countries = run(other, technology)
            nl = countries.filter(pl.col("country") == "NL").row(0, named=True)
            base = None
            rows = table.filter(pl.col("technology") == technology)
            for row in rows.iter_rows(named=True):
                if specification(row) != spec:
                    continue
                name = row["indicator"]
                if name in LEADERS:
                    who, part = leader(countries, SHARE[name])
                    assert row["leader"] == who
                    assert row["value"] == (part and pytest.approx(part, abs=2e-11))
                    assert row["rank"] is None
                    continue
                expected = nl[name]
                if expected is None:
                    assert row["value"] is None
                    assert row["rank"] is None
                    continue
                # sums are taken in another order before rounding to 12 digits
                assert row["value"] == pytest.approx(float(expected), abs=2e-11)
                if name != "near_core":
                    assert row["rank"] == ranked(countries, name)
                base = base or row["base"]
                differing += 1
            assert bool(base) == (spec == specs[0])
    assert differing > 600


def test_technologies_side_by_side_give_the_rows_of_one_after_the_other(
    study: analysis.Study, table: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: set[str] = set()
    found = sensitivity_module._Country._found

    def told(self: object, *given: object) -> object:
        threads.add(threading.current_thread().name)
        return found(self, *given)

    monkeypatch.setattr(sensitivity_module._Country, "_found", told)
    monkeypatch.setattr(study_module, "MOST_QUICK", 0)
    monkeypatch.setattr(pl, "thread_pool_size", lambda: 3)
    apart = sensitivity(study, worth(study))
    assert threading.main_thread().name not in threads
    assert 1 < len(threads) <= 3
    assert_frame_equal(apart, table, check_exact=True)


def test_choices_matter_in_the_test_corpus(table: pl.DataFrame) -> None:
    """Otherwise the comparison with whole runs would show little."""
    here = table.filter(
        (pl.col("technology") == "quantum") & (pl.col("indicator") == "balance_ratio")
    )
    base = here.filter("base").row(0, named=True)
    for choice in Specification._fields:
        alone = [
            row["value"]
            for row in here.iter_rows(named=True)
            if [c for c in Specification._fields if row[c] != base[c]] == [choice]
        ]
        # no record of this corpus states an extended family, and quantum has one class in it
        if choice not in ("family", "classes"):
            assert any(value != base["value"] for value in alone), choice


def test_the_table_has_the_columns_and_rows_of_the_design(
    study: analysis.Study, table: pl.DataFrame
) -> None:
    assert table.columns == COLUMNS
    assert table.height == len(study.names) * len(INDICATORS) * 66
    keys = [c for c in COLUMNS if c not in ("value", "rank", "leader", "base")]
    assert not table.select(keys).is_duplicated().any()
    told = [c for c in KEYS if c in table.columns]  # by which two runs are compared
    assert not table.select(told).is_duplicated().any()
    assert table["base"].sum() == len(study.names) * len(INDICATORS)
    assert table["technology"].unique(maintain_order=True).to_list() == study.names


# --- extended families --------------------------------------------------------------------------


def with_extended(seed: int) -> tuple[list[dict], list[dict]]:
    """The same records with extended families, and with those as their simple families."""
    apart, joined = [], []
    for k, one in enumerate(dirty_records(seed)):
        # the earliest of three has the EP document, whose parties speak for a merged family
        first = k % 3 == 0
        one["jurisdiction"] = "EP" if first else "US"
        one["kind"] = "A1"
        one["date_published"] = f"{2014 + k // 3 % 9}-0{k % 3 + 1}-01"
        one["biblio"]["parties"]["inventors"] = []  # they would decide which document speaks
        for party in one["biblio"]["parties"]["applicants"] if first else []:
            party["residence"] = party.get("residence", "FR")
        day = f"2010-0{k % 3 + 1}-01"
        one["biblio"]["priority_claims"]["earliest_claim"]["date"] = day
        one["biblio"]["priority_claims"]["claims"][0]["date"] = day
        group = 700 + k // 3
        simple = {"simple_family": {"members": [{"lens_id": one["lens_id"]}], "size": 1}}
        wide = {"extended_family": {"family_id": group, "members": [], "size": 3}}
        apart.append(one | {"families": simple | wide})
        merged = {"simple_family": simple["simple_family"] | {"family_id": group, "size": 3}}
        joined.append(one | {"families": merged})
    return apart, joined


def test_extended_families_count_as_if_they_were_simple_ones(tmp_path: Path) -> None:
    apart, joined = with_extended(3)
    here = prepare(tmp_path, write(tmp_path / "a.jsonl", apart))
    there = prepare(tmp_path, write(tmp_path / "b.jsonl", joined))
    assert there.families < here.families == 90
    assert np.unique(extended_families(here)[:90]).size == there.families == 30
    wide, plain = sensitivity(here), sensitivity(there)
    keys = [c for c in COLUMNS if c not in ("value", "rank", "leader", "base", "family")]
    extended = wide.filter((pl.col("family") == "extended") & (pl.col("utility_models") == "keep"))
    other = plain.filter(pl.col("family") == "simple")
    both = extended.join(other, on=keys, how="inner", nulls_equal=True)
    assert both.height == extended.height
    compared = 0
    for row in both.iter_rows(named=True):
        if row["value_right"] is None:
            assert row["value"] is None
            continue
        assert row["value"] == pytest.approx(row["value_right"], abs=2e-11)
        assert row["rank"] == row["rank_right"]
        compared += 1
    assert compared > 100


def test_a_citation_within_an_organisation_is_one_between_its_extended_families(
    tmp_path: Path,
) -> None:
    """Two families of one extended family: one cites a German family of the same firm, the other
    an American one of another. Without self-citations only the US is cited.
    """
    filed = {1: ("FIRM BV", "NL"), 2: ("FIRM BV", "NL"), 3: ("FIRM BV", "DE"), 4: ("A INC", "US")}
    records = []
    for n, applicant in filed.items():
        one = record(n, applicants=[applicant], cites={1: [3], 2: [4]}.get(n, []))
        one["families"]["extended_family"] = {"family_id": max(n, 2), "members": [], "size": 2}
        records.append(one)
    export = write(tmp_path / "x.jsonl", records)
    others = [c for c in Specification._fields if c != "family"]
    for choice, leader in (("keep", (None, 0.5)), ("drop", ("US", 1.0))):
        study = prepare(tmp_path, export, self_citations=choice)
        assert np.unique(extended_families(study)[:4]).size == 3
        rows = sensitivity(study).filter(technology="quantum", indicator="leader_received")
        alone = rows.join(rows.filter("base"), on=others, how="semi", nulls_equal=True)
        found = alone.filter(family="extended").select("leader", "value").rows()
        assert found == [leader], choice


# --- without the largest class ------------------------------------------------------------------


def test_a_technology_without_its_largest_class_is_as_if_never_listed(tmp_path: Path) -> None:
    records = [
        record(k, symbols=[f"G06N{(10, 10, 3, 20)[k % 4]}/00"], applicants=[(f"F{k}", home)])
        for k, home in enumerate(["NL", "NL", "DE", "US", "NL", "US", "DE"], start=1)
    ]
    lists = {}
    for name, patterns in (
        ("whole", ["G06N10/", "G06N3/", "G06N20/"]),
        ("less", ["G06N3/", "G06N20/"]),
    ):
        lists[name] = tmp_path / f"{name}.toml"
        entry = f'[[technology]]\nid = "x"\nname = "X"\nipc = {patterns}\n'.replace("'", '"')
        lists[name].write_text(f"schema_version = 1\n{entry}", "utf-8")
    corpus = read(write(tmp_path / "c.jsonl", records))
    tables = {
        name: sensitivity(analysis.prepare(corpus, make({"technologies": str(path)})))
        for name, path in lists.items()
    }
    left = tables["whole"].filter(pl.col("classes") == "without_largest")
    base = tables["less"].filter("base")
    columns = ["technology", "indicator", "value", "rank", "leader"]
    assert left.select(columns).equals(base.select(columns))
    sizes = left.filter((pl.col("technology") == "x") & (pl.col("indicator") == "family_share"))
    assert sizes["value"].to_list() == [0.25]  # one of the four that are not in G06N10


def test_who_leads_is_told_for_each_way_of_counting(table: pl.DataFrame) -> None:
    rows = table.filter(pl.col("indicator").is_in(LEADERS) & (pl.col("technology") == "quantum"))
    assert rows["leader"].n_unique() > 2  # in this corpus it depends on the way
    others = table.filter(~pl.col("indicator").is_in(LEADERS))
    assert others["leader"].null_count() == others.height


# --- a corpus around one country ----------------------------------------------------------------


def test_a_corpus_around_one_country_has_no_world_ranks(tmp_path: Path) -> None:
    export = write(tmp_path / "f.jsonl", dirty_records(7))
    found = sensitivity(prepare(tmp_path, export, design="focal"))
    assert found["rank"].null_count() == found.height
    world = found.filter(pl.col("indicator").is_in(["family_share", "received_share", "near_core"]))
    assert world["value"].null_count() == world.height
    own = found.filter(pl.col("indicator") == "balance_ratio")
    assert own["value"].null_count() < own.height


def test_a_focal_country_without_families_has_rows(tmp_path: Path) -> None:
    study = prepare(tmp_path, write(tmp_path / "f.jsonl", dirty_records(8)), focal="BR")
    found = sensitivity(study).filter((pl.col("technology") == "quantum") & pl.col("base"))
    of = {n: (v, r) for n, v, r in found.select("indicator", "value", "rank").iter_rows()}
    assert of["balance_ratio"] == (None, None)
    assert of["family_share"][0] == 0.0
    assert without_one(study)["organisation"].null_count() == len(STATED) * len(study.names)


# --- marks --------------------------------------------------------------------------------------


def test_a_run_is_marked_for_every_technology_and_indicator(
    study: analysis.Study, table: pl.DataFrame
) -> None:
    found = robustness(table, without_one(study, worth(study)), focal="NL")
    assert found.height == len(study.names) * len(STATED)
    assert found["technology"].unique(maintain_order=True).to_list() == study.names
    known = {"robust", "firm-driven", "fragile", "not measurable"}
    assert set(found["mark"]) <= known
    assert found["held"].is_between(0, 1).all()
