"""One small world of patents, written in each form that netpos reads: they must say the same."""

from __future__ import annotations

import csv
import io
import json
import random
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from tests.lens import lens_id

COUNTRIES = ("NL", "DE", "US", "CN", "JP")


@dataclass
class Document:
    """A publication; ``cites`` are numbers of others with phase and category."""

    n: int
    office: str
    number: str
    kind: str
    family: int
    published: str
    filed: str
    priority: tuple[str, str] | None
    applicants: list[tuple[str, str | None]] = field(default_factory=list)
    inventors: list[tuple[str, str | None]] = field(default_factory=list)
    symbols: tuple[str, ...] = ("G06N10/00",)
    cites: list[tuple[int, str, str]] = field(default_factory=list)

    @property
    def title(self) -> str:
        """What it is called, as it stands on one line."""
        return f'{self.n} a "title" of two lines'

    @property
    def key(self) -> str:
        """The number as Google/IFI write it: pre-grant numbers have ten digits there."""
        number = self.number
        if self.office == "US" and len(number) == 11:
            number = number[:4] + number[5:]
        return f"{self.office}-{number}-{self.kind}"


def us_world(families: int = 40, seed: int = 1) -> list[Document]:
    """Families of a US pre-grant publication and its grant, or of a grant alone."""
    rng = random.Random(seed)
    found: list[Document] = []
    for f in range(families):
        year = 2008 + f % 10
        country = rng.choice(COUNTRIES)
        firms = [(f"{country} FIRM {rng.randrange(6)} INC", country)]
        if f % 5 == 0:
            firms.append(("OTHER LABS INC", rng.choice(COUNTRIES)))
        people = [(f"DOE{f}; JANE", rng.choice(COUNTRIES))]
        shared = {
            "family": f + 1,
            "filed": f"{year}-03-01",
            "priority": ("US", f"{year}-03-01"),
            "applicants": [] if f % 7 == 3 else firms,
            "inventors": people,
            "symbols": ("G06N10/00", "H04L9/08") if f % 3 else ("G06N10/00",),
        }
        n = len(found) + 1
        if f % 2:
            number = f"{year + 1}0{rng.randrange(100000, 399999)}"
            published = f"{year + 1}-09-01"
            found.append(Document(n, "US", number, "A1", published=published, **shared))
            n += 1
        kind = "B2" if f % 2 else "B1"
        number = str(7_000_000 + f * 1013)
        published = f"{year + 2}-06-01"
        found.append(Document(n, "US", number, kind, published=published, **shared))
    for d in found:
        if d.kind == "A1":
            continue
        older = [o for o in found if o.published < d.published and o.family != d.family]
        for o in rng.sample(older, min(len(older), 4)):
            d.cites.append((o.n, rng.choice(["SEA", "APP", ""]), ""))
    return found


#: Publications of a family by office: kind, years after filing, and how its numbers look.
OFFICES = {
    "EP": (("A1", 1, "{n}"), ("B1", 4, "{n}")),
    "US": (("A1", 1, "{year}0{n}"), ("B2", 3, "9{n}")),
    "WO": (("A1", 1, "{year}{n}"),),
    "JP": (("A", 2, "{year}{n}"),),
    "CN": (("A", 1, "10{n}"), ("U", 1, "20{n}")),
    "DE": (("A1", 1, "10{year}{n}"), ("T2", 4, "60{n}")),
}


def office_world(families: int = 40, seed: int = 2) -> list[Document]:
    """Families of one to three offices, whose publications cite each other's with categories.

    A utility model of CN names no party, and then nobody knows where the family is from.
    """
    rng = random.Random(seed)
    found: list[Document] = []
    for f in range(families):
        year = 2008 + f % 10
        country = rng.choice(COUNTRIES)
        offices = rng.sample(list(OFFICES), rng.randint(1, 3))
        nobody = f % 8 == 5
        if nobody:
            offices = ["CN"]
        firms = [(f"{country} FIRM {rng.randrange(6)} INC", country)]
        people = [(f"DOE{f}; JANE", rng.choice(COUNTRIES))]
        for office in offices:
            for kind, later, form in OFFICES[office]:
                if (kind == "U") != nobody and office == "CN":
                    continue
                number = form.format(n=100_000 + f * 1013, year=year + later)
                document = Document(
                    len(found) + 1,
                    office,
                    number,
                    kind,
                    family=f + 1,
                    published=f"{year + later}-06-0{1 + f % 9}",
                    filed=f"{year}-03-01",
                    priority=None if nobody else (country, f"{year - 1}-03-01"),
                    applicants=[] if nobody or f % 6 == 1 else firms,
                    inventors=[] if nobody else people,
                    symbols=("G06N10/00", "H04L9/08") if f % 3 else ("G06N10/00",),
                )
                found.append(document)
    for d in found:
        older = [o for o in found if o.published < d.published and o.family != d.family]
        for o in rng.sample(older, min(len(older), 3)):
            phase = rng.choice(["SEA", "ISR", "APP", "EXA", "OPP", ""])
            d.cites.append(
                (o.n, phase, "" if d.office == "US" else rng.choice(["X", "XY", "A", ""]))
            )
    return found


def lens_lines(documents: Sequence[Document], of: Iterable[int] | None = None) -> list[dict]:
    """Records of Lens; families list their members with numbers, as Lens does."""
    by_n = {d.n: d for d in documents}
    chosen = set(by_n if of is None else of)
    members: dict[int, list[Document]] = {}
    citing: dict[int, list[Document]] = {}
    for d in documents:
        members.setdefault(d.family, []).append(d)
        for n, _, _ in d.cites:
            citing.setdefault(n, []).append(d)

    def named(d: Document) -> dict:
        number = {"jurisdiction": d.office, "doc_number": d.number, "kind": d.kind}
        return {"document_id": number, "lens_id": lens_id(d.n)}

    found = []
    for d in documents:
        if d.n not in chosen:
            continue
        parties = {
            role: [
                {"extracted_name": {"value": name}} | ({"residence": r} if r else {})
                for name, r in listed
            ]
            for role, listed in (("applicants", d.applicants), ("inventors", d.inventors))
        }
        biblio: dict = {
            "application_reference": {"jurisdiction": d.office, "date": d.filed},
            "invention_title": [
                {"text": "ein Titel", "lang": "de"},
                {"text": d.title, "lang": "en"},
            ],
            "parties": parties,
            "classifications_cpc": {"classifications": [{"symbol": s} for s in d.symbols]},
        }
        if d.cites:
            biblio["references_cited"] = {
                "citations": [
                    {"patcit": named(by_n[n])}
                    | ({"cited_phase": phase} if phase else {})
                    | ({"category": list(letters)} if letters else {})
                    for n, phase, letters in d.cites
                ]
            }
        if d.n in citing:
            biblio["cited_by"] = {"patents": [named(c) for c in citing[d.n]]}
        if d.priority:
            office, day = d.priority
            claim = {"jurisdiction": office, "doc_number": f"P{d.family}", "date": day}
            biblio["priority_claims"] = {"claims": [claim], "earliest_claim": {"date": day}}
        listed = [named(m) for m in members[d.family]]
        found.append(
            {
                "lens_id": lens_id(d.n),
                "jurisdiction": d.office,
                "doc_number": d.number,
                "kind": d.kind,
                "date_published": d.published,
                "publication_type": "PATENT_APPLICATION" if d.kind[0] == "A" else "GRANTED_PATENT",
                "biblio": biblio,
                "families": {"simple_family": {"members": listed, "size": len(listed)}},
            }
        )
    return found


def publications(documents: Sequence[Document], of: Iterable[int] | None = None) -> list[dict]:
    """Rows of Google/IFI publications: whole numbers as such, blanks for what is unknown."""
    by_n = {d.n: d for d in documents}
    chosen = set(by_n if of is None else of)

    def day(text: str) -> int:
        return int(text.replace("-", "")) if text else 0

    def parties(listed: list[tuple[str, str | None]]) -> list[dict]:
        return [{"name": name, "country_code": country or ""} for name, country in listed]

    return [
        {
            "publication_number": d.key,
            "country_code": d.office,
            "kind_code": d.kind,
            "family_id": str(50_000_000 + d.family),
            "publication_date": day(d.published),
            "filing_date": day(d.filed),
            "grant_date": 0 if d.kind[0] == "A" else day(d.published),
            "priority_date": day(d.priority[1]) if d.priority else 0,
            "assignee_harmonized": parties(d.applicants),
            "inventor_harmonized": parties(d.inventors),
            "title_localized": [
                {"text": "ein Titel", "language": "de", "truncated": False},
                {"text": d.title, "language": "en", "truncated": False},
            ],
            "cpc": [
                {"code": s, "inventive": True, "first": k == 0} for k, s in enumerate(d.symbols)
            ],
            "citation": [
                {
                    "publication_number": by_n[n].key,
                    "category": phase,
                    "type": letters,
                    "filing_date": 0,
                    "npl_text": "",
                }
                for n, phase, letters in d.cites
            ]
            + [{"publication_number": "", "category": "", "type": "", "npl_text": "Nature 1"}],
        }
        for d in documents
        if d.n in chosen
    ]


def write_lens(path: Path, documents: Sequence[Document], of: Iterable[int] | None = None) -> Path:
    lines = [json.dumps(r) + "\n" for r in lens_lines(documents, of)]
    path.write_text("".join(lines), encoding="utf-8")
    return path


def write_publication_lines(
    path: Path, documents: Sequence[Document], of: Iterable[int] | None = None
) -> Path:
    """JSON lines as BigQuery writes them: whole numbers as texts."""
    rows = publications(documents, of)
    texts = [{k: str(v) if isinstance(v, int) else v for k, v in row.items()} for row in rows]
    path.write_text("".join(json.dumps(r) + "\n" for r in texts), encoding="utf-8")
    return path


def write_publications(
    path: Path, documents: Sequence[Document], of: Iterable[int] | None = None
) -> Path:
    pl.DataFrame(publications(documents, of)).write_parquet(path)
    return path


def write_tables(
    folder: Path, documents: Sequence[Document], of: Iterable[int] | None = None
) -> Path:
    """Bulk tables of the USPTO: quoted texts, zipped or not."""
    by_n = {d.n: d for d in documents}
    chosen = [by_n[n] for n in (by_n if of is None else of)]
    places: dict[str, str] = {c: f"loc-{c}" for c in COUNTRIES}
    rows: dict[str, list[dict[str, object]]] = {
        "g_location_disambiguated": [
            {"location_id": i, "disambig_city": 'A "B"', "disambig_country": c}
            for c, i in places.items()
        ]
    }
    rows["pg_location_disambiguated"] = rows["g_location_disambiguated"]
    words = {"SEA": "cited by examiner", "APP": "cited by applicant", "": ""}
    for d in chosen:
        pre = d.kind == "A1"
        prefix, key = ("pg", "pgpub_id") if pre else ("g", "patent_id")
        me = {key: d.number}
        if pre:
            head = {"application_id": f"14{d.family:06d}", "filing_date": d.filed}
            rows.setdefault("pg_published_application", []).append(
                me
                | head
                | {"published_date": d.published, "patent_type": "utility"}
                | {"application_title": d.title}
            )
        else:
            rows.setdefault("g_patent", []).append(
                me
                | {"patent_type": "utility", "patent_date": d.published, "wipo_kind": d.kind}
                | {"patent_title": d.title.replace(" of two", "\tof\ntwo"), "withdrawn": 0}
            )
            rows.setdefault("g_application", []).append(
                {"application_id": f"14{d.family:06d}", "filing_date": d.filed} | me
            )
        for k, (name, country) in enumerate(d.applicants):
            rows.setdefault(f"{prefix}_assignee_disambiguated", []).append(
                me
                | {"assignee_sequence": k, "disambig_assignee_organization": name}
                | {"location_id": places.get(country or "", "")}
            )
        for k, (name, country) in enumerate(d.inventors):
            last, first = name.split("; ")
            rows.setdefault(f"{prefix}_inventor_disambiguated", []).append(
                me
                | {"inventor_sequence": k, "disambig_inventor_name_last": last}
                | {"disambig_inventor_name_first": first}
                | {"location_id": places.get(country or "", "")}
            )
        for k, symbol in enumerate(d.symbols):
            rows.setdefault(f"{prefix}_cpc_current", []).append(
                me | {"cpc_sequence": k, "cpc_group": symbol}
            )
        for k, (n, phase, _) in enumerate(d.cites):
            other = by_n[n]
            if other.kind == "A1":
                named = {"citation_document_number": f"{other.number[:4]}/{other.number[4:]}"}
            else:
                named = {"citation_patent_id": other.number}
            table = "application" if other.kind == "A1" else "patent"
            rows.setdefault(f"g_us_{table}_citation", []).append(
                me
                | {"citation_sequence": k, "wipo_kind": other.kind}
                | {"citation_category": words[phase]}
                | named
            )
    folder.mkdir()
    for k, (name, table) in enumerate(sorted(rows.items())):
        text = io.StringIO()
        writer = csv.DictWriter(text, list(table[0]), delimiter="\t", quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerows(table)
        if k % 2:
            (folder / f"{name}.tsv").write_text(text.getvalue(), encoding="utf-8")
        else:
            with zipfile.ZipFile(folder / f"{name}.tsv.zip", "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr(f"{name}.tsv", text.getvalue())
    return folder
