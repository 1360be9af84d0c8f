"""What is behind a number adds up to it, whatever the options leave out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from netpos import analysis
from netpos.analysis import behind, results
from netpos.analysis.selection import WholeRun, selected
from netpos.errors import OptionError
from netpos.ingest.corpus import read
from netpos.options import make
from tests.lens import lens_id, record, write

SPAN = (2015, 2025)
SHARED, OTHER, THIRD = "SHARED BV", "OTHER INC", "THIRD INC"
#: NL cites the US three times: once within one organisation, twice another one's families. One of
#: the cited families is in no technology. A US family cites NL within the organisation, one not.
RECORDS = [
    record(1, applicants=[(SHARED, "NL")], cites=[2, 3, 4]),
    record(2, applicants=[(SHARED, "US")], symbols=["G06N10/20"]),
    record(3, applicants=[(OTHER, "US")], symbols=["G06N10/40"]),
    record(4, applicants=[(OTHER, "US")], symbols=["A01B1/00"]),
    record(5, applicants=[(SHARED, "US")], cites=[1], published="2021-01-01"),
    record(6, applicants=[(THIRD, "US")], cites=[1], published="2021-01-01"),
    record(7, applicants=[(SHARED, "NL"), (THIRD, "DE")], cites=[1], published="2021-01-01"),
]


def study(folder: Path, records: list[dict] = RECORDS, **options: object) -> analysis.Study:
    path = Path(__file__).parent.parent / "quantum.toml"
    given = {"technologies": str(path), "draws": 0, **options}
    return analysis.prepare(read(write(folder / "e.jsonl", records)), make(given))


@pytest.mark.parametrize(
    ("choice", "sources", "dependents"),
    [
        # shares of the three links NL -> US and of the two US -> NL
        (
            "keep",
            "OTHER (66.7 %); SHARED (33.3 %)",
            "SHARED (50.0 %); THIRD (50.0 %)",
        ),
        ("drop", "OTHER (100.0 %)", "THIRD (100.0 %)"),
    ],
)
def test_who_is_behind_sources_and_dependents_follows_the_choice_on_self_citations(
    tmp_path: Path, choice: str, sources: str, dependents: str
) -> None:
    made = study(tmp_path, self_citations=choice)
    found, _ = selected(WholeRun.of(made), "quantum", "all", SPAN)
    us = found["exposure"].filter(pl.col("source") == "US").row(0, named=True)
    assert us["top_organisations"] == sources
    assert "G06N10" in us["main_groups"]
    assert ("G06N10 (50.0 %)" in us["main_groups"]) == (choice == "drop")
    us = found["dependents"].filter(pl.col("country") == "US").row(0, named=True)
    assert us["top_organisations"] == dependents


def test_links_of_other_countries_with_a_source_stand_behind_no_number_of_the_focal_one(
    tmp_path: Path,
) -> None:
    records = [
        record(1, applicants=[("HERE BV", "NL")], cites=[3]),
        record(2, applicants=[("NEXT GMBH", "DE")], cites=[4, 5]),
        record(3, applicants=[(OTHER, "US")], cites=[1]),
        record(4, applicants=[(SHARED, "US")], cites=[2]),
        record(5, applicants=[(SHARED, "US")], cites=[2]),
    ]
    made = study(tmp_path, records)
    found, _ = selected(WholeRun.of(made), "quantum", "all", SPAN)
    us = found["exposure"].filter(pl.col("source") == "US").row(0, named=True)
    assert us["top_organisations"] == "OTHER (100.0 %)"
    us = found["dependents"].filter(pl.col("country") == "US").row(0, named=True)
    assert us["top_organisations"] == "OTHER (100.0 %)"


@pytest.mark.parametrize("at_once", [0, 200_000])
def test_a_family_counts_evenly_for_each_of_its_main_groups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(behind, "MOST_GROUPED", at_once)
    records = [
        record(1, applicants=[("HERE BV", "NL")], cites=[2, 3]),
        record(2, applicants=[(OTHER, "US")], symbols=["G06N10/20", "H04L9/08"]),
        record(3, applicants=[(OTHER, "US")], symbols=["G06N10/20", "G06N10/40"]),
    ]
    found, _ = selected(WholeRun.of(study(tmp_path, records)), "quantum", "all", SPAN)
    us = found["exposure"].filter(pl.col("source") == "US").row(0, named=True)
    # of two citations: half a one of G06N10 and half a one of H04L9, and one of G06N10 alone
    assert us["main_groups"] == "G06N10 (75.0 %); H04L9 (25.0 %)"


def test_dependents_are_those_that_cite_the_focal_country(tmp_path: Path) -> None:
    """The US cites NL once and DE once; JP cites DE alone, and DE nobody."""
    homes = {1: "NL", 2: "DE", 3: "US", 4: "JP"}
    cites = {3: [1, 2], 4: [2]}
    records = [
        record(n, applicants=[(f"F{n} LTD", home)], cites=cites.get(n, ()))
        for n, home in homes.items()
    ]
    found = results.tables(study(tmp_path, records))["dependents"]
    whole = found.filter(technology="quantum", period="all")
    assert whole.select("country", "share").rows() == [("US", 0.5)]


def test_without_links_of_the_focal_country_the_columns_of_holders_are_there_and_empty(
    tmp_path: Path,
) -> None:
    for focal in ("NL", "ZW"):  # one with families and no link, one without any
        records = [
            record(1, applicants=[("HERE BV", "NL")]),
            record(2, applicants=[("NEXT GMBH", "DE")], cites=[3]),
            record(3, applicants=[(OTHER, "US")]),
        ]
        found, _ = selected(
            WholeRun.of(study(tmp_path, records, focal=focal)), "quantum", "all", SPAN
        )
        assert found["exposure"]["top_organisations"].drop_nulls().is_empty()
        assert found["exposure"]["main_groups"].drop_nulls().is_empty()
        assert found["dependents"]["top_organisations"].drop_nulls().is_empty()
        for name in ("exposure", "dependents"):
            assert found[name].schema["top_organisations"] == pl.String


@pytest.mark.parametrize(("outside", "listed"), [([], [(2, 2.0), (6, 1.0)]), ([9], None)])
def test_a_rank_with_a_document_outside_behind_it_is_not_listed(
    tmp_path: Path, outside: list[int], listed: list | None
) -> None:
    """The US and DE cite NL families 2 (twice) and 6; a document outside is looked up as NL's."""
    records = [
        record(1, applicants=[(OTHER, "US")], cites=[2, 6, *outside]),
        record(2, applicants=[("HERE BV", "NL")], cites=[6]),
        record(5, applicants=[("NEXT GMBH", "DE")], cites=[2]),
        record(6, applicants=[("HERE BV", "NL")]),
    ]
    (tmp_path / "look.csv").write_text(f"lens_id,country\n{lens_id(9)},NL\n", encoding="utf-8")
    made = study(tmp_path, records, scope="citing", residences=str(tmp_path / "look.csv"))
    cell = ("NL", "received_rank")
    found = behind.ranked_cells(made, "quantum", SPAN, [cell])
    if listed is None:
        assert found == {}
    else:
        assert [(f.lens_id, f.part) for f in found[cell]] == [(lens_id(n), p) for n, p in listed]


@pytest.mark.parametrize("choice", ["default", "keep", "drop"])
@pytest.mark.parametrize("kind", ["country", "organisation"])
@pytest.mark.parametrize("scope", ["closed", "citing"])
def test_the_families_behind_links_and_nodes_add_up_to_the_tables(
    tmp_path: Path, choice: str, kind: analysis.Kind, scope: str
) -> None:
    made = study(tmp_path, self_citations=choice, scope=scope)
    links = made.links("quantum", SPAN, kind=kind)
    every = np.ones(made.spread_of(kind).ends[0].size, dtype=bool)
    found = behind.behind_links(made, "quantum", SPAN, every, end="citing", kind=kind)
    names = made.spread_of(kind).names
    ends = [[names[k] for k in end[found["cell"].to_numpy()]] for end in made.spread_of(kind).ends]
    summed = (
        found.with_columns(citing=pl.Series(ends[0]), cited=pl.Series(ends[1]))
        .group_by("citing", "cited")
        .agg(pl.col("weight").sum())
        .sort("citing", "cited")
    )
    want = links.table.select("citing", "cited", "weight").sort("citing", "cited")
    assert summed.select("citing", "cited").equals(want.select("citing", "cited"))
    assert summed["weight"].to_list() == pytest.approx(want["weight"].to_list(), abs=1e-12)
    for node, families in links.nodes.select("node", "families").iter_rows():
        foreign = (pl.col("citing") != pl.col("cited")) & (pl.col("cited") == node)
        for quantity, total in (
            ("families", families),
            ("received", want.filter(foreign)["weight"].sum()),
        ):
            parts = behind.behind_node(made, "quantum", SPAN, node, quantity, kind=kind)
            assert (parts["part"] > 0).all()
            assert parts["part"].sum() == pytest.approx(total, abs=1e-12), (node, quantity)


def test_links_of_every_kind_start_from_one_selection(tmp_path: Path) -> None:
    made = study(tmp_path, self_citations="drop")
    closed = made.links_mask("quantum", SPAN)
    citing = made.links_mask("quantum", SPAN, scope="citing")
    assert (closed.sum(), citing.sum()) == (2, 3)  # 1>3, 6>1; and 1>4
    for scope, mask in (("closed", closed), ("citing", citing)):
        links = made.links("quantum", SPAN, scope=scope)
        assert links.table["citations"].sum() == mask.sum()
        assert (links.scope, links.period) == (scope, "2015-2025")
    for scope in ("closed", "citing"):
        own = study(tmp_path, scope=scope).links("quantum", SPAN, period="all")
        assert (own.scope, own.period) == (scope, "all")


def test_what_is_no_sum_over_families_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="no sum over families; known: families"):
        behind.behind_node(study(tmp_path), "quantum", SPAN, "NL", "pagerank")


def test_nothing_is_behind_a_country_that_is_not_there(tmp_path: Path) -> None:
    made = study(tmp_path)
    for quantity in (*behind.SIZES, *behind.STRENGTHS):
        assert behind.behind_node(made, "quantum", SPAN, "ZW", quantity).height == 0


#: NL builds on one family of its own firm abroad and on one of another firm.
WITHIN_A_FIRM = [
    record(1, applicants=[("ALPHA BV", "NL")], cites=[2, 3]),
    record(2, applicants=[("ALPHA BV", "DE")]),
    record(3, applicants=[("OMEGA GMBH", "DE")]),
    record(4, applicants=[("ALPHA BV", "NL")], cites=[2]),
]


@pytest.mark.parametrize(
    ("choice", "share_of_omega", "named"),
    [("keep", 1 / 3, ["ALPHA", "OMEGA"]), ("drop", 1.0, ["OMEGA"])],
)
def test_links_that_are_dropped_stand_behind_no_number(
    tmp_path: Path, choice: str, share_of_omega: float, named: list[str]
) -> None:
    corpus = read(write(tmp_path / "e.jsonl", WITHIN_A_FIRM))
    tests = Path(__file__).parent.parent
    options = make({"self_citations": choice, "technologies": str(tests / "quantum.toml")})
    tables = results.tables(analysis.prepare(corpus, options))
    whole = (pl.col("technology") == "quantum") & (pl.col("period") == "all")
    source = tables["exposure"].filter(whole & (pl.col("source") == "DE")).row(0, named=True)
    tops = dict(part.rsplit(" (", 1) for part in source["top_organisations"].split("; "))
    assert sorted(tops) == named
    assert tops["OMEGA"] == f"{round(100 * share_of_omega, 1)} %)"
    builders = tables["source_links"].filter(whole & (pl.col("citing") == "NL"))
    assert builders["citations"].sum() == (3 if choice == "keep" else 1)


def test_one_family_alone_behind_a_rank_is_listed(tmp_path: Path) -> None:
    made = study(tmp_path, [record(1, applicants=[(OTHER, "US")], cites=[2]), record(2)])
    found = behind.ranked_cells(made, "quantum", SPAN, [("US", "family_rank")])
    assert [(f.lens_id, f.part) for f in found["US", "family_rank"]] == [(lens_id(1), 1.0)]
    assert behind.ranked_cells(made, "quantum", SPAN, [("US", "family_rank")], most=0) == {}


def test_families_to_date_are_those_up_to_the_last_year_and_with_it(tmp_path: Path) -> None:
    records = [
        record(n, published=f"{year}-06-01")
        for n, year in ((1, 2013), (2, 2015), (3, 2017), (4, 2018))
    ]
    made = study(tmp_path, records)
    for quantity, rows in (("families_to_date", [0, 1, 2]), ("families", [1, 2])):
        found = behind.behind_node(made, "quantum", (2015, 2017), "NL", quantity)
        assert found["family"].to_list() == rows, quantity


def test_a_document_outside_has_no_value_though_its_country_is_known(tmp_path: Path) -> None:
    (tmp_path / "look.csv").write_text(f"lens_id,country\n{lens_id(9)},NL\n", encoding="utf-8")
    records = [record(1, cites=[9]), record(2, applicants=[(OTHER, "US")], cites=[1])]
    made = study(tmp_path, records, scope="citing", residences=str(tmp_path / "look.csv"))
    found = behind.behind_node(made, "quantum", SPAN, "NL", "value")
    assert found["family"].to_list() == [0]


def test_owners_are_applicants_by_their_part_and_never_persons_by_name(tmp_path: Path) -> None:
    records = [
        record(1, applicants=[(OTHER, "US"), (SHARED, "NL")], inventors=[(THIRD, "DE")]),
        record(2, applicants=[("JANSEN; JAN", "DE")], published="2021-06-01"),
        record(3, applicants=[], inventors=[(THIRD, "DE")], published="2019-06-01"),
        record(4, applicants=[(THIRD, "US")]),
    ]
    made = study(tmp_path, records)
    ids = made.corpus.columns("families", "family", "family_id").sort("family")["family_id"]
    found = behind.owners(made, [*ids[:3], "no family"])
    assert found == {
        ids[0]: behind.Owner(2018, ("OTHER", "SHARED"), False),
        ids[1]: behind.Owner(2021, (), True),
        ids[2]: behind.Owner(2019, (), False),
    }


def test_evidence_for_some_links_is_that_of_all_links_for_these(tmp_path: Path) -> None:
    records = [
        *(record(n, applicants=[(OTHER, "US")]) for n in (1, 2)),
        record(3, applicants=[(SHARED, "NL")]),
        record(4, applicants=[(THIRD, "DE")], cites=[1, 2]),
        *(record(n, applicants=[(THIRD, "DE")], cites=[1]) for n in (5, 6, 7)),
        record(8, applicants=[(SHARED, "NL")], cites=[1, 3, 4]),
    ]
    made = study(tmp_path, records)
    every = behind.evidence(made, "quantum", SPAN, kind="country")
    # DE cites the US five times, twice from one family; three are named, the rest by their number
    assert [i for _, i in every["DE", "US"]] == [lens_id(n) for n in (4, 5, 6)]
    assert [i for _, i in every["NL", "DE"]] == [lens_id(8)]
    for only in ([("DE", "US")], [("NL", "US"), ("NL", "DE")], list(every)):
        found = behind.evidence(made, "quantum", SPAN, only, kind="country")
        assert found == {link: every[link] for link in only}
    assert behind.evidence(made, "quantum", SPAN, [], kind="country") == {}


def test_evidence_between_organisations_looks_only_where_their_families_cite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = [
        record(1, applicants=[(OTHER, "US"), (SHARED, "NL")]),
        record(2, applicants=[(OTHER, "US")]),
        record(3, applicants=[(SHARED, "NL")]),
        *(record(n, applicants=[(THIRD, "DE")], cites=[1, 2]) for n in (4, 5, 6, 7)),
        record(8, applicants=[(SHARED, "NL"), (THIRD, "DE")], cites=[1, 2, 4]),
    ]
    made = study(tmp_path, records)
    every = behind.evidence(made, "quantum", SPAN, kind="organisation")
    # four families of THIRD alone, and one that it holds with SHARED; that of SHARED is no link
    assert [i for _, i in every["THIRD", "OTHER"]] == [lens_id(n) for n in (4, 5, 6)]
    assert [i for _, i in every["SHARED", "OTHER"]] == [lens_id(8)]
    spread: list[int] = []
    whole = analysis.Study.spread_of_chosen

    def counted(self: analysis.Study, chosen: np.ndarray) -> object:
        spread.append(int(chosen.sum()))
        return whole(self, chosen)

    monkeypatch.setattr(analysis.Study, "spread_of_chosen", counted)
    for only in ([("THIRD", "SHARED")], [("SHARED", "OTHER")], list(every), []):
        found = behind.evidence(made, "quantum", SPAN, only, kind="organisation")
        assert found == {link: every[link] for link in only}
    assert spread == [4, 1, 9, 0]
    for kind in ("organisation", "country"):
        monkeypatch.setattr(behind, "_AT_ONCE", 1)  # the families behind a few links at a time
        few = behind.evidence(made, "quantum", SPAN, kind=kind)
        monkeypatch.setattr(behind, "_AT_ONCE", 100)
        assert few == behind.evidence(made, "quantum", SPAN, kind=kind)
        assert len(few) > 1
