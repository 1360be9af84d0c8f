"""The normal spelling of names of organisations."""

from __future__ import annotations

import csv
import gzip
import time

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netpos.ingest.applicants import suggest
from netpos.ingest.names import explain_merge, normal, normalise_name
from tests.conftest import shared_real
from tests.ingest.test_applicants import is_pseudonym


@pytest.mark.parametrize(
    "same",
    [
        ("Robert Bosch G.m.b.H.", "BOSCH GMBH ROBERT", "ROBERT BOSCH GMBH [DE]"),
        ("Koninklijke Philips N.V.", "KONINKLIJKE PHILIPS NV", "koninklijke philips n v"),
        ("ASML Netherlands B.V.", "ASML NETHERLANDS BV"),
        ("Nanjing University", "UNIV NANJING", "UNIVERSITY OF NANJING"),
        ("Massachusetts Institute of Technology", "MASSACHUSETTS INST TECHNOLOGY"),
        ("Samsung Electronics Co., Ltd.", "SAMSUNG ELECTRONICS CO LTD"),
        ("Matsushita Electric Industrial Co., Ltd.", "MATSUSHITA ELECTRIC IND CO LTD"),
        ("DIEHL STIFTUNG & CO. KG", "DIEHL GMBH & CO KG"),
        ("株式会社日立製作所", "日立製作所株式会社", "日立製作所"),
        ("주식회사 케이티", "케이티"),
        ("OOO Parafarm", "ПАРАФАРМ", 'ООО "ПАРАФАРМ"', "PARAFARM LLC",
         "OBSCHESTVO S OGRANICHENNOJ OTVETSTVENNOST JU PARAFARM"),
        ("SAMSUNG ELECTRONCIS CO LTD", "SAMSUNG ELECTONICS", "SAMSUNG ELECTRONICS"),
        ("AT&T Inc.", "AT & T", "AT&amp;T"),
        ("MÆRSK OLIE OG GAS A/S", "MÃ†RSK OLIE OG GAS AS", "MAERSK OLIE OG GAS"),
        ("L'ORÉAL S.A.", "L OREAL"),
        ("Centre National de la Recherche Scientifique (CNRS)", "CENTRE NAT RECH SCIENT"),
        ("ABC SP. Z O.O.", "ABC"),
        ("The Boeing Company", "BOEING CO"),
        ("PT PERTAMINA", "PERTAMINA"),
    ],
)  # fmt: skip
def test_spellings_of_one_organisation_become_one(same: tuple[str, ...]) -> None:
    assert len({normal(name) for name in same}) == 1


@pytest.mark.parametrize(
    "different",
    [
        ("MERCK & CO INC", "MERCK KGAA"),
        ("SCHERING AG", "SCHERING CORP"),
        ("UNIV XIAN TECHNOLOGY", "XIAN TECHNOLOGICAL UNIV"),
        ("MITSUBISHI ELECTRIC CORP", "MITSUBISHI ELECTRONICS CORP"),
        ("BAUER AG", "BAUR AG"),
        ("HITACHI LTD", "HITACHI METALS LTD"),
        ("EADS FRANCE", "EADS DEUTSCHLAND GMBH"),
        ("UNIV SOUTH CHINA", "UNIV SOUTH CHINA TECH"),
    ],
)
def test_names_that_only_look_alike_stay_apart(different: tuple[str, str]) -> None:
    assert normal(different[0]) != normal(different[1])


@pytest.mark.parametrize("name", ["CO LTD", "S.A.", "AG", "---", "주식회사", "3M", "X CORP", "&"])
def test_no_name_is_normalised_to_nothing(name: str) -> None:
    assert normal(name)


def test_normal_spellings_of_a_column_keep_its_order_repeats_and_nulls() -> None:
    names = pl.Series(["SONY CORP", None, "PARROT SA", "SONY CORP"])
    table = normalise_name(names)
    assert table["name"].to_list() == names.to_list()
    assert table["clean"].to_list() == ["SONY", None, "PARROT", "SONY"]
    assert normalise_name(names.clear()).height == 0


@given(st.text(max_size=40))
def test_any_text_has_a_normal_spelling_and_white_space_and_case_do_not_change_it(
    text: str,
) -> None:
    assert normal(f"  {text}\t") == normal(text)
    plain = "".join(c for c in text if (c.isascii() and c.isalpha()) or c == " ")
    assert normal(plain.lower()) == normal(plain.upper())


def test_every_merge_is_explained_step_by_step() -> None:
    table = explain_merge(pl.Series(["Bosch GmbH Robert", "ROBERT BOSCH", "Sony", None]))
    assert table.columns == ["name", "clean", "steps"]
    assert table["clean"].to_list() == ["ROBERT BOSCH", "ROBERT BOSCH", "SONY"]
    assert table["steps"].to_list() == [
        "capitals: BOSCH GMBH ROBERT; founder's first name: ROBERT BOSCH GMBH; "
        "legal form: ROBERT BOSCH",
        "",
        "capitals: SONY",
    ]


def test_fifty_thousand_real_and_altered_names_take_well_under_a_minute() -> None:
    path = shared_real() / "lens_names" / "dronesr_applicants_cleaned.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8", newline="") as f:
        filed = {row["applicants_cleaned"] or "" for row in csv.DictReader(f)}
    filed = sorted(n for n in filed if n and not is_pseudonym(n))
    clean = normalise_name(pl.Series(filed))["clean"].unique().sort().to_list()
    words = sorted({w for n in clean for w in n.split()})
    altered = (
        " ".join([*name.split()[:-1], words[(i * 7919 + k) % len(words)]])
        for k in range(5)
        for i, name in enumerate(clean)
    )
    names = list(dict.fromkeys([*clean, *altered]))[:50_000]
    assert len(names) == 50_000
    begun = time.process_time()
    got = suggest(pl.DataFrame({"clean": names}))
    assert time.process_time() - begun < 40  # CPU seconds; about 5 when nothing else runs
    assert got.height > 100
