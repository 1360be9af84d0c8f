"""What the reader of a run must know is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from netpos.analysis import prepare
from netpos.analysis.notes import focal_warnings
from netpos.ingest.corpus import read
from netpos.options import make
from tests.lens import record, write


@pytest.mark.parametrize(
    ("narrow", "said"),
    [
        (True, ["Narrow: these technologies have no core patterns and use their whole list: b."]),
        (False, []),
    ],
)
def test_a_narrow_run_names_the_technologies_that_use_their_whole_list(
    tmp_path: Path, narrow: bool, said: list[str]
) -> None:
    definitions = tmp_path / "t.toml"
    definitions.write_text(
        '[[technology]]\nid = "a"\ncpc = ["G06N"]\ncore = ["G06N10/"]\n'
        '[[technology]]\nid = "b"\ncpc = ["H04L"]\n',
        encoding="utf-8",
    )
    corpus = read(write(tmp_path / "e.jsonl", [record(1)]))
    study = prepare(corpus, make({"technologies": str(definitions), "narrow": narrow}))
    assert [w for w in study.warnings if w.startswith("Narrow")] == said


def said(path: Path, start: str, **options: object) -> list[str]:
    """The warnings of a study that begin so."""
    return [w for w in prepare(read(path), make(options)).warnings if w.startswith(start)]


@pytest.mark.parametrize(
    ("broken", "expected"),
    [(1, []), (2, ["Rejected: 2 of 50 records; ledger.csv says why of each."])],
)
def test_more_than_one_record_in_fifty_rejected_is_told(
    tmp_path: Path, broken: int, expected: list[str]
) -> None:
    path = write(tmp_path / "e.jsonl", [record(n) for n in range(1, 51 - broken)])
    with path.open("a", encoding="utf-8") as file:
        file.write("no record\n" * broken)
    assert said(path, "Rejected") == expected


def test_a_list_that_no_family_matches_is_told_and_one_that_some_do_is_not(tmp_path: Path) -> None:
    other = write(tmp_path / "other.jsonl", [record(1, symbols=["A01B1/00"])])
    given = str(Path(__file__).parent.parent / "quantum.toml")
    assert said(other, "No family") == ["No family matches any technology: is this the right list?"]
    assert said(other, "No family", technologies=given) == [
        f"No family matches any technology of {given}."
    ]
    path = write(tmp_path / "one.jsonl", [record(1)])
    assert said(path, "No family") == said(path, "No family", technologies=given) == []


@pytest.mark.parametrize(
    ("years", "outside"),
    [  # the years of the span are 2015 and 2025, both of them inside
        ([2015, 2025, 2014, 2026], []),
        ([2015, 2025, 2014, 2026, 2027], ["60% of the families lie outside 2015-2025; "]),
        ([2014], ["100% of the families lie outside 2015-2025; "]),
    ],
)
def test_families_of_which_most_lie_outside_the_years_are_told(
    tmp_path: Path, years: list[int], outside: list[str]
) -> None:
    made = [record(n, published=f"{year}-06-01") for n, year in enumerate(years)]
    path = write(tmp_path / "e.jsonl", made)
    found = [w for w in prepare(read(path), make({})).warnings if "lie outside" in w]
    assert found == [f"{text}check --from and --to." for text in outside]


@pytest.mark.parametrize(("oldest", "told"), [(2010, 0), (2011, 1)])
def test_a_back_file_of_less_than_five_years_is_told(
    tmp_path: Path, oldest: int, told: int
) -> None:
    made = [record(1, published=f"{oldest}-06-01"), record(2, published="2018-01-01")]
    found = said(write(tmp_path / "e.jsonl", made), "Back-file missing")
    assert (
        found
        == [
            "Back-file missing: no family is published in or before 2010, so citations received "
            "are understated for older knowledge."
        ]
        * told
    )


def test_families_of_which_the_offices_are_not_known_are_counted(tmp_path: Path) -> None:
    """Of the first it is only said that it has three members."""
    unlisted = record(1, families={"simple_family": {"size": 3}})
    assert said(write(tmp_path / "e.jsonl", [unlisted, record(2)]), "International families") == [
        "International families: of 1 of 2 families the offices of the members are not known; they "
        "are international by the documents exported only."
    ]
    assert said(write(tmp_path / "e.jsonl", [record(2)]), "International families") == []


def test_complexity_of_the_export_itself_is_told_as_such(tmp_path: Path) -> None:
    path = write(tmp_path / "e.jsonl", [record(1)])
    assert said(path, "Complexity is computed", complexity="export") == [
        "Complexity is computed from the subclasses of this export, a selection of all patenting: "
        "it says how rare they are among these families, not in the world."
    ]
    assert said(path, "Complexity is computed") == []


def test_a_corpus_around_one_country_without_context_lacks_nothing_of_it(tmp_path: Path) -> None:
    path = write(tmp_path / "e.jsonl", [record(1)])
    assert len(said(path, "Design focal", design="focal")) == 1
    assert said(path, "Coverage of other countries", design="focal") == []
    assert said(path, "Design focal") == []


@pytest.mark.parametrize("scope", ["closed", "citing"])
@pytest.mark.parametrize("located", ["lookup", "proxy", "neither"])
def test_countries_that_the_closed_scope_does_not_use_are_told(
    tmp_path: Path, scope: str, located: str
) -> None:
    (tmp_path / "r.csv").write_text("office,number,country\nEP,9,NL\n", encoding="utf-8")
    given = {"lookup": {"residences": str(tmp_path / "r.csv")}, "proxy": {"office_proxy": True}}
    path = write(tmp_path / "e.jsonl", [record(1)])
    found = said(path, "Residences", scope=scope, **given.get(located, {}))
    assert found == [
        "Residences from a look-up or the office proxy locate cited documents outside the "
        "corpus only with --scope citing; the closed scope does not use them there."
    ] * (scope == "closed" and located != "neither")


def test_a_column_of_years_in_a_look_up_is_told_as_not_used(tmp_path: Path) -> None:
    path, table = write(tmp_path / "e.jsonl", [record(1)]), tmp_path / "r.csv"
    for year, told in ((",year", 1), ("", 0)):
        value = ",2010" if year else ""
        table.write_text(f"office,number,country{year}\nEP,9,NL{value}\n", encoding="utf-8")
        found = said(path, "Residences: the column", residences=str(table), scope="citing")
        assert (
            found
            == [
                f"Residences: the column 'year' of {table} is not used; years are those of the "
                "publications read."
            ]
            * told
        )
    assert said(path, "Residences: the column") == []


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ("NL", []),
        ("QX NL", ["QX (1)."]),
        ("QA1 QX QY QZ XA XB XC XD XE XF", None),
    ],
)
def test_residences_that_are_no_country_are_named_up_to_eight(
    tmp_path: Path, codes: str, expected: list[str] | None
) -> None:
    made = [record(n, applicants=[(f"F{n} BV", c)]) for n, c in enumerate(codes.split())]
    found = said(write(tmp_path / "e.jsonl", made), "Residence codes")
    head = "Residence codes that are no country were set aside: "
    if expected is None:
        (text,) = found
        assert text.count("(1)") == 8
        assert text.endswith(" and more.")
    else:
        assert found == [head + text for text in expected]


@pytest.mark.parametrize(
    ("here", "stated", "part"), [(1, 5, "20%"), (3, 4, "75%"), (4, 5, None), (1, 1, None)]
)
def test_families_of_which_more_than_one_in_five_members_are_missing_are_told(
    tmp_path: Path, here: int, stated: int, part: str | None
) -> None:
    members = range(1, stated + 1)
    made = [record(n, members=members, doc_number=str(n)) for n in members[:here]]
    found = said(write(tmp_path / "e.jsonl", made), "Families are incom")
    assert found == [
        f"Families are incomplete: {here} of {stated} members are in the corpus ({part}); ask "
        "for whole families when exporting."
    ] * (part is not None)


def test_families_in_no_technology_are_counted_and_those_of_the_whole_export_are_none(
    tmp_path: Path,
) -> None:
    symbols = [["G06N10/00"]] * 3 + [["A01B1/00"]] * 2
    path = write(
        tmp_path / "e.jsonl", [record(n, symbols=s) for n, s in enumerate(symbols, start=1)]
    )
    given = str(Path(__file__).parent.parent / "quantum.toml")
    assert said(path, "In no technology", technologies=given) == [
        "In no technology: 2 of 5 families of the exports (40.0%), counted nowhere; netpos "
        "technologies check says what each definition finds."
    ]
    assert said(path, "In no technology", technologies="all") == []


def test_the_country_with_most_families_is_named_where_the_one_in_focus_has_few(
    tmp_path: Path,
) -> None:
    def told(dutch: int, american: int, **options: object) -> list[str]:
        firms = [("FIRM BV", "NL")] * dutch + [("FIRM INC", "US")] * american
        records = [record(n, applicants=[firm]) for n, firm in enumerate(firms, start=1)]
        read_in = read(write(tmp_path / "e.jsonl", records))
        return focal_warnings(prepare(read_in, make({"technologies": "all", **options})))

    assert told(4, 30) == [
        "Country in focus: NL (the default) has 4.0 families in 2015-2025, too few to say much; US "
        "has most, 30.0: choose with --focal."
    ]
    assert told(30, 4, focal="US")[0].startswith("Country in focus: US has 4.0 families")
    assert "has 0.0 families" in told(0, 3)[0]
    assert told(20, 30) == []  # enough
    assert told(4, 3) == []  # few, but nobody has more
    assert told(4, 30, design="focal") == []  # others' families were not fetched
