"""One paper is one, whoever writes its numbers."""

from __future__ import annotations

import pytest

from netpos.ingest.paper_ids import plain_doi, plain_pmid


# forms of the DOI Handbook (doi:10.1000/182), of doi.org's display guidelines, and older ones
@pytest.mark.parametrize(
    "text",
    [
        "10.1000/AbC",
        "https://doi.org/10.1000/AbC",
        "http://dx.doi.org/10.1000/abc",
        "https://www.doi.org/10.1000/abc",
        "doi.org/10.1000/abc",
        "DOI: 10.1000/abc",
        "doi 10.1000/abc",
        "info:doi/10.1000/abc",
        "https://doi.org/doi:10.1000/abc",
        "https://doi.org/10.1000%2Fabc",
        " https://doi.org/10.1000/abc \n",
        "10.1000/abc.",
    ],
)
def test_a_doi_is_one_in_every_form(text: str) -> None:
    assert plain_doi(text) == "10.1000/abc"


def test_signs_of_a_doi_are_its_own() -> None:
    sici = "10.1002/(sici)1097-0258<1::aid-sim1>3.0.co;2-#"
    assert plain_doi(sici.upper()) == sici
    assert plain_doi("10.1000.10/123%2f4") == "10.1000.10/123%2f4"  # no address: as it stands


@pytest.mark.parametrize("text", ["", "10.1/a", "10.1000/", "10.1000/.", "a 10.1000/abc", "W123"])
def test_what_is_no_doi(text: str) -> None:
    assert plain_doi(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "18523984",
        "PMID:18523984",
        "pmid 18523984",
        "https://pubmed.ncbi.nlm.nih.gov/18523984",
        "https://pubmed.ncbi.nlm.nih.gov/18523984/",
        "https://www.ncbi.nlm.nih.gov/pubmed/18523984",
    ],
)
def test_a_pmid_is_one_in_every_form(text: str) -> None:
    assert plain_pmid(text) == "18523984"


@pytest.mark.parametrize("text", ["", "0", "018523984", "185239840", "pmc2927983", "1.5"])
def test_what_is_no_pmid(text: str) -> None:
    assert plain_pmid(text) is None
