"""A corpus with every step that can locate a family, for the tests of other engines."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.lens import lens_id, record

#: The bridge between Python and Java closes its sockets when they are collected, not before.
sockets = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning", "ignore:unclosed <socket:ResourceWarning"
)
#: What the query follows, each away from its default at least once.
CASES: dict[str, dict[str, object]] = {
    "default": {},
    "inventors, citing scope, country-unique": {
        "by": "inventor",
        "scope": "citing",
        "counting": "country-unique",
    },
    "full, cited scope, by priority": {
        "counting": "full",
        "scope": "cited",
        "year_by": "priority",
        "from": 2012,
        "to": 2019,
    },
    "narrow, ipc only, merged China, no utility models": {
        "narrow": True,
        "symbols": "ipc",
        "merge_cn": True,
        "utility_models": "drop",
    },
    "examiner XY, three periods": {
        "phase": "examiner",
        "category": "XY",
        "periods": "2015-2017,2018-2020,2022",
    },
}


def cited(n: int, draw: random.Random) -> dict[str, object]:
    """A citation of a record with a phase and a category."""
    document = {"jurisdiction": "EP", "doc_number": str(n), "kind": "A1"}
    return {
        "sequence": 1,
        "patcit": {"document_id": document, "lens_id": lens_id(n)},
        "cited_phase": draw.choice(["SEA", "APP", "EXA"]),
        "category": [draw.choice(["X", "A", "Y"])],
    }


def citing(n: int, date: str | None) -> dict[str, object]:
    """A document outside the export that cites a record, with or without a date."""
    document = {"jurisdiction": "US", "doc_number": str(n), "kind": "A1"}
    if date is not None:
        document["date"] = date
    return {"document_id": document, "lens_id": lens_id(n)}


def records() -> list[dict[str, Any]]:
    """A corpus whose cells US-CN pass 1,000, with every step that can locate a family."""
    draw = random.Random(20)
    dense = [
        record(
            n,
            applicants=[(f"FIRM {n % 7} LTD", "US" if n <= 80 else "CN"), (f"LAB {n}", "DE")][
                : 1 + (n % 3 == 0)
            ],
            published=f"{2015 + n % 9}-05-05",
            symbols=["G06N10/00"],
            cites=[cited(c, draw) for c in range(81, 161)] if n <= 80 else [],
        )
        for n in range(1, 161)
    ]
    shapes: list[dict[str, Any]] = []
    for n in range(161, 401):
        applicants: list[tuple[str, str | None]] = [
            (f"FIRM {draw.randrange(9)} {draw.choice(['BV', 'GMBH'])}", draw.choice(["NL", "KR"]))
            for _ in range(draw.randrange(1, 4))
        ]
        inventors: list[tuple[str, str | None]] = []
        kind = n % 6
        if kind == 1:  # inventors only
            applicants = [(name, None) for name, _ in applicants]
            inventors = [("Jansen, P", "NL"), ("Kim, M", "HK"), ("Kim, N", "HK")][: 1 + n % 3]
        elif kind == 2:  # an applicant that says elsewhere where it is
            applicants = [("STEADY NV", "BE" if n % 12 == 2 else None)]
        elif kind == 3:  # priority office only
            applicants = [("NOWHERE INC", None)]
        elif kind == 4:
            inventors = [("Sato, K", "JP"), ("Li, W", "CN"), ("Ho, C", "MO")]
        elif n % 12 == 5:  # nobody but a person
            applicants = inventors = [("Sato, Keiko", "JP")]
        shapes.append(
            record(
                n,
                applicants=applicants,
                inventors=inventors,
                published=f"{2010 + draw.randrange(16)}-03-01" if n % 40 else None,
                priority=(draw.choice(["JP", "HK", "EP", "SU", "us"]), f"{2008 + n % 12}-01-01"),
                symbols=draw.sample(["G06N10/00", "G06N10/20", "H04L9/08", "B82Y10/00"], 2),
                kind=draw.choice(["A1", "B2", "U1"]),
                cites=[cited(c, draw) for c in draw.sample(range(1, 500), 8) if c != n],
            )
        )
    for n, made in enumerate(dense + shapes):
        if n % 5 == 0:
            date = f"{2012 + n % 13}-02-02" if n % 3 else None
            patents = [citing(600 + n, date), citing(1100 + n % 7, None)]
            made["biblio"]["cited_by"] = {"patents": patents, "patent_count": 2}
        ipc = {"symbol": "G06N10/00" if n % 4 else "H04L9/08"}
        made["biblio"]["classifications_ipcr"] = {"classifications": [ipc]}
    return dense + shapes
