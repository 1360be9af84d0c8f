"""Write the synthetic Lens export behind `netpos demo`: the same bytes of JSON on every run.

Everything in it is invented: organisations, persons, numbers, sizes, who cites whom. Lens IDs begin
with 9, which no real one does, so that no document can be mistaken for a real one::

    python scripts/make_demo.py [FILE]
"""

from __future__ import annotations

import gzip
import json
import random
import sys
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

SEED = 20251107
FAMILIES = 4600
LAST_DAY = date(2025, 10, 31)
TARGET = Path(__file__).resolve().parent.parent / "data" / "demo_synthetic_lens.jsonl.gz"

#: technology: (word for names, weight, IPC symbols, further CPC symbols)
TECHNOLOGIES: dict[str, tuple[str, float, str, str]] = {
    "optical_photonics": ("Photonics", 1.2,
        "G02B6/12 G02B6/122 G02F1/01 H01S5/02 H04B10/80 G02B1/10 G01J3/28",
        "G02B6/12004 G02F1/015 H01S5/0261 H04B10/801 B82Y20/00"),
    "quantum": ("Quantum", 0.8,
        "G06N10/00 G06N10/40 H04B10/70 H10N60/10 G01R33/032 H03K19/195",
        "G06N10/70 H04L9/0852 H04L9/0858 H10N60/805 G06N99/002"),
    "process": ("Process", 1.2,
        "B01J19/00 B01J23/40 B01D53/04 B01D61/02 C25B1/04 B01J8/18 C08J11/10",
        "B01J19/0093 B01J2219/00781 B01D3/009 Y02P20/133 Y02C20/40"),
    "biomolecular_cell": ("Biologics", 1.5,
        "C12N15/11 C12N5/10 C07K16/28 C12Q1/68 A61K39/395 A61K48/00 C12P21/02",
        "C12N15/113 C07K16/2818 C12Q1/6886 A61K2039/505 C12N9/22"),
    "imaging": ("Imaging", 1.1,
        "A61B6/03 A61B8/08 G01R33/48 G01T1/16 G06T7/00 G02B21/00 H01J37/26",
        "A61B6/032 A61B8/0866 G01R33/4818 G06T7/0012 A61B5/055"),
    "mechatronics": ("Motion", 1.0,
        "B25J9/16 B25J13/08 G05B19/418 B81B3/00 H02K41/03 G02B26/08 B23Q1/00",
        "B25J9/1697 B81B3/0021 G03F7/70716 H10N30/20 Y10S901/01"),
    "ai_data": ("Learning", 1.6,
        "G06N3/08 G06N3/04 G06N20/00 G06F18/24 G06F40/30 G06F16/9535 G10L15/16",
        "G06N3/045 G06N3/084 G06F18/214 G06T2207/20084 G06N5/022"),
    "energy_materials": ("Energy", 1.3,
        "H01M4/13 H01M4/36 H01M10/052 H01M10/0525 C25B11/04 H01G11/30 C01B3/00",
        "H01M4/131 H01M10/0562 H10K30/50 C25B11/075 Y02E10/549"),
    "semiconductor": ("Micro", 1.6,
        "H01L21/02 H01L21/027 H01L23/48 H01L29/78 G03F7/20 C23C16/44 G11C11/40",
        "H01L21/0274 G03F7/70033 H10D30/62 H10B12/00 H01J37/32091"),
    "cybersecurity": ("Security", 0.8,
        "H04L9/08 H04L9/32 G06F21/60 H04W12/06 G09C1/00 H04L9/40",
        "H04L9/0861 H04L63/08 H04L63/1416 G06F21/602 G06Q20/3829"),
    "none": ("Garden", 0.6,
        "A47B3/00 B62K3/02 A01B1/02 E04H12/00 A63B21/00 E05B65/00",
        "A47B3/08 B62K2202/00 A01B1/022 E04H12/20"),
}  # fmt: skip
BOTH = [
    ("optical_photonics", "semiconductor"), ("quantum", "cybersecurity"), ("imaging", "ai_data"),
    ("mechatronics", "semiconductor"), ("process", "energy_materials"), ("mechatronics", "ai_data"),
]  # fmt: skip
#: Invented sizes: only their order of magnitude is meant to look familiar.
SIZES = {
    "US": 25, "CN": 22, "JP": 14, "KR": 8, "DE": 8, "FR": 3.6, "GB": 3.3, "NL": 3.8, "TW": 3.2,
    "CH": 1.8, "SE": 1.7, "CA": 1.7, "IT": 1.5, "IN": 1.2, "BE": 1.1, "IL": 1.1, "AT": 1.0,
    "FI": 0.9, "DK": 0.9, "AU": 0.8, "ES": 0.8, "SG": 0.7, "NO": 0.5, "IE": 0.45, "RU": 0.45,
    "HK": 0.4, "PL": 0.4, "BR": 0.4, "CZ": 0.35, "TR": 0.3, "PT": 0.25, "HU": 0.25, "GR": 0.2,
    "ZA": 0.2, "SA": 0.2, "NZ": 0.18, "MX": 0.15, "MY": 0.15, "EE": 0.15, "SI": 0.15, "LU": 0.15,
    "RO": 0.12, "UA": 0.12, "CL": 0.1, "NA": 0.08,
}  # fmt: skip
#: How strong a country is in a technology beside its size (absent: drawn).
STRENGTH = {
    ("NL", "optical_photonics"): 1.5, ("NL", "quantum"): 1.5, ("NL", "process"): 0.8,
    ("NL", "biomolecular_cell"): 0.9, ("NL", "imaging"): 2.2, ("NL", "mechatronics"): 1.5,
    ("NL", "ai_data"): 0.4, ("NL", "energy_materials"): 0.5, ("NL", "semiconductor"): 1.3,
    ("NL", "cybersecurity"): 0.5, ("TW", "semiconductor"): 3.0, ("KR", "semiconductor"): 2.0,
    ("JP", "energy_materials"): 1.8, ("US", "biomolecular_cell"): 1.6, ("US", "ai_data"): 1.4,
}  # fmt: skip
#: How much others build on a country's families in a technology (absent: drawn).
APPEAL = {
    ("NL", "semiconductor"): 3.0, ("NL", "optical_photonics"): 1.6, ("NL", "imaging"): 0.6,
    ("NL", "quantum"): 1.2, ("NL", "ai_data"): 0.8, ("NL", "energy_materials"): 0.5,
    ("NL", "cybersecurity"): 1.3, ("NL", "process"): 1.0, ("CN", "ai_data"): 0.6,
}  # fmt: skip
EUROPE = {
    "DE", "FR", "GB", "NL", "CH", "SE", "IT", "BE", "AT", "FI", "DK", "ES", "NO", "IE", "PL",
    "CZ", "PT", "HU", "GR", "EE", "SI", "LU", "RO",
}  # fmt: skip
ASIA = {"CN", "JP", "KR", "TW", "HK", "SG", "MY"}
ENDING = {
    "NL": "BV", "DE": "GmbH", "AT": "GmbH", "CH": "AG", "US": "Inc", "CA": "Inc", "CN": "Co Ltd",
    "KR": "Co Ltd", "TW": "Co Ltd", "JP": "KK", "FR": "SA", "BE": "NV", "IT": "SpA", "SE": "AB",
    "FI": "Oy", "DK": "AS", "NO": "AS", "ES": "SL", "PL": "Sp zoo", "BR": "Ltda", "LU": "SARL",
}  # fmt: skip
#: office: (kind of application, kind of grant or None, chance that a foreign family goes there)
OFFICES: dict[str, tuple[str, str | None, float]] = {
    "WO": ("A1", None, 0.16), "EP": ("A1", "B1", 0.13), "US": ("A1", "B2", 0.15),
    "CN": ("A", "B", 0.09), "JP": ("A", "B2", 0.05), "KR": ("A", "B1", 0.0),
    "DE": ("A1", "B4", 0.0), "NL": ("A", "B1", 0.0), "FR": ("A1", "B1", 0.0),
    "GB": ("A", "B", 0.0), "TW": ("A", "B", 0.0),
}  # fmt: skip
SILENT = {"CN": 0.33, "JP": 0.3}  # chance that a record of this office has no residences
PHASES = {
    "EP": (["SEA", "EXA", "APP"], [0.7, 0.1, 0.2]),
    "WO": (["ISR", "APP"], [0.85, 0.15]),
    "US": (["APP", "PRS", "SEA", ""], [0.5, 0.3, 0.1, 0.1]),
}


def document_id(office: str, number: str, kind: str, day: date | None) -> dict[str, str]:
    """Return the parts that identify a document in a record."""
    out = {"jurisdiction": office, "doc_number": number, "kind": kind}
    return out if day is None else {**out, "date": day.isoformat()}


@dataclass
class Document:
    """One publication: what its own record says and what others say of it."""

    lens_id: str
    office: str
    number: str
    kind: str
    day: date
    filed: date
    granted_day: date | None = None
    cited_by: list[Document] = field(default_factory=list)

    def reference(self, *, dated: bool = True) -> dict[str, object]:
        """Return how other records name this one."""
        named = document_id(self.office, self.number, self.kind, self.day if dated else None)
        return {"document_id": named, "lens_id": self.lens_id}


@dataclass
class Family:
    """One invention: where it comes from, what it is about, its publications."""

    number: int
    country: str
    technologies: list[str]
    priority: date
    appeal: float
    parties: list[tuple[str, str]]
    inventors: list[tuple[str, str]]
    documents: list[Document] = field(default_factory=list)
    missing: list[Document] = field(default_factory=list)
    cites: list[Family] = field(default_factory=list)
    extended: int = 0


class World:
    """The draws that make the families; one generator, used in a fixed order."""

    def __init__(self) -> None:
        self.draw = random.Random(SEED)
        self.ids: set[str] = set()
        self.count = 0
        self.people = 0
        pairs = [(c, t) for c in SIZES for t in TECHNOLOGIES]
        self.strength = {p: self.draw.lognormvariate(0, 0.4) for p in pairs} | STRENGTH
        self.appeal = {p: self.draw.lognormvariate(0, 0.35) for p in pairs} | APPEAL
        self.taste = {(a, b): self.draw.lognormvariate(0, 0.5) for a in SIZES for b in SIZES}

    def lens_id(self) -> str:
        """Return an identifier of the right shape that no real document has."""
        while True:
            digits = f"9{self.draw.randrange(10**13):013d}{self.draw.choice('0123456789X')}"
            text = "-".join(digits[i : i + 3] for i in range(0, 15, 3))
            if text not in self.ids:
                self.ids.add(text)
                return text

    def document(self, office: str, kind: str, day: date, filed: date) -> Document:
        """Return a new publication with a number of its own."""
        self.count += 1
        return Document(self.lens_id(), office, f"99{self.count:06d}", kind, day, filed)

    def organisation(self, country: str, technology: str) -> str:
        """Draw an organisation of a country: a few large ones, many small ones."""
        many = max(2, int(2.5 * SIZES[country] ** 0.7) + 1)
        n = min(int(self.draw.paretovariate(0.9)), many)
        if self.draw.random() < 0.12:
            return f"Demo University {country} {1 + n % 4}"
        return f"Demo {TECHNOLOGIES[technology][0]} {n} {ENDING.get(country, 'Ltd')}"

    def person(self) -> str:
        """Return the name of nobody."""
        self.people += 1
        return f"Demo Person {self.people:05d}"

    def family(self, number: int) -> Family:
        """Draw a family with its parties and publications."""
        draw = self.draw
        names = list(TECHNOLOGIES)
        technologies = draw.choices(names, [TECHNOLOGIES[t][1] for t in names])
        if draw.random() < 0.08:
            technologies = list(draw.choice(BOTH))
        first = technologies[0]
        codes = list(SIZES)
        country = draw.choices(codes, [SIZES[c] * self.strength[c, first] for c in codes])[0]
        if number < 6:
            country = "NA"
        parties = [(self.organisation(country, first), country)]
        if draw.random() < 0.12:
            other = draw.choices(codes, list(SIZES.values()))[0] if draw.random() < 0.4 else country
            parties.append((self.organisation(other, first), other))
        inventors = []
        for _ in range(draw.randint(1, 3)):
            away = draw.random() < 0.1
            home = draw.choices(codes, list(SIZES.values()))[0] if away else country
            inventors.append((self.person(), home))
        chance = draw.random()
        if chance < 0.05:
            parties = inventors[:1]
        elif chance < 0.09:
            parties += inventors[:1]
        year = draw.choices(range(2008, 2026), [0.5 + 0.05 * (y - 2008) for y in range(2008, 2026)])
        last = (LAST_DAY - date(2025, 1, 1)).days if year[0] == 2025 else 364
        published = date(year[0], 1, 1) + timedelta(days=draw.randint(0, last))
        priority = published - timedelta(days=draw.randint(520, 560))
        appeal = draw.lognormvariate(0, 0.9) * self.appeal[country, first]
        out = Family(
            number, country, technologies, priority, appeal, parties, inventors, extended=number
        )
        self.publish(out, published)
        return out

    def publish(self, family: Family, published: date) -> None:
        """Draw the offices in which a family is filed and what they publish."""
        draw = self.draw
        home = family.country
        if home not in OFFICES:
            home = "EP" if home in EUROPE else "WO"
        elif home in ("DE", "FR", "NL", "GB") and draw.random() < 0.6:
            home = "EP"
        reach = 1.5 if family.country in ("NL", "CH", "SE", "IL") else 1.0
        chosen = [home] + [
            o for o, (_, _, p) in OFFICES.items() if o != home and draw.random() < p * reach
        ]
        for office in chosen:
            application, grant, _ = OFFICES[office]
            own = office == home
            day = published if own else published + timedelta(days=draw.randint(0, 400))
            filed = family.priority + timedelta(days=0 if own else draw.randint(300, 365))
            granted = day + timedelta(days=draw.randint(500, 1500))
            got_it = grant is not None and draw.random() < 0.5 and granted <= LAST_DAY
            if day > LAST_DAY:
                continue
            documents = [self.document(office, application, day, filed)]
            if got_it and grant is not None:
                if draw.random() < 0.45:
                    documents.append(self.document(office, grant, granted, filed))
                for d in documents:
                    d.granted_day = granted
            for d in documents:
                kept = not family.documents or draw.random() > 0.1
                (family.documents if kept else family.missing).append(d)

    def choose_cited(self, families: list[Family]) -> None:
        """Let each family cite older ones, mostly of its own technology."""
        draw = self.draw
        by_technology: dict[str, list[Family]] = {t: [] for t in TECHNOLOGIES}
        for family in sorted(families, key=lambda f: (f.priority, f.number)):
            technology = draw.choice(family.technologies)
            if draw.random() < 0.08:
                technology = draw.choice(list(TECHNOLOGIES))
            older = by_technology[technology]
            weights = []
            for other in older:
                age = (family.priority - other.priority).days / 365
                both = {family.country, other.country}
                near = self.taste[family.country, other.country] * (2.2 if len(both) == 1 else 1.0)
                near *= 1.5 if both <= EUROPE or both <= ASIA else 1.0
                near *= 4.0 if other.parties[0] == family.parties[0] else 1.0
                weights.append(other.appeal * near * min(age, 3.0) / (3.0 + age))
            wanted = min(int(draw.expovariate(1 / 4.2)), 14)
            if older and sum(weights) > 0:
                picked = {f.number: f for f in draw.choices(older, weights, k=wanted)}
                family.cites = [picked[n] for n in sorted(picked)]
            for t in family.technologies:
                by_technology[t].append(family)


def first_office(country: str) -> str:
    """Return the office where a country's applicants file first in this invented world."""
    return country if country in OFFICES else "EP" if country in EUROPE else "US"


def record(
    world: World, family: Family, doc: Document, outside: list[Document]
) -> dict[str, object]:
    """Build one Lens record; references are added to ``cited_by`` of what is cited."""
    draw = world.draw
    silent = draw.random() < SILENT.get(doc.office, 0.08)

    def party(name: str, residence: str, sequence: int) -> dict[str, object]:
        if doc.office in ("US", "EP") and draw.random() < 0.3:
            name = name.upper().replace(" BV", " B.V.").replace(" INC", ", INC.")
        out: dict[str, object] = {"extracted_name": {"value": name}, "sequence": sequence}
        if residence == "GB" and draw.random() < 0.03:
            residence = "UK"
        if not silent and draw.random() > 0.03:
            out["residence"] = residence
        return out

    office, number = first_office(family.country), f"77{family.number:06d}"
    claim = {**document_id(office, number, "A", family.priority), "sequence": 1}
    title = f"Made-up {TECHNOLOGIES[family.technologies[0]][0].lower()} invention {family.number}"
    biblio: dict[str, object] = {
        "invention_title": [{"text": title, "lang": "en"}],
        "application_reference": document_id(doc.office, f"{doc.number}0", "A", doc.filed),
        "priority_claims": {"claims": [claim], "earliest_claim": {"date": claim["date"]}},
        "parties": {
            "applicants": [party(n, r, i) for i, (n, r) in enumerate(family.parties, 1)],
            "inventors": [party(n, r, i) for i, (n, r) in enumerate(family.inventors, 1)],
        },
    }
    symbols = random.Random(family.number)  # the same in all records of a family
    ipc, cpc = [], []
    for t in family.technologies:
        _, _, plain, further = TECHNOLOGIES[t]
        own = symbols.sample(plain.split(), 2)
        ipc += own
        cpc += [own[0], symbols.choice(further.split())]
    if symbols.random() < 0.3:
        ipc.append(symbols.choice(TECHNOLOGIES["none"][2].split()))
    biblio["classifications_ipcr"] = {"classifications": [{"symbol": s} for s in ipc]}
    if doc.office not in ("CN", "TW"):
        biblio["classifications_cpc"] = {"classifications": [{"symbol": s} for s in cpc]}
    citations = references(world, family, doc, outside)
    if citations:
        biblio["references_cited"] = {"citations": citations, "patent_count": len(citations)}
    return {
        "lens_id": doc.lens_id,
        "jurisdiction": doc.office,
        "doc_number": doc.number,
        "kind": doc.kind,
        "date_published": doc.day.isoformat(),
        "doc_key": f"{doc.office}_{doc.number}_{doc.kind}_{doc.day:%Y%m%d}",
        "publication_type": "GRANTED_PATENT" if doc.kind[0] == "B" else "PATENT_APPLICATION",
        "biblio": biblio,
        "legal_status": legal(draw, doc),
    }


def references(
    world: World, family: Family, doc: Document, outside: list[Document]
) -> list[dict[str, object]]:
    """Draw what one publication cites: documents of the cited families, and some from outside."""
    draw = world.draw
    share = {"US": 0.85, "EP": 0.6, "WO": 0.6}.get(doc.office, 0.45)
    cited = []
    for other in family.cites:
        known = [d for d in other.documents if d.day < doc.day]
        if known and draw.random() < share:
            cited.append(draw.choice(known))
    cited += [draw.choice(outside) for _ in range(min(int(draw.expovariate(1 / 0.9)), 6))]
    out: list[dict[str, object]] = []
    for sequence, target in enumerate({d.lens_id: d for d in cited}.values(), 1):
        patcit = target.reference()
        if draw.random() >= 0.95:
            del patcit["lens_id"]
        entry: dict[str, object] = {"sequence": sequence, "patcit": patcit}
        names, weights = PHASES.get(doc.office, (["SEA", ""], [0.6, 0.4]))
        phase = draw.choices(names, weights)[0]
        if phase:
            entry["cited_phase"] = phase
        if phase in ("SEA", "ISR") and doc.office in ("EP", "WO"):
            entry["category"] = draw.choice((["X"], ["Y"], ["A"], ["A"], ["X", "Y"], ["A"]))
        target.cited_by.append(doc)
        out.append(entry)
    return out


def legal(draw: random.Random, doc: Document) -> dict[str, object]:
    """Draw a legal status that fits the dates."""
    term = doc.filed.replace(year=doc.filed.year + 20, day=min(doc.filed.day, 28))
    age = (LAST_DAY - doc.filed).days / 365
    out: dict[str, object] = {"patent_status": "PENDING" if age < 2.6 else "INACTIVE"}
    if doc.office == "WO":
        return out
    out["patent_status"] = "PENDING"
    if doc.granted_day is not None:
        out = {"patent_status": "ACTIVE", "granted": True}
        out["grant_date"] = doc.granted_day.isoformat()
        out["anticipated_term_date"] = term.isoformat()
        if term <= LAST_DAY:
            out["patent_status"] = "EXPIRED"
        elif draw.random() < 0.04 * age:
            gone = doc.granted_day + timedelta(days=draw.randint(300, 2500))
            if gone <= LAST_DAY:
                out["patent_status"] = "INACTIVE"
                out["discontinuation_date"] = gone.isoformat()
    elif age > 5:
        out = {"patent_status": draw.choice(("DISCONTINUED", "DISCONTINUED", "UNKNOWN"))}
        if out["patent_status"] == "DISCONTINUED":
            gone = doc.day + timedelta(days=draw.randint(100, 1200))
            out["discontinuation_date"] = min(gone, LAST_DAY).isoformat()
    return out


def lines() -> list[str]:
    """Build every line of the export."""
    world = World()
    draw = world.draw
    families = [world.family(n) for n in range(FAMILIES)]
    world.choose_cited(families)
    for first in draw.sample(families, 60):
        other = families[draw.randrange(FAMILIES)]
        other.extended = first.extended
    outside = []
    for _ in range(1500):
        office = draw.choices(("US", "EP", "WO", "JP", "CN", "DE"), (5, 2, 2, 2, 1, 1))[0]
        day = date(draw.randint(1985, 2006), draw.randint(1, 12), draw.randint(1, 28))
        outside.append(world.document(office, OFFICES[office][0], day, day))
    made = [(f, d) for f in families for d in f.documents]
    made.sort(key=lambda pair: (pair[1].day, pair[1].number))
    records = [(f, d, record(world, f, d, outside)) for f, d in made]
    ages = [timedelta(days=draw.randint(0, 1500)) for _ in range(700)]
    strangers = [world.document("US", "A1", LAST_DAY - age, LAST_DAY) for age in ages]
    extended: dict[int, list[Document]] = {}
    for f in families:
        extended.setdefault(f.extended, []).extend(f.documents + f.missing)
    text = []
    for f, d, about in records:
        late = [s for s in draw.sample(strangers, 2) if s.day > d.day and draw.random() < 0.25]
        citing = sorted(d.cited_by + late, key=lambda x: x.number)
        patents = [c.reference(dated=False) for c in citing]
        count = {"patents": patents, "patent_count": len(citing)} if citing else {}
        biblio = about["biblio"]
        about["biblio"] = {**biblio, "cited_by": count} if isinstance(biblio, dict) else biblio
        simple = [m.reference() for m in f.documents + f.missing]
        wide = [m.reference() for m in extended[f.extended]]
        about["families"] = {
            "simple_family": _members(simple, 900000 + f.number),
            "extended_family": _members(wide, 800000 + f.extended),
        }
        text.append(about)
    return damage(draw, text)


def _members(members: list[dict[str, object]], number: int) -> dict[str, object]:
    return {"members": members, "size": len(members), "family_id": number}


def damage(draw: random.Random, records: list[dict[str, object]]) -> list[str]:
    """Add what real exports hold as well: utility models, a design, repeats and broken lines."""
    alone = [r for r in records if _alone(r)]
    for about in draw.sample([r for r in alone if r["jurisdiction"] in ("CN", "DE")], 14):
        about["kind"] = "U" if about["jurisdiction"] == "CN" else "U1"
        about["publication_type"] = "LIMITED_PATENT"
        _renumber(about)
    usable = [r for r in alone if r["jurisdiction"] == "US" and r["kind"] == "A1"]
    design, bare = draw.sample(usable, 2)
    design["kind"], design["publication_type"] = "S1", "DESIGN_RIGHT"
    _renumber(design)
    text = [json.dumps(r, separators=(",", ":")) for r in records]
    at = records.index(bare)
    own = str(bare["lens_id"])
    text[at] = text[at].replace(f'"lens_id":"{own}",', "", 1).replace(f',"lens_id":"{own}"', "")
    again = [text[i] for i in sorted(draw.sample(range(len(text)), 5))]
    text[3000:3000] = ["", '{"lens_id": "broken", "biblio": {[']
    text[5000:5000] = ["", text[5000][: len(text[5000]) // 2]]
    return text + again


def _alone(about: dict[str, object]) -> bool:
    """Whether a record is the only member of its family and nothing cites it."""
    biblio, families = about["biblio"], about["families"]
    return (
        isinstance(biblio, dict)
        and isinstance(families, dict)
        and biblio["cited_by"] == {}
        and families["simple_family"]["size"] == families["extended_family"]["size"] == 1
    )


def _renumber(about: dict[str, object]) -> None:
    """Carry a changed kind into the key and the members."""
    day = str(about["date_published"]).replace("-", "")
    about["doc_key"] = f"{about['jurisdiction']}_{about['doc_number']}_{about['kind']}_{day}"
    families = about["families"]
    if isinstance(families, dict):
        for family in families.values():
            family["members"][0]["document_id"]["kind"] = about["kind"]


def main() -> None:
    """Write the file and say what is in it."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET
    text = lines()
    body = ("\n".join(text) + "\n").encode("ascii")
    with target.open("wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as out:
        out.write(body)
    print(f"{target.name}: {len(text)} lines, {target.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
