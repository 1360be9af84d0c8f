"""What a file is, what it holds, and what can and cannot be computed from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from netpos.countries import resolve
from netpos.ingest.corpus import Corpus, build
from netpos.ingest.discover import REFUSED, Source, find, opened
from netpos.ingest.lacking import LACKS
from netpos.ingest.parts import read_part
from netpos.ingest.readers.lens_header import csv_report, split_header
from netpos.ingest.remarks import by_number_told, late_lines, one_office_told

_NAMES = {
    "lens-csv": "a Lens patent export, CSV",
    "lens-json": "Lens patent records, JSON",
    "lens-jsonl": "Lens patent records, JSON lines",
    "lens-legacy-jsonl": "Lens patent records of 2020, legacy JSON lines",
    "patentsview-json": "PatentsView API records, JSON",
    "google-publications": "publications of Google/IFI (BigQuery)",
    "uspto-tables": "bulk tables of USPTO/PatentsView",
    "docdb-numbers": "publication numbers with their DOCDB family",
    "docdb-citations": "citations between DOCDB families",
    "lens-scholarly-csv": "a Lens export of scholarly works",
    "lens-scholarly-json": "a Lens export of scholarly works",
    "other-patents": "patents, but not an export that netpos reads",
    "not-an-export": "not a patent export",
    "together": "all exports together",
}


@dataclass(frozen=True)
class Check:
    """What `check` found out about one file; numbers are None where the file was refused."""

    file: str
    form: str
    records: int | None = None
    kept: int | None = None
    rejected: int | None = None
    duplicates: int | None = None
    families: int | None = None
    references: int | None = None
    references_with_id: int | None = None
    references_inside: int | None = None
    cited_by: int | None = None
    residence_rate: float | None = None
    inventor_residence_rate: float | None = None
    first_year: int | None = None
    last_year: int | None = None
    offices: dict[str, int] = field(default_factory=dict)
    fill: dict[str, float] = field(default_factory=dict)
    members_stated: int | None = None
    rejected_lines: list[tuple[int, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    can: list[str] = field(default_factory=list)
    cannot: list[str] = field(default_factory=list)
    why: str | None = None
    located_rate: float | None = None
    incomplete: list[str] = field(default_factory=list)


def check(paths: Iterable[Path | str]) -> list[Check]:
    """Look at every file behind the paths; nothing is written outside a temporary folder.

    Where several can be read, the last row says what they are together.

    Raises
    ------
    InputError
        A path does not exist, a file is empty or damaged.
    """
    sources = find(paths)
    readable = [s for s in sources if s.form not in REFUSED]
    found = [_one(source, alone=len(readable) == 1) for source in sources]
    return [*found, _together(readable, found)] if len(readable) > 1 else found


def _together(sources: list[Source], each: list[Check]) -> Check:
    """Tell what the readable files are together: copies are one, and citations cross the files."""
    with TemporaryDirectory(prefix="netpos-check-") as folder:
        corpus = build(sources, Path(folder))
        counts, years = corpus.counts, corpus.documents["published"].dt.year().drop_nulls()
        sizes = corpus.families["family_size"]
        incomplete = list(corpus.manifest["incomplete"])
        return Check(
            "together",
            "together",
            counts["read"],
            counts["kept"],
            counts["rejected"],
            counts["duplicates"],
            counts["families"],
            references=sum(c.references or 0 for c in each),
            cited_by=sum(c.cited_by or 0 for c in each),
            residence_rate=max(c.residence_rate or 0 for c in each),
            inventor_residence_rate=max(c.inventor_residence_rate or 0 for c in each),
            first_year=_int(years.min()),
            last_year=_int(years.max()),
            members_stated=None if sizes.null_count() == sizes.len() else int(sizes.sum()),
            notes=[*one_office_told(corpus.manifest), *by_number_told(counts)],
            located_rate=_located(corpus),
            incomplete=incomplete,
        )


def _located(corpus: Corpus) -> float | None:
    """Return the share of citations whose both ends will have a country; None where there are
    none.
    """
    pairs = corpus.citations.select("citing_family", "cited_family")
    if not pairs.height:
        return None
    parties = corpus.applicants.drop_nulls("residence")["family"]
    offices = corpus.families.select("family", office="priority_offices").explode("office")
    offices = offices.drop_nulls("office")
    national = resolve(
        offices["office"], pl.repeat(None, offices.height, dtype=pl.Date, eager=True)
    )
    by_office = offices.filter(national["country"].is_not_null())["family"]
    known = pl.concat([parties.cast(pl.Int32), by_office.cast(pl.Int32)]).unique().implode()
    both = pairs.select(
        pl.col("citing_family").is_in(known).fill_null(value=False)
        & pl.col("cited_family").is_in(known).fill_null(value=False)
    )
    return int(both.to_series().sum()) / pairs.height


def _one(source: Source, *, alone: bool) -> Check:
    if source.form in REFUSED:
        return Check(source.name, source.form, why=source.why)
    with TemporaryDirectory(prefix="netpos-check-") as folder:
        corpus = build([source], Path(folder))
        return _described(source, corpus, Path(folder), alone=alone)


def _described(source: Source, corpus: Corpus, folder: Path, *, alone: bool) -> Check:
    item = corpus.manifest["inputs"][0]
    stems = [p["stem"] for p in item["parts"]]

    def details(name: str) -> pl.DataFrame:
        return pl.concat(
            [
                read_part(folder / "records", stem, name).with_columns(part=pl.lit(stem))
                for stem in stems
            ]
        )

    records, parties, refs = details("records"), details("parties"), details("references")
    counts = corpus.counts
    docs = corpus.documents
    cited = refs.filter(~pl.col("cited_by"))
    own = records["doc"].implode()
    years = docs["published"].dt.year().drop_nulls()
    stated = parties.filter(pl.col("residence").is_not_null())
    header = _header(source)
    can, cannot = _possible(source.form, cited.height, stated.height, header)
    fill = _fill(records, parties, details("classes"))
    if source.form in ("lens-json", "lens-jsonl"):
        cannot += _missing_fields(fill)
    cannot += LACKS.get(source.form, ())
    by_role = {
        role: stated.filter(pl.col("role") == role).select("part", "row").n_unique()
        for role in ("applicant", "inventor")
    }
    n = max(records.height, 1)
    ledger = corpus.ledger.filter(pl.col("outcome") == "rejected")
    offices = (
        docs["office"]
        .drop_nulls()
        .value_counts()
        .sort(["count", "office"], descending=[True, False])
    )
    sizes = corpus.families["family_size"]
    return Check(
        source.name,
        source.form,
        counts["read"],
        counts["kept"],
        counts["rejected"],
        counts["duplicates"],
        counts["families"],
        cited.height,
        int((cited["other"] >= 0).sum()) if source.form.startswith("lens") else cited.height,
        int(cited["other"].is_in(own).sum()),
        refs.height - cited.height,
        by_role["applicant"] / n,
        by_role["inventor"] / n,
        _int(years.min()),
        _int(years.max()),
        dict(offices.iter_rows()),
        fill,
        None if sizes.null_count() == sizes.len() else int(sizes.sum()),
        list(ledger.select("line", "reason").iter_rows()),
        [
            *(one_office_told(corpus.manifest) if alone else ()),
            *item["notes"],
            *by_number_told(counts),
            *late_lines(corpus.manifest["late"], corpus.manifest["newest"]),
        ],
        can,
        cannot,
        located_rate=_located(corpus),
        incomplete=list(corpus.manifest["incomplete"]),
    )


def _int(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _header(source: Source) -> list[str] | None:
    if source.form != "lens-csv":
        return None
    with opened(source.path, source.compression, source.member, source.encoding) as stream:
        return split_header(stream.read(65536).decode("utf-8", "replace"))


def _fill(records: pl.DataFrame, parties: pl.DataFrame, classes: pl.DataFrame) -> dict[str, float]:
    n = max(records.height, 1)
    rates = {
        label: 1 - records[column].null_count() / n
        for label, column in (
            ("publication date", "published"),
            ("publication type", "publication_type"),
            ("application date", "application_date"),
            ("priority", "priority_offices"),
            ("legal status", "legal_status"),
            ("family size", "family_size"),
        )
    }
    for role in ("applicant", "inventor"):
        named = parties.filter((pl.col("role") == role) & pl.col("name").is_not_null())
        rates[f"{role}s"] = named.select("part", "row").n_unique() / n
    for scheme in ("CPC", "IPC"):
        found = classes.filter(pl.col("scheme") == scheme)
        rates[scheme] = found.select("part", "row").n_unique() / n
    return rates


#: Fields of a JSON export, the fill rate that shows them, and what is lost without them.
_COST = (
    ("date_published", "publication date", "years and periods"),
    ("publication_type", "publication type", "leaving out design rights, telling grants"),
    ("application_reference", "application date", "application years"),
    ("priority_claims", "priority", "priority years and the national office of the priority"),
    ("applicants", "applicants", "organisations and countries of owners"),
    ("inventors", "inventors", "countries of inventors"),
    ("classifications_ipcr", "IPC", "technologies by IPC"),
    ("classifications_cpc", "CPC", "technologies by CPC"),
    ("simple_family", "family size", "families and their completeness"),
    ("legal_status", "legal status", "the stock of patents alive and their value"),
)


def _missing_fields(fill: dict[str, float]) -> list[str]:
    """Tell what a JSON export lacks altogether and what that costs."""
    return [
        f"{name} is missing, which costs {cost}" for name, label, cost in _COST if fill[label] == 0
    ]


def _possible(
    form: str, references: int, residences: int, header: list[str] | None
) -> tuple[list[str], list[str]]:
    can, cannot = ["sizes, shares, ranks and trends"], []
    if header is not None:
        cannot += list(csv_report(header).cannot)
    if references:
        can.append("citation networks")
    elif form == "lens-legacy-jsonl":
        cannot.append(
            "a citation network: this form lists no cited documents; export JSON or JSONL"
        )
    elif header is None:
        cannot.append("a citation network: no record lists cited patents")
    if residences:
        can.append("countries by residence")
    elif form == "lens-legacy-jsonl":
        cannot.append("countries by residence: this form has none; the priority office stands in")
    elif header is None:
        cannot.append("countries by residence: no party has one; the priority office stands in")
    return can, list(dict.fromkeys(cannot))


def as_dict(found: Check) -> dict[str, object]:
    """Return plain values for ``check --json``."""
    values = {k: v for k, v in found.__dict__.items() if v is not None}
    values["rejected_lines"] = [
        {"line": line, "reason": reason} for line, reason in found.rejected_lines
    ]
    return values


def paragraph(found: Check) -> str:
    """Return one paragraph a person can read."""
    head = f"{found.file}: {_NAMES[found.form]}"
    if found.why is not None:
        why = found.why.removeprefix("this is ").removeprefix("a Lens export of scholarly works")
        return f"{head}. {why.lstrip(' ,;')}."
    parts = [
        f"{head}. {found.records:,} records read = {found.kept:,} kept + {found.rejected:,} "
        f"rejected + {found.duplicates:,} duplicates, in {found.families:,} simple families"
    ]
    if found.first_year is not None:
        parts.append(f"published {found.first_year}-{found.last_year}")
    if found.offices:
        top = ", ".join(f"{code} {n:,}" for code, n in list(found.offices.items())[:5])
        more = f" and {len(found.offices) - 5} more" if len(found.offices) > 5 else ""
        parts.append(f"offices {top}{more}")
    text = "; ".join(parts) + "."
    if found.references:
        text += (
            f" {found.references:,} patent references, {found.references_with_id:,} with an "
            f"identifier, {found.references_inside:,} to records of this file; "
            f"{found.cited_by or 0:,} citing documents named."
        )
    else:
        text += " No cited documents listed."
    text += (
        f" {found.residence_rate:.0%} of the records state an applicant's residence, "
        f"{found.inventor_residence_rate:.0%} an inventor's."
    )
    low = [
        f"{name} {rate:.0%}"
        for name, rate in found.fill.items()
        if rate < 0.995 and (rate > 0 or not found.form.startswith("lens-json"))
    ]
    if low:
        text += f" Filled in part: {', '.join(low)}."
    if found.members_stated and found.kept and found.members_stated > found.kept:
        text += f" Families have {found.members_stated:,} members in all, {found.kept:,} are here."
    for line, reason in found.rejected_lines[:5]:
        text += f" Line {line} is rejected: {reason}."
    if len(found.rejected_lines) > 5:
        text += f" {len(found.rejected_lines) - 5:,} more are rejected, see --json."
    for note in found.notes:
        text += f" {note[0].upper()}{note[1:]}."
    for sentence in found.incomplete:
        text += f" {sentence}"
    if found.located_rate is not None:
        text += f" {found.located_rate:.0%} of the citations will be located at both ends."
    if found.can:
        text += f" Can be computed: {', '.join(found.can)}."
    if found.cannot:
        text += f" Cannot: {'; '.join(found.cannot)}."
    return text
