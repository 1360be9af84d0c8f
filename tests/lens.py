"""Small Lens records for tests: what a record of the export looks like, and nothing more."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

from netpos.countries import data_path

#: Options that make a run short where intervals and other ways of counting are not the subject.
FAST = ["--draws", "20", "--no-sensitivity", "--no-figures"]
#: The same with one technology: ten more multiply tables and pages and prove nothing else.
QUANTUM = ["--technologies", str(Path(__file__).with_name("quantum.toml"))]


def few(folder: Path, *ids: str) -> list[str]:
    """Options for some of the ten technologies, as the package defines and names them."""
    text = data_path("nts_technologies.toml").read_text(encoding="utf-8")
    head, *parts = re.split(r"(?=^\[\[technology\]\])", text, flags=re.MULTILINE)
    kept = [t for t in parts if re.search(rf'^id = "({"|".join(ids)})"', t, re.MULTILINE)]
    assert len(kept) == len(ids)
    (folder / "few.toml").write_text(head + "".join(kept), encoding="utf-8")
    return ["--technologies", str(folder / "few.toml")]


def lens_id(n: int) -> str:
    digits = f"{n:014d}"
    check = sum((k + 2) * int(c) for k, c in enumerate(digits)) % 11
    text = digits + ("X" if check == 10 else str(check))
    return "-".join(text[k : k + 3] for k in range(0, 15, 3))


def record(
    n: int,
    *,
    office: str = "EP",
    kind: str = "A1",
    published: str | None = "2018-06-01",
    applicants: Iterable[tuple[str, str | None]] = (("FIRM BV", "NL"),),
    inventors: Iterable[tuple[str, str | None]] = (),
    symbols: Iterable[str] = ("G06N10/00",),
    cites: Iterable[int | dict] = (),
    cited_by: Iterable[int] = (),
    family: int | None = None,
    members: Iterable[int] = (),
    priority: tuple[str, str] | None = ("NL", "2016-01-01"),
    **extra: object,
) -> dict:
    """One record; citations are record numbers or whole citation objects."""
    citations = [
        c
        if isinstance(c, dict)
        else {
            "sequence": k + 1,
            "patcit": {
                "document_id": {"jurisdiction": "EP", "doc_number": str(c), "kind": "A1"},
                "lens_id": lens_id(c),
            },
        }
        for k, c in enumerate(cites)
    ]
    biblio: dict = {
        "parties": {
            "applicants": [
                {"extracted_name": {"value": name}} | ({"residence": r} if r else {})
                for name, r in applicants
            ],
            "inventors": [
                {"extracted_name": {"value": name}} | ({"residence": r} if r else {})
                for name, r in inventors
            ],
        },
        "classifications_cpc": {"classifications": [{"symbol": s} for s in symbols]},
    }
    if citations:
        biblio["references_cited"] = {"citations": citations}
    if priority:
        biblio["priority_claims"] = {
            "claims": [
                {
                    "jurisdiction": priority[0],
                    "doc_number": f"P{family or n}",
                    "kind": "A",
                    "date": priority[1],
                }
            ],
            "earliest_claim": {"date": priority[1]},
        }
    citing = list(cited_by)
    if citing:
        biblio["cited_by"] = {
            "patents": [
                {
                    "document_id": {"jurisdiction": "EP", "doc_number": str(c), "kind": "A1"},
                    "lens_id": lens_id(c),
                }
                for c in citing
            ],
            "patent_count": len(citing),
        }
    named = sorted({n, *members})
    simple: dict = {"members": [{"lens_id": lens_id(m)} for m in named], "size": len(named)}
    if family is not None:
        simple["family_id"] = family
    found = {
        "lens_id": lens_id(n),
        "jurisdiction": office,
        "doc_number": str(n),
        "kind": kind,
        "date_published": published,
        "publication_type": "PATENT_APPLICATION",
        "biblio": biblio,
        "families": {"simple_family": simple},
    }
    return found | extra


def write(path: Path, records: Iterable[dict]) -> Path:
    path.write_text("".join(json.dumps(r) + "\n" for r in records), encoding="utf-8")
    return path


TOY = {  # citing -> cited -> citations, and families: the matrix of the method notes
    "NL": {"NL": 4, "DE": 3, "US": 6, "CN": 1},
    "DE": {"NL": 2, "DE": 20, "US": 12, "CN": 3},
    "US": {"NL": 5, "DE": 10, "US": 90, "CN": 9},
    "CN": {"NL": 1, "DE": 4, "US": 20, "CN": 60},
}
TOY_FAMILIES = {"NL": 5, "DE": 20, "US": 60, "CN": 50}


def toy_records() -> list[dict]:
    """A corpus in one technology whose country links are the toy matrix."""
    first, at = {}, 1
    for country, n in TOY_FAMILIES.items():
        first[country] = at
        at += n
    cites: dict[int, list[int]] = {}
    for citing, row in TOY.items():
        for cited, count in row.items():
            pairs = [
                (a, b)
                for shift in range(TOY_FAMILIES[cited])
                for a in range(TOY_FAMILIES[citing])
                for b in [(a + shift) % TOY_FAMILIES[cited]]
                if first[citing] + a != first[cited] + b
            ]
            unique = list(dict.fromkeys(pairs))[:count]
            assert len(unique) == count
            for a, b in unique:
                cites.setdefault(first[citing] + a, []).append(first[cited] + b)
    return [
        record(
            first[country] + k,
            applicants=[(f"{country} FIRM {k} LTD", country)],
            cites=cites.get(first[country] + k, []),
            priority=(country, "2016-01-01"),
        )
        for country, n in TOY_FAMILIES.items()
        for k in range(n)
    ]
