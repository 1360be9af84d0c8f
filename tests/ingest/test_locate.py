"""References found by number: which document is meant, and when it stays open."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from netpos.ingest.corpus import Corpus, read
from netpos.ingest.locate import coded
from tests.lens import record, write


def bare(office: str, number: str, kind: str | None) -> dict:
    named = {"jurisdiction": office, "doc_number": number} | ({"kind": kind} if kind else {})
    return {"patcit": {"document_id": named}}


def corpus(folder: Path, reference: tuple, *held: tuple[str, str, str, int]) -> Corpus:
    """A record with one reference, and records ``office, number, kind, family``."""
    records = [record(1, cites=[bare(*reference)])]
    for k, (office, number, kind, family) in enumerate(held, start=2):
        extra = {"doc_number": number, "legal_status": {"granted": kind[0] in "BC"}}
        records.append(
            record(k, office=office, kind=kind, family=family, priority=None, **extra)
            | {"families": {"simple_family": {"family_id": str(family)}}}
        )
    return read(write(folder / "a.jsonl", records))


A5, B5, A6, B6 = (("EP", "7", kind, family) for family in (5, 6) for kind in ("A1", "B1"))
JAPAN = ("JP", "1989098729", "A", 5)
CASES = {
    "exact": (("EP", "0000007", "A1"), [A5, B6], "number"),
    "no kind, one family": (("EP", "7", None), [A5, B5], "kind"),
    "no kind, two families": (("EP", "7", None), [A5, B6], None),
    "another kind": (("EP", "7", "B3"), [A5, B5], "kind"),
    "another kind, two": (("EP", "7", "B3"), [A5, B6], None),
    "a US number means the grant": (
        ("US", "7000001", None), [("US", "7000001", "B2", 5), ("US", "7000001", "A9", 6)], "kind",
    ),
    "another office": (("US", "7", "A1"), [A5], ""),
    "a utility model is numbered apart": (("CN", "7", "U"), [("CN", "7", "A", 5)], ""),
    "a Japanese grant is numbered apart": (("JP", "H0198729", "B2"), [JAPAN], ""),
    "an era and a year": (("JP", "H0198729", "A"), [JAPAN], "number"),
    "ten digits and eleven": (
        ("US", "2014313399", "A1"), [("US", "20140313399", "A1", 5)], "number",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_number_means_the_documents_of_one_family_or_stays_open(
    tmp_path: Path, name: str
) -> None:
    reference, held, rule = CASES[name]
    found = corpus(tmp_path, reference, *held)
    inside = found.citations.drop_nulls("cited_family").height
    counts = [found.counts[f"mentions_{c}"] for c in ("by_number", "without_kind", "ambiguous")]
    expected = {"number": [1, 0, 0], "kind": [0, 1, 0], None: [0, 0, 1], "": [0, 0, 0]}[rule]
    assert counts == expected
    assert inside == (1 if rule else 0)
    assert found.table("outside").height == (0 if rule else 1)
    if rule:
        cited = found.citations["cited_family"].drop_nulls().item()
        assert found.families.filter(pl.col("family") == cited)["family_id"].item() == "5"


def test_keys_of_odd_numbers_are_those_of_their_texts() -> None:
    office = pl.Series(["US", "US", None])
    number = pl.Series(["D781234", "7", "1"])
    exact, plain = coded(office, number, pl.Series(["S1", " b2 ", None]))
    assert exact[0] != plain[0]
    assert exact[1] == coded(office[1:2], number[1:2], pl.Series(["B2"]))[0][0]
    assert exact[2] == plain[2] == 0
