"""Small corpora as dirty as real exports are, made from a seed.

Names need no normalisation: firms are capitals and a number and end in a legal form, persons are
inventors of the same record and do not.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass

HOMES = ["NL", "DE", "US", "CN", "JP", "KR", "GB", "FR", "TW", "SE", "FI", "NA", "HK", "MO", "CH"]
#: What stands in for a residence now and then; offices and unknown codes name no country.
ODD = ["EP", "WO", "SU", "DD", "CS", "XX", "NA", "HK", "nl", " ", "UK", "EL"]
OFFICES = ["EP", "WO", "US", "CN", "JP", "DE", "NL", "KR"]
PRIORITY_OFFICES = ["EP", "WO", "US", "CN", "JP", "DE", "NL", "SU", "CS"]
STEMS = ["KORVEN", "TALMIRA", "BRUNDEX", "VOSTRAN", "QUELBY", "ZINTARO", "HALVOX", "MERADIN"]
FORMS = ["LTD", "GMBH", "BV", "INC", "SA"]
FIRST_NAMES = ["PIETER", "ANNA", "JOHN", "MARIA", "AKIRA", "INGRID", "PAUL", "SOFIA"]
LAST_NAMES = ["JANSEN", "SCHMIDT", "TANAKA", "LINDBERG", "DUPONT", "KOWALSKI", "MORALES", "HUBER"]
SYMBOLS = [
    "G06N10/00", "G06N10/20", "g06n10/60", "G06N 10/40", "B82Y10/00", "H01L21/02", "H01L21/3065",
    "H01L 21/67", "H01L33/00", "G06N3/08", "C12N15/00", "H01L2/10",
]  # fmt: skip
PHASES = ["SEA", "ISR", "SUP", "PRS", "APP", "EXA", "OPP", "CH2", None, None]
CATEGORIES = [["X"], ["Y"], ["A"], ["X", "A"], ["I"], ["D"], "A", "X", "X,Y", None, None, None]
TYPES = ["PATENT_APPLICATION"] * 5 + ["GRANTED_PATENT"] * 4 + ["LIMITED_PATENT", None]

TECHNOLOGIES = {
    "quantum": {"ipc": ["G06N10/"], "cpc": ["B82Y10/"]},
    "chips": {"ipc": ["H01L21/"], "cpc": []},
}
TECHNOLOGIES_TOML = "".join(
    f'[[technology]]\nid = "{name}"\nname = "{name}"\nipc = {json.dumps(p["ipc"])}\n'
    f"cpc = {json.dumps(p['cpc'])}\n\n"
    for name, p in TECHNOLOGIES.items()
)


@dataclass(frozen=True)
class Corpus:
    """An export, and residences that a user might have of its and other documents."""

    lines: str
    residences: list[tuple[str, str, int]]


def lens_id(n: int) -> str:
    digits = f"{n * 7_654_321 % 10**14:014d}"
    check = sum((k + 2) * int(c) for k, c in enumerate(digits)) % 11
    text = digits + ("X" if check == 10 else str(check))
    return "-".join(text[k : k + 3] for k in range(0, 15, 3))


class _Maker:
    def __init__(self, seed: int) -> None:
        self.r = r = random.Random(seed)
        self.firms = [
            (f"{r.choice(STEMS)} {k + 10} {r.choice(FORMS)}", r.choice(HOMES))
            for k in range(r.randint(4, 12))
        ]
        people = [f"{last} {first}" for last in LAST_NAMES for first in FIRST_NAMES]
        self.persons = [(name, r.choice(HOMES)) for name in r.sample(people, 12)]
        self.stated = r.choice([0.35, 0.6, 0.9])  # how often a residence is given
        self.next = r.randint(1, 10**6)

    def often(self, p: float) -> bool:
        return self.r.random() < p

    def identity(self) -> dict:
        self.next += 1
        n = self.next
        number = f"{n}" if self.often(0.8) else f"{n // 1000}/{n % 1000:03d}"
        return {
            "lens_id": lens_id(n),
            "jurisdiction": self.r.choice(OFFICES),
            "doc_number": number,
            "kind": self.r.choice(["A1", "A1", "B2", "U1", "Y1"]),
        }

    def residence(self, home: str) -> str | None:
        if not self.often(self.stated):
            return None
        if self.often(0.1):
            return self.r.choice(ODD)
        return home if self.often(0.95) else self.r.choice(HOMES)

    def party(self, name: str, home: str) -> object:
        residence = self.residence(home)
        if self.often(0.04):
            return name
        shape = {"extracted_name": name if self.often(0.1) else {"value": name}}
        return shape | ({"residence": residence} if residence else {})

    def parties(self) -> dict | None:
        r = self.r
        applicants = r.sample(self.firms, r.choice([0, 1, 1, 1, 2, 3]))
        inventors = r.sample(self.persons, r.choice([0, 1, 1, 2, 3]))
        if inventors and self.often(0.25):
            applicants += inventors[: r.randint(1, len(inventors))]
        if self.often(0.03):
            return r.choice([None, {}, {"applicants": None}])
        made = {
            "applicants": [self.party(*p) for p in applicants],
            "inventors": [self.party(*p) for p in inventors],
        }
        if self.often(0.02):
            r.choice(list(made.values())).insert(0, r.choice([None, {}]))
        if applicants and self.often(0.08):  # the same applicant twice, once without residence
            made["applicants"].append({"extracted_name": {"value": applicants[0][0]}})
        return {k: v for k, v in made.items() if v or self.often(0.3)}

    def day(self, first: int = 2003, last: int = 2025) -> str:
        r = self.r
        return f"{r.randint(first, last)}-{r.randint(1, 12):02d}-{r.randint(1, 28):02d}"

    def shown_day(self, day: str) -> object:
        x = self.r.random()
        if x < 0.03:
            return day + "T00:00:00"
        return day if x < 0.94 else day.replace("-", "") if x < 0.97 else int(day.replace("-", ""))

    def classes(self, symbols: list[str]) -> dict:
        shown: list[object] = [s if self.often(0.05) else {"symbol": s} for s in symbols]
        return {"classifications": shown}

    def mention(self, document: dict, *, by_number: bool, dated: bool) -> dict:
        d = {k: document[k] for k in ("jurisdiction", "doc_number", "kind")}
        if dated and self.often(0.8):
            d["date"] = document["day"]
        out: dict = {"document_id": [d] if self.often(0.03) else d}
        if by_number:
            return out
        if self.often(0.05):
            out = {}
        return out | {"lens_id": document["lens_id"]}


def make(seed: int) -> Corpus:
    """10 to 80 records in one export, one a line."""
    m = _Maker(seed)
    r = m.r
    size = r.randint(10, 80)
    families: list[list[dict]] = []
    while sum(map(len, families)) < size:
        families.append([m.identity() for _ in range(r.choice([1, 1, 2, 3, 4]))])
    outside = [m.identity() | {"day": m.day(1985)} for _ in range(r.randint(3, 15))]
    numbered = {d["lens_id"] for d in outside if m.often(0.3)}  # known by number only
    exported, hidden = [], []
    for members in families:
        for k, d in enumerate(members):
            (exported if k == 0 or m.often(0.75) else hidden).append(d)
    records = []
    shared = {}  # some families share a family_id with the one before
    for k, members in enumerate(families):
        shared[k] = shared[k - 1] if k and m.often(0.06) else 1000 + k
        symbols = r.sample(SYMBOLS, r.randint(0, 3)) or [SYMBOLS[0]]
        parties = m.parties()
        priority = (r.choice(PRIORITY_OFFICES), m.day(2000, 2023))
        for d in members:
            if d not in exported:
                continue
            own = parties if m.often(0.5) else m.parties()
            records.append(
                _record(m, d, members, shared[k], symbols, own, priority)
                | {"_family": (exported, hidden, outside, numbered)}
            )
    lines = []
    for record in records:
        _references(m, record, *record.pop("_family"))
        lines.append(json.dumps(record, ensure_ascii=m.often(0.5)))
        if m.often(0.05):
            lines.append(lines[-1])
        if m.often(0.05):  # a poorer copy of the same document
            poorer = json.loads(lines[-1])
            for part in ("biblio", "legal_status"):
                poorer.pop(part, None)
            lines.append(json.dumps(poorer))
    lines += r.choices(['{"lens_id": ', "[1]", '{"kind": "A1"}', "null", ""], k=r.randint(0, 2))
    if m.often(0.1):
        lines.append(json.dumps(records[0] | {"lens_id": lens_id(3), "date_published": "soon"}))
    r.shuffle(lines)
    candidates = [d["lens_id"] for d in exported + outside]
    residences = [
        (i, code, r.choice([1, 1, 3]))
        for i in r.sample(candidates, len(candidates) // 2)
        for code in r.sample([*HOMES, "SU", "RU", "EP"], r.choice([1, 1, 2, 3]))
    ]
    return Corpus("\n".join(lines) + r.choice(["", "\n"]), residences)


def _record(
    m: _Maker,
    d: dict,
    members: list[dict],
    family_id: int,
    symbols: list[str],
    parties: dict | None,
    priority: tuple[str, str],
) -> dict:
    r = m.r
    record = {k: d[k] for k in ("lens_id", "jurisdiction", "doc_number", "kind")}
    if m.often(0.96):
        record["date_published"] = m.shown_day(m.day())
    record["publication_type"] = r.choice(TYPES)
    if m.often(0.03):
        record["publication_type"] = r.choice(["DESIGN_RIGHT", "PLANT_PATENT"])
    biblio: dict = {"parties": parties}
    for field in ("classifications_cpc", "classifications_ipcr"):
        own = [s for s in symbols if m.often(0.7)]
        if own or m.often(0.1):
            biblio[field] = m.classes(own)
    if m.often(0.85):
        claims = [{"jurisdiction": priority[0], "doc_number": f"P{family_id}", "kind": "A"}]
        claims[0]["date"] = priority[1]
        if m.often(0.15):
            same = m.often(0.5)
            second = {"jurisdiction": r.choice(PRIORITY_OFFICES), "doc_number": "P2", "kind": "A"}
            claims.append(second | {"date": priority[1] if same else "2023-12-31"})
        biblio["priority_claims"] = {"claims": claims}
        if m.often(0.8):
            biblio["priority_claims"]["earliest_claim"] = {"date": priority[1]}
    if m.often(0.7):
        application = {"jurisdiction": d["jurisdiction"], "doc_number": f"F{family_id}"}
        biblio["application_reference"] = application | {"date": m.day(2002, 2024)}
    if m.often(0.03):
        biblio = r.choice([{}, {"parties": None, "references_cited": None}])
    record["biblio"] = None if m.often(0.01) else biblio
    named = [x for x in members if x is d or m.often(0.8)]
    keys = ("jurisdiction", "doc_number", "kind")
    simple: dict = {
        "members": [
            {"document_id": {k: x[k] for k in keys}, "lens_id": x["lens_id"]} for x in named
        ],
        "size": len(members),
    }
    if m.often(0.5):
        simple["family_id"] = family_id if m.often(0.9) else str(family_id)
    if m.often(0.95):
        record["families"] = {"simple_family": simple}
    if m.often(0.5):
        record["legal_status"] = {"patent_status": "ACTIVE"}
    if m.often(0.1):
        record["abstract"] = [{"text": "“ ≥ µ \u4e2d", "lang": "en"}]
    return record


def _references(
    m: _Maker,
    record: dict,
    exported: list[dict],
    hidden: list[dict],
    outside: list[dict],
    numbered: set[str],
) -> None:
    r = m.r
    biblio = record["biblio"]
    if not biblio:
        return
    citations: list[object] = []
    for _ in range(r.choice([0, 0, 1, 3, 6, 9])):
        x = r.random()
        if x < 0.05:
            citations.append(r.choice([{"nplcit": {"text": "A book."}}, {"patcit": {}}, {}]))
            continue
        pool = exported if x < 0.75 or not (hidden or outside) else hidden + outside
        cited = r.choice(pool)
        by_number = cited["lens_id"] in numbered or (cited in exported and m.often(0.1))
        citation: dict = {"sequence": len(citations) + 1}
        citation["patcit"] = m.mention(cited, by_number=by_number, dated="day" in cited)
        if phase := r.choice(PHASES):
            citation["cited_phase"] = phase
        if category := r.choice(CATEGORIES):
            citation["category"] = category
        citations.append(citation)
        if m.often(0.15):  # again, in another phase
            again = citation | {"cited_phase": r.choice(["APP", "SEA"]), "category": ["A"]}
            citations.append(again)
    if citations or m.often(0.1):
        biblio["references_cited"] = {"citations": citations}
    if m.often(0.3):
        citing = r.choices(exported + outside + hidden, k=r.randint(1, 4))
        biblio["cited_by"] = {
            "patents": [
                m.mention(d, by_number=d["lens_id"] in numbered, dated=False) for d in citing
            ]
        }


def options(seed: int) -> dict:
    """Options that differ from seed to seed, as the command line names them."""
    r = random.Random(-seed - 1)
    first = r.choice([2005, 2010, 2015])
    out: dict = {
        "by": r.choice(["applicant", "applicant", "inventor"]),
        "counting": r.choice(["fractional", "fractional", "country-unique", "full"]),
        "scope": r.choice(["closed", "closed", "citing", "cited"]),
        "phase": r.choice(["all", "all", "examiner", "applicant"]),
        "category": r.choice(["all", "all", "XY", "A"]),
        "focal": r.choice(["NL", "NL", "DE", "US", "CN", "HK", "NA", "PL"]),
        "from": first,
        "to": r.choice([2019, 2022, 2025]),
        "year_by": r.choice(["publication", "publication", "priority"]),
        "window": r.choice([None, None, None, 3, 8]),
        "self_citations": r.choice(["default", "default", "keep", "drop"]),
        "symbols": r.choice(["both", "both", "ipc"]),
        "utility_models": r.choice(["keep", "keep", "drop"]),
        "merge_cn": r.random() < 0.2,
        "office_proxy": r.random() < 0.2,
    }
    out["periods"] = r.choice(["", f"{first}-2017", f"{first},{first + 2}-{out['to']}"])
    return out
