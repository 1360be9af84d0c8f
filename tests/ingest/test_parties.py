"""Tables of parties: equal ones merged, shares of applicants, in an order that content gives."""

from __future__ import annotations

import polars as pl

from netpos.ingest.parties import PARTY_COLUMNS, merge_parties

SCHEMA = dict.fromkeys(PARTY_COLUMNS, pl.String) | {"family": pl.Int32, "person": pl.Boolean}
del SCHEMA["share"]


def party(family: int, applicant: str | None, residence: str | None) -> dict[str, object]:
    given = {"family": family, "role": "applicant", "applicant": applicant, "person": False}
    return given | {"applicant_as_filed": applicant, "residence": residence}


def test_one_applicant_with_and_without_a_residence_is_one() -> None:
    rows = [party(1, "B", None), party(0, "A", None), party(0, "A", "NL"), party(0, "C", "BE")]
    found = merge_parties(pl.DataFrame(rows, schema=SCHEMA))
    assert found.select("family", "applicant", "residence", "share").rows() == [
        (0, "A", "NL", 0.5),
        (0, "C", "BE", 0.5),
        (1, "B", None, 1.0),
    ]


def test_an_applicant_of_two_countries_spreads_its_share_and_nameless_ones_stay_apart() -> None:
    rows = [party(0, "A", "NL"), party(0, "A", "BE"), party(0, None, "DE"), party(0, None, "DE")]
    found = merge_parties(pl.DataFrame(rows, schema=SCHEMA))
    shares = found.group_by("residence").agg(pl.col("share").sum()).sort("residence")
    assert shares["share"].round(12).to_list() == [round(x, 12) for x in (1 / 6, 2 / 3, 1 / 6)]
