"""An update, a second pass, a copy in another form: the same document, whatever the files."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
from pathlib import Path

import polars as pl
import pytest
import zstandard

from netpos.ingest.corpus import TABLES, Corpus, read
from tests.lens import lens_id, record, write

FAULTS = Path(__file__).with_name("faults")


def pairs(corpus: Corpus) -> list[tuple[str, str]]:
    """Citations between families, as Lens IDs of their first documents."""
    first = corpus.documents.group_by("family").agg(pl.col("lens_id").min())
    names = dict(first.drop_nulls().iter_rows())
    rows = corpus.citations.drop_nulls(["citing_family", "cited_family"])
    return sorted(
        (names[a], names[b]) for a, b in rows.select("citing_family", "cited_family").iter_rows()
    )


@pytest.mark.parametrize("firm", ["ALPHA BV", "B", "ZETA", "ÅBO OY", "1"])
@pytest.mark.parametrize("old", ["export2024.jsonl", "zz.jsonl"])
def test_the_newer_export_gives_status_and_citing_documents(
    tmp_path: Path, firm: str, old: str
) -> None:
    for name, to in (("export2024.jsonl", old), ("export2025.jsonl", "export2025.jsonl")):
        text = (FAULTS / "F01_update" / name).read_text(encoding="utf-8")
        (tmp_path / to).write_text(text.replace("ALPHA BV", firm), encoding="utf-8")
    corpus = read(tmp_path)
    status = corpus.documents.filter(pl.col("office") == "NL")["legal_status"]
    assert status.to_list() == ["EXPIRED"] * 6
    citing = [a for a, _ in pairs(corpus)]
    assert citing.count("000-000-000-001-012") == 6
    assert citing.count("000-000-000-001-004") == 6


def test_references_fetched_later_are_those_of_the_document() -> None:
    corpus = read(FAULTS / "F02_two_passes")
    assert pairs(corpus) == [("000-000-000-000-01X", "000-000-000-000-028")]
    (reason,) = corpus.ledger["reason"]
    assert reason == (
        "000-000-000-000-01X is kept from 1_biblio.jsonl:1; from this copy: 1 references"
    )


def test_classes_of_two_queries_are_united() -> None:
    corpus = read(FAULTS / "F03_pv_classes")
    assert corpus.table("classifications")["symbol"].to_list() == ["G21B1/05", "G21D1/00"]


def test_a_later_date_anywhere_in_the_legal_status_is_the_newer_copy(tmp_path: Path) -> None:
    old = record(1, legal_status={"patent_status": "PENDING", "grant_date": "2019-01-01"})
    log = ["Filed: 2010-01-01", "Discontinued: 2021-05-05"]
    new = record(1, legal_status={"patent_status": "INACTIVE", "calculation_log": log})
    for k, copies in enumerate(([old, new], [new, old])):
        corpus = read(write(tmp_path / f"{k}.jsonl", copies))
        assert corpus.documents["legal_status"].to_list() == ["INACTIVE"]
        assert str(corpus.documents["grant_date"][0]) == "2019-01-01"


def test_parties_come_from_the_newest_copy_with_a_residence(tmp_path: Path) -> None:
    old = record(1, applicants=[("OLD BV", "NL")], inventors=[("DOE JANE", None)])
    new = record(1, applicants=[("NEW BV", None)], inventors=[("ROE ANNA", "DE")], cited_by=[7])
    corpus = read(write(tmp_path / "a.jsonl", [old, new]))
    found = corpus.applicants.select("role", "applicant", "residence").rows()
    assert found == [("applicant", "OLD", "NL"), ("inventor", "ROE ANNA", "DE")]
    assert "from this copy: applicants" in corpus.ledger["reason"][0]


def test_copies_unlike_in_names_only_are_chosen_alike_in_any_order(tmp_path: Path) -> None:
    copies = [record(1, applicants=[(name, "NL")]) for name in ("B BV", "A BV", "C BV")]
    found = []
    for k, order in enumerate(([0, 1, 2], [2, 1, 0], [1, 2, 0, 0])):
        corpus = read(write(tmp_path / f"{k}.jsonl", [copies[i] for i in order]))
        found.append(corpus.applicants["applicant"].to_list())
    assert found[0] == found[1] == found[2]
    assert len(found[0]) == 1


def test_phases_and_categories_of_one_reference_are_united(tmp_path: Path) -> None:
    def cites(**more: object) -> dict:
        return {"patcit": {"lens_id": lens_id(2)}, **more}

    copies = [
        record(1, cites=[cites()]),
        record(1, cites=[cites(cited_phase="SEA", category=["X"])]),
        record(1, cites=[cites(cited_phase="APP")]),
        record(2),
    ]
    corpus = read(write(tmp_path / "a.jsonl", copies))
    (row,) = corpus.citations.select("phases", "categories", "mentions").rows()
    assert row == (["SEA", "APP"], ["X"], 2)


def test_a_repeated_record_mentions_no_more(tmp_path: Path) -> None:
    cites = [2, {"patcit": {"lens_id": lens_id(2)}, "cited_phase": "SEA"}]
    once = read(write(tmp_path / "1.jsonl", [record(1, cites=cites), record(2)]))
    twice = read(write(tmp_path / "2.jsonl", [record(1, cites=cites)] * 3 + [record(2)]))
    assert once.citations.equals(twice.citations)
    assert once.citations["mentions"].to_list() == [2]


# --- identity -----------------------------------------------------------------------------------


def view(number: str, **more: object) -> dict:
    return {"patent_number": number, "patent_date": "2016-06-14", **more}


def views(path: Path, *patents: dict) -> Path:
    path.write_text(json.dumps({"patents": patents}), encoding="utf-8")
    return path


def test_an_alias_means_the_document_wherever_it_stands(tmp_path: Path) -> None:
    records = [
        record(1, alias_lens_ids=[lens_id(11), lens_id(12)], cites=[2]),
        record(11, cites=[3]),
        record(2),
        record(3, cites=[12]),
        record(4, cites=[11], cited_by=[12]),
    ]
    corpus = read(write(tmp_path / "a.jsonl", records))
    assert corpus.counts["kept"] == 4
    one, two, three, four = (lens_id(n) for n in (1, 2, 3, 4))
    expected = {(one, two), (one, three), (three, one), (four, one), (one, four)}
    assert set(pairs(corpus)) == expected


def test_a_patentsview_grant_is_the_lens_record_of_its_number(tmp_path: Path) -> None:
    lens = record(1, office="US", kind="B2", published="2016-06-14", doc_number="09364525")
    other = record(2, office="US", kind="A1", published="2015-01-01", doc_number="20150364525")
    write(tmp_path / "lens.jsonl", [lens, other])
    cited = [{"cited_patent_number": "8000000"}]
    views(tmp_path / "view.json", view("9364525", cited_patents=cited))
    corpus = read(tmp_path)
    assert corpus.counts["kept"] == 2
    assert corpus.citations["citing_family"].to_list() == [
        corpus.documents.filter(pl.col("kind") == "B2")["family"][0]
    ]


@pytest.mark.parametrize(
    ("office", "kind", "ways"),
    [
        ("US", "A1", ["20140313399", "2014313399", "2014/0313399"]),
        ("WO", "A1", ["1999012345", "9912345", "99/12345"]),
        ("JP", "A", ["H0198729", "1989098729", "H01-98729"]),
        ("EP", "B1", ["0259054", "259054"]),
    ],
)
def test_records_without_lens_id_are_one_by_their_number(
    tmp_path: Path, office: str, kind: str, ways: list[str]
) -> None:
    lens = record(1, office=office, kind=kind, doc_number=ways[0])
    others = [record(9, office=office, kind=kind, doc_number=way) for way in ways]
    for other in others:
        del other["lens_id"], other["families"]
    corpus = read(write(tmp_path / "a.jsonl", [lens, *others]))
    assert corpus.documents["lens_id"].to_list() == [lens_id(1)]


def test_a_document_fetched_under_a_new_lens_id_is_the_same(tmp_path: Path) -> None:
    old, new = record(1, cites=[3]), record(2, cited_by=[4]) | {"doc_number": "1"}
    corpus = read(write(tmp_path / "a.jsonl", [old, new, record(3), record(4)]))
    assert corpus.counts["kept"] == 3
    assert set(pairs(corpus)) == {(lens_id(2), lens_id(3)), (lens_id(4), lens_id(2))}


def test_a_number_used_again_years_later_is_another_document(tmp_path: Path) -> None:
    records = [record(1), record(2, published="1950-01-01", doc_number="1")]
    assert read(write(tmp_path / "a.jsonl", records)).counts["kept"] == 2


def test_two_kinds_of_one_number_are_two_documents(tmp_path: Path) -> None:
    records = [record(1), record(2, kind="B1", doc_number="1")]
    assert read(write(tmp_path / "a.jsonl", records)).counts["kept"] == 2


# --- any order, split, compression, repetition --------------------------------------------------


def versions() -> list[tuple[str, dict]]:
    """Records of three forms, many of them copies of one document that differ."""
    found: list[tuple[str, dict]] = []
    r = random.Random(5)
    for n in range(1, 25):
        us = n % 3 == 0
        number = f"{9_000_000 + n}" if us else str(n)
        base = {
            "office": "US" if us else "EP",
            "kind": "B2" if us else "A1",
            "published": f"20{10 + n % 9}-06-14",
            "applicants": [(f"FIRM {n % 5} BV", ["NL", "DE", None][n % 3])],
            "symbols": [f"G06N10/{n % 4}0"],
            "cites": [(n + k) % 24 + 1 for k in (1, 5)],
            "cited_by": [(n + 7) % 24 + 1],
            "family": n // 2 if n % 4 else None,
            "doc_number": number,
        }
        lens = record(n, **base)
        found.append(("json", lens))
        if n % 2:
            later = base | {"cited_by": [(n + 7) % 24 + 1, (n + 9) % 24 + 1]}
            status = {"patent_status": "ACTIVE", "grant_date": f"20{15 + n % 5}-01-01"}
            found.append(("json", record(n, **later, legal_status=status)))
        if n % 5 == 0:
            found.append(
                (
                    "json",
                    {
                        "lens_id": lens_id(n),
                        "biblio": {
                            "references_cited": {
                                "citations": [
                                    {
                                        "patcit": {"lens_id": lens_id((n + 3) % 24 + 1)},
                                        "cited_phase": "SEA",
                                    }
                                ]
                            }
                        },
                    },
                )
            )
        if n % 7 == 0:
            found.append(("json", record(n, **base | {"applicants": [(f"OTHER {n}", "FR")]})))
        if us:
            found.append(
                (
                    "view",
                    view(
                        number,
                        patent_date=base["published"],
                        assignees=[
                            {"assignee_organization": f"ASSIGNEE {n}", "assignee_country": "US"}
                        ],
                        cited_patents=[{"cited_patent_number": str(9_000_000 + n % 24 + 3)}],
                    ),
                )
            )
        if n % 4 == 1:
            found.append(
                (
                    "csv",
                    {
                        "Lens ID": lens_id(n),
                        "Jurisdiction": base["office"],
                        "Kind": base["kind"],
                        "Publication Date": base["published"],
                        "Applicants": "CSV FIRM",
                        "Cited by Patent Count": str(r.randint(0, 3)),
                        "CPC Classifications": "H01L31/00",
                        "Simple Family Members": f"{lens_id(n)};;{lens_id(90 + n)}",
                        "Simple Family Member Jurisdictions": "EP;;WO",
                    },
                )
            )
    return found  # fmt: skip


def packed(form: str, records: list[dict], r: random.Random) -> tuple[str, bytes]:
    """One file of records: its ending and content."""
    if form == "csv":
        text = io.StringIO()
        writer = csv.DictWriter(text, list(records[0]))
        writer.writeheader()
        writer.writerows(records)
        data, ending = text.getvalue().encode(), ".csv"
    elif form == "view":
        shapes = [json.dumps({"patents": records}), "\n".join(map(json.dumps, records))]
        data, ending = r.choice(shapes).encode(), ".json"
    else:
        half = len(records) // 2
        shapes = [
            "\n".join(map(json.dumps, records)),
            json.dumps(records),
            json.dumps({"request": {"q": [{}]}, "data": records}, indent=1),
            json.dumps([{"data": records[:half]}, {"data": records[half:]}]),
            json.dumps({f"{x['lens_id']} {k}": x for k, x in enumerate(records)}),
            "[\n" + ",\n".join(map(json.dumps, records)) + "\n]",
        ]
        data, ending = r.choice(shapes).encode(), ".json"
    match r.randrange(3):
        case 0:
            return ending + ".gz", gzip.compress(data)
        case 1:
            return ending + ".zst", zstandard.ZstdCompressor().compress(data)
    return ending, data


def tables(folder: Path) -> dict[str, pl.DataFrame]:
    corpus = read(folder)
    found = {t: corpus.table(t) for t in TABLES if t != "ledger"}
    return found | {"documents": corpus.documents.drop("file", "line")}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pl.DataFrame]:
    folder = tmp_path_factory.mktemp("whole")
    r = random.Random(0)
    for form in ("json", "view", "csv"):
        ending, data = packed(form, [x for f, x in versions() if f == form], r)
        (folder / f"{form}{ending}").write_bytes(data)
    return tables(folder)


@pytest.mark.parametrize("seed", range(12))
def test_order_split_compression_and_repetition_never_change_the_answer(
    tmp_path: Path, whole: dict[str, pl.DataFrame], seed: int
) -> None:
    r = random.Random(seed)
    records = versions()
    records += r.choices(records, k=r.randint(0, 30))
    r.shuffle(records)
    files: dict[tuple[str, int], list[dict]] = {}
    for form, content in records:
        files.setdefault((form, r.randrange(4)), []).append(content)
    for (form, k), part in files.items():
        ending, data = packed(form, part, r)
        (tmp_path / f"{r.randrange(10**6)}-{k}{ending}").write_bytes(data)
    found = tables(tmp_path)
    for name, expected in whole.items():
        assert found[name].equals(expected), name


def test_a_title_comes_with_its_language_from_the_first_copy_that_has_one(tmp_path: Path) -> None:
    new, old, oldest = (record(1, cited_by=range(2, n)) for n in (5, 4, 3))
    old["biblio"]["invention_title"] = [{"text": "Pumpe"}]
    oldest["biblio"]["invention_title"] = [{"text": "Pump", "lang": "en"}]
    for names in (("a", "b", "c"), ("c", "a", "b")):
        folder = tmp_path / "".join(names)
        folder.mkdir()
        for name, one in zip(names, (new, old, oldest), strict=True):
            write(folder / f"{name}.jsonl", [one])
        assert read(folder).table("titles").rows() == [(0, "Pumpe", None)]
