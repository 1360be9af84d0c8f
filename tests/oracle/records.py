"""What each Lens record says, whatever the types of its parts; nothing of netpos is used here."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections import defaultdict

COUNTRIES = {
    "AT", "BE", "BR", "CA", "CH", "CN", "CZ", "DE", "DK", "ES", "FI", "FR",
    "GB", "GR", "HK", "IE", "IL", "IN", "IT", "JP", "KR", "MO", "NA", "NL",
    "NO", "PL", "RS", "RU", "SE", "SG", "TW", "UA", "US", "ZA",
}  # fmt: skip
HISTORIC = {"SU": "RU", "DD": "DE", "UK": "GB", "EL": "GR"}
LEGAL_FORMS = ("LTD", "GMBH", "BV", "INC", "SA")
NO_INVENTIONS = ("DESIGN_RIGHT", "PLANT_PATENT")
UTILITY_OFFICES = ("CN", "JP", "KR", "TW")


# --- reading one value, whatever its type ------------------------------------------------------


def first_dict(value):
    if isinstance(value, list):
        value = value[0] if value else None
    return value if isinstance(value, dict) else {}


def listed(value):
    return value if isinstance(value, list) else [] if value is None else [value]


def text(value):
    if isinstance(value, dict):
        return text(value.get("value"))
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return str(value)
    return value if isinstance(value, str) and value.strip() else None


def date(value):
    """A day written 2016-06-14, 20160614, or with a time behind it."""
    found = re.match(r"(\d{4})-?(\d{2})-?(\d{2})", text(value) or "")
    try:
        return dt.date(int(found[1]), int(found[2]), int(found[3])) if found else None
    except ValueError:
        return None


def plain(number):
    return "".join(c for c in number if c.isalnum())


def named(document):
    """(office, number, kind) of a document, None where it names none."""
    d = first_dict(document)
    office, number = text(d.get("jurisdiction")), text(d.get("doc_number"))
    return (office, plain(number), text(d.get("kind"))) if office and number else None


def country(code, day, merge_cn):
    code = (code or "").strip().upper()
    if code == "CS":  # Czechoslovakia, later Serbia and Montenegro
        if day is None or day < dt.date(1993, 1, 1):
            return "CZ"
        return "RS" if dt.date(2003, 1, 1) <= day < dt.date(2007, 1, 1) else None
    code = HISTORIC.get(code, code)
    if merge_cn and code in ("HK", "MO"):
        code = "CN"
    return code if code in COUNTRIES else None


class Document:
    """What one record says."""

    def __init__(self, record):
        biblio = first_dict(record.get("biblio"))
        family = first_dict(first_dict(record.get("families")).get("simple_family"))
        self.id = text(record.get("lens_id")) or text(record.get("doc_key"))
        self.office = text(record.get("jurisdiction"))
        self.kind = text(record.get("kind")) or ""
        self.number = named(record)
        self.published = date(record.get("date_published"))
        self.type = text(record.get("publication_type"))
        self.members = [
            text(first_dict(m).get("lens_id")) for m in listed(family.get("members")) if m
        ]
        self.member_offices = {
            text(first_dict(first_dict(m).get("document_id")).get("jurisdiction"))
            for m in listed(family.get("members"))
            if m and text(first_dict(m).get("lens_id"))
        } - {None}
        self.family_id = text(family.get("family_id"))
        parties = first_dict(biblio.get("parties"))
        self.parties = {
            role: [self._party(p) for p in listed(parties.get(f"{role}s"))]
            for role in ("applicant", "inventor")
        }
        self.symbols = set()
        for scheme, field in (("CPC", "classifications_cpc"), ("IPC", "classifications_ipcr")):
            for s in listed(first_dict(biblio.get(field)).get("classifications")):
                symbol = text(s.get("symbol") if isinstance(s, dict) else s)
                self.symbols |= {(scheme, "".join(symbol.split()).upper())} if symbol else set()
        claims = first_dict(biblio.get("priority_claims"))
        stated = date(first_dict(claims.get("earliest_claim")).get("date"))
        made = [
            (date(first_dict(c).get("date")), text(first_dict(c).get("jurisdiction")))
            for c in listed(claims.get("claims"))
        ]
        dated = [d for d, _ in made if d]
        self.priority = stated or min(dated, default=None)
        self.priority_offices = {o for d, o in made if o and (not dated or d == min(dated))}
        self.applied = date(first_dict(biblio.get("application_reference")).get("date"))
        self.mentions = []  # (cited by?, lens id, number, phase, categories)
        references = first_dict(biblio.get("references_cited"))
        for c in listed(references.get("citations")):
            cited = first_dict(first_dict(c).get("patcit"))
            letters = {x for v in listed(first_dict(c).get("category")) for x in v.split(",")}
            self._mention(cited, False, text(first_dict(c).get("cited_phase")), letters)
        for p in listed(first_dict(biblio.get("cited_by")).get("patents")):
            self._mention(first_dict(p), True, None, set())

    def _mention(self, other, cited_by, phase, letters):
        lens_id, number = text(other.get("lens_id")), named(other.get("document_id"))
        if lens_id or number:
            day = date(first_dict(other.get("document_id")).get("date"))
            self.mentions.append((cited_by, lens_id, number, phase, letters, day))

    @staticmethod
    def _party(value):
        if isinstance(value, dict):
            return text(value.get("extracted_name")), text(value.get("residence"))
        return text(value), None

    @property
    def utility(self):
        petty = self.kind.startswith("Y") and self.office in UTILITY_OFFICES
        return self.kind.startswith("U") or petty or self.type == "LIMITED_PATENT"


def filled(value):
    """Leaves that say something: decides between copies of a record."""
    if isinstance(value, dict):
        return sum(filled(v) for v in value.values())
    if isinstance(value, list):
        return sum(filled(v) for v in value)
    return value is not None


def together(copies):
    """One document of its copies: the most recent gives the values, lists are united."""
    citing = [len([m for m in d.mentions if m[0]]) for _, d in copies]
    order = sorted(range(len(copies)), key=lambda k: (-citing[k], -copies[k][0]))
    documents = [copies[k][1] for k in order]
    kept = documents[0]
    for field in ("office", "kind", "published", "type", "family_id", "priority", "applied"):
        said = (getattr(d, field) for d in documents)
        setattr(kept, field, next((v for v in said if v), getattr(kept, field)))
    for field in ("number", "priority_offices"):
        said = (getattr(d, field) for d in documents)
        setattr(kept, field, next((v for v in said if v), getattr(kept, field)))
    for role in kept.parties:
        lists = [d.parties[role] for d in documents]
        known = [p for p in lists if any(country(r, kept.published, False) for _, r in p)]
        kept.parties[role] = next(iter(known), next((p for p in lists if p), []))
    for other in documents[1:]:
        kept.members = kept.members + other.members
        kept.member_offices |= other.member_offices
        kept.symbols |= other.symbols
        kept.mentions = kept.mentions + [m for m in other.mentions if m not in kept.mentions]
    return kept


def read(lines):
    """Documents kept, and how many records were rejected and were duplicates."""
    copies, rejected = defaultdict(list), 0
    for line in lines.split("\n"):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError:
            record = None
        document = Document(record) if isinstance(record, dict) else None
        undated = document and text(record.get("date_published")) and not document.published
        if document is None or document.id is None or undated:
            rejected += 1
        else:
            copies[document.id].append((filled(record), document))
    kept = [together(several) for several in copies.values()]
    duplicates = sum(len(several) - 1 for several in copies.values())
    return kept, {"kept": len(kept), "rejected": rejected, "duplicates": duplicates}


# --- families -----------------------------------------------------------------------------------


class Family:
    def __init__(self, documents):
        self.documents = documents
        self.symbols = set().union(*(d.symbols for d in documents))
        self.published = min((d.published for d in documents if d.published), default=None)
        priority = min((d.priority for d in documents if d.priority), default=None)
        applied = min((d.applied for d in documents if d.applied), default=None)
        self.priority_year = (priority or applied or self.published or dt.date(1, 1, 1)).year
        self.priority_offices = set().union(
            *(d.priority_offices for d in documents if d.priority == priority)
        )
        self.offices = {d.office for d in documents if d.office}
        self.utility = all(d.utility for d in documents)

    @property
    def publication_year(self):
        return self.published.year if self.published else None

    @property
    def international(self):
        offices = self.offices.union(*(d.member_offices for d in self.documents))
        return len(offices) >= 2 or bool(offices & {"EP", "WO"})

    def parties(self, role, merge_cn):
        """Parties in one role, from the first document that states a residence of that role."""
        other = {"applicant": "inventor", "inventor": "applicant"}[role]

        def known(d, which):
            return any(country(r, d.published, merge_cn) for _, r in d.parties[which])

        def order(d):
            return (
                not known(d, role),
                not known(d, other),
                not any(n or (r and r.strip()) for n, r in d.parties[role]),
                {"EP": 0, "WO": 1, "US": 2}.get(d.office, 3),
                d.published or dt.date.max,
                d.id,
            )

        chosen = min(self.documents, key=order)
        found = [
            (n, country(r, chosen.published, merge_cn))
            for n, r in chosen.parties[role]
            if n or (r and r.strip())
        ]
        if role == "applicant" and any(n and firm(n) for n, _ in found):
            found = [(n, c) for n, c in found if not n or firm(n)]
        located = {n for n, c in found if n and c}
        with_name = {(n, c) for n, c in found if n and (c or n not in located)}
        return sorted(with_name, key=str) + [p for p in found if p[0] is None]


def firm(name):
    return name.split()[-1] in LEGAL_FORMS


def families(documents):
    """Families of the inventions among the documents, and the family of each Lens ID."""
    parent = {}

    def root(x):
        parent.setdefault(x, x)
        while parent[x] != x:
            x = parent[x]
        return x

    def join(a, b):
        parent[root(a)] = root(b)

    inventions = [d for d in documents if d.type not in NO_INVENTIONS]
    for d in inventions:
        root(d.id)
        for m in d.members:
            if m:
                join(d.id, m)
        if d.family_id:
            join(d.id, ("family", d.family_id))
    groups = defaultdict(list)
    for d in inventions:
        groups[root(d.id)].append(d)
    found = [Family(g) for g in groups.values()]
    number = {r: k for k, r in enumerate(groups)}
    of = {x: number[root(x)] for x in list(parent) if not isinstance(x, tuple)}
    return found, of
