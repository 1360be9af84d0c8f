"""The header of a Lens CSV: which form it is, and what can be computed from its columns."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass

#: Our name of a column, and how the exports call it (compared without case, spaces, punctuation).
COLUMNS: dict[str, tuple[str, ...]] = {
    "lens_id": ("Lens ID",),
    "office": ("Jurisdiction",),
    "kind": ("Kind",),
    "shown": ("Display Key", "Publication Number"),
    "published": ("Publication Date",),
    "year": ("Publication Year",),
    "application_number": ("Application Number",),
    "application_date": ("Application Date",),
    "priorities": ("Priority Numbers",),
    "earliest_priority": ("Earliest Priority Date",),
    "applicants": ("Applicants",),
    "inventors": ("Inventors",),
    "url": ("URL",),
    "type": ("Document Type", "Type"),
    "cites": ("Cites Patent Count",),
    "cited_by": ("Cited by Patent Count", "Cited Count"),
    "family_size": ("Simple Family Size",),
    "members": ("Simple Family Members",),
    "member_offices": ("Simple Family Member Jurisdictions",),
    "extended_members": ("Extended Family Members",),
    "cpc": ("CPC Classifications",),
    "ipc": ("IPCR Classifications",),
    "legal_status": ("Legal Status",),
    "title": ("Title",),
}
#: What cannot be computed without a column.
NEEDED_FOR = {
    "office": "families by office, international families",
    "kind": "kinds of publication, utility models told apart from applications",
    "shown": "document numbers, merging with exports that lack Lens IDs",
    "published": "periods, trends, the data date",
    "application_date": "application years (only a fall-back for the priority year)",
    "priorities": "countries (from a CSV they come from the office of the earliest priority)",
    "earliest_priority": "priority years, where the priority numbers have no dates either",
    "applicants": "organisations",
    "inventors": "telling persons from organisations by the inventors of the record",
    "type": "leaving out design rights and plant patents, telling grants from applications",
    "cites": "numbers of cited patents",
    "cited_by": "numbers of citing patents, value by citations",
    "family_size": "completeness of families",
    "members": "simple families (equal sets of priority numbers stand in for them)",
    "member_offices": "markets of a family beyond the exported documents",
    "extended_members": "extended families",
    "cpc": "technologies by CPC symbols",
    "ipc": "technologies by IPC symbols",
    "legal_status": "the stock of patents alive",
    "title": "titles in lists of evidence",
}
#: What no CSV of Lens holds.
NEVER = (
    "citation links: a Lens CSV only counts citations; export JSON lines for the network",
    "countries of applicants and inventors: a Lens CSV has no residence; export JSON lines",
)
_SCHOLARLY = {
    "publicationtype", "sourcetitle", "issns", "authors", "fieldsofstudy", "citingworkscount",
    "doi", "pmid", "citingpatentscount", "sourcecountry",
}  # fmt: skip
_GOOGLE, _BIGQUERY = "an export of Google Patents", "publications of Google Patents (BigQuery)"
_PATSTAT, _DERWENT = "a table of PATSTAT", "an export of Derwent"
_ORBIT = "an export of Orbit (Questel)"
_VIEW = "a bulk table of PatentsView"
#: Beginnings of columns that together tell a table of patents from elsewhere.
_FOREIGN: tuple[tuple[tuple[str, ...], str], ...] = (
    (("searchurl",), _GOOGLE),
    (("inventorauthor", "resultlink"), _GOOGLE),
    (("publicationnumber", "countrycode", "familyid"), _BIGQUERY),
    (("publicationnumber", "assigneeharmonized"), _BIGQUERY),
    (("applnid",), _PATSTAT),
    (("patpublnid",), _PATSTAT),
    (("docdbfamilyid",), _PATSTAT),
    (("personid", "personctrycode"), _PATSTAT),
    (("earliestpublication", "familynumber"), "an export of Espacenet"),
    (("questeluniquefamilyid",), _ORBIT),
    (("fampat",), _ORBIT),
    (("titledwpi",), _DERWENT),
    (("assigneedwpi",), _DERWENT),
    (("derwentprimaryaccession",), _DERWENT),
    (("publicationnumber", "assigneeapplicant"), _DERWENT),
    (("pn", "ti", "ae", "ga"), _DERWENT),
    (("fnclarivate",), _DERWENT),
    (("fnderwent",), _DERWENT),
    (("fnthomson",), _DERWENT),
    (("patentid", "citation"), _VIEW),
    (("patentid", "wipokind"), _VIEW),
    (("patentid", "disambig"), _VIEW),
    (("patentid", "cpc"), _VIEW),
    (("patentid", "filingdate"), _VIEW),
    (("pgpubid",), _VIEW),
)
#: A field of Lens JSON that holds others, as a column: of such cells none can be read.
_FLATTENED = re.compile(r"\s*(?:(?:biblio|families)(?:[._][a-z]|\s*$)|legal_status[._][a-z])")
_INSTEAD = "export the same patents from Lens as JSON lines"
_PATENT = ("office", "kind", "shown", "type", "applicants", "inventors")
BOM = "\ufeff"
_DELIMITERS = ",;|\t"


def plain_name(cell: str) -> str:
    """Return a column name as it is compared: letters and digits only, without case."""
    return "".join(c for c in cell.replace(BOM, "").casefold() if c.isalnum())


FIELD = {plain_name(name): field for field, names in COLUMNS.items() for name in names}


csv.field_size_limit(2**31 - 1)
#: The first line by which a spreadsheet is told what separates the cells.
_SEPARATOR_LINE = re.compile(r'\s*"?sep=(.)"?\s*', re.IGNORECASE)


def cells_of(text: str, delimiter: str, quote: str = '"') -> list[str] | None:
    """Return cells of one record, None where the quotation marks make no sense."""
    try:
        return next(csv.reader([text], delimiter=delimiter, quotechar=quote), [])
    except csv.Error:
        return None


def header_cells(line: str) -> list[str]:
    """Return the cells of a header line."""
    delimiter = delimiter_of(line)
    quote = quote_of(line)
    return [c.strip() for c in cells_of(line, delimiter, quote) or line.split(delimiter)]


def quote_of(line: str) -> str:
    """Return the sign around the cells of a header line: single quotes where most begin so.

    Examples
    --------
    >>> quote_of("'Lens ID','Kind'"), quote_of("Lens ID,Kind")
    ("'", '"')
    """
    return "'" if len(re.findall(r"(?:^|[,;|\t])\s*'[^']*'", line)) > 1 else '"'


def is_separator_line(line: str) -> bool:
    """Tell whether a line says ``sep=;`` to a spreadsheet."""
    return _SEPARATOR_LINE.fullmatch(line.removeprefix(BOM).rstrip("\r\n")) is not None


def split_header(text: str) -> list[str]:
    r"""Return the cells of the first line that is not blank, whatever separates them.

    Examples
    --------
    >>> split_header('\ufeff"#";Lens ID;Kind\r\n1;2;3')
    ['#', 'Lens ID', 'Kind']
    """
    lines = (x for x in re.split(r"[\r\n]", text.removeprefix(BOM)) if x.strip())
    line = next((x for x in lines if not is_separator_line(x)), "")
    return header_cells(line)


def delimiter_of(line: str) -> str:
    """Return what separates the cells of a header: the sign that yields most known columns."""
    quote = quote_of(line)
    known = {
        d: sum(plain_name(c) in FIELD for c in cells_of(line, d, quote) or ()) for d in _DELIMITERS
    }
    best = max(_DELIMITERS, key=lambda d: known[d])
    return best if known[best] > 1 else max(_DELIMITERS, key=line.count)


def recognise_header(cells: list[str]) -> tuple[str, str | None]:
    r"""Tell from its header what a CSV is: the form, and for refused ones why.

    Parameters
    ----------
    cells
        The header's cells, in any case and order, with or without byte order mark.

    Returns
    -------
    (str, str or None)
        ``lens-csv`` and None; or ``lens-scholarly-csv`` or ``not-an-export`` and a clause that
        says what it is and what to do instead.

    Examples
    --------
    >>> recognise_header(["\ufeff#", "lens_id", "Jurisdiction"])
    ('lens-csv', None)
    >>> recognise_header(["Lens ID", "Title"])[0]
    'not-an-export'
    """
    plain = [plain_name(cell) for cell in cells]
    fields = {FIELD[c] for c in plain if c in FIELD}
    signs = [cell.strip() for cell, p in zip(cells, plain, strict=True) if p in _SCHOLARLY]
    lens = "lens_id" in fields
    flat = next((c for c in cells if _FLATTENED.match(c)), None)
    if flat is not None:
        return "other-patents", (
            f"records flattened by a program (columns such as '{flat.strip()[:60]}'); "
            "keep the JSON as Lens gave it and name that file"
        )
    if lens and fields.intersection(_PATENT):
        return "lens-csv", None
    if {"shown", "office", "kind"} <= fields and len(fields) > 5:
        return "lens-csv", None  # as Lens exported until 2015: known by its publication number
    for names, what in _FOREIGN:
        if all(any(p.startswith(name) for p in plain) for name in names):
            if what == _VIEW:
                return (
                    "other-patents",
                    f"{what} by itself; keep it with g_patent.tsv and name the folder",
                )
            return "other-patents", f"{what}, which netpos does not read; {_INSTEAD}"
    if lens and signs:
        shown = ", ".join(signs[:4])
        return "lens-scholarly-csv", (
            f"a Lens export of scholarly works, not patents (columns {shown}); "
            "export from Lens > Patents"
        )
    if lens:
        return "not-an-export", (
            "a table with Lens IDs but too few columns to tell what of; keep Jurisdiction, Kind, "
            "Display Key, Document Type, Applicants or Inventors"
        )
    have = ", ".join(cell.strip() for cell in cells[:5] if cell.strip())[:100]
    have = "".join(c if c.isprintable() else "?" for c in have)
    return "not-an-export", (
        f"a text without the columns of a Lens export (it begins: {have or 'nothing'}); "
        "export from Lens > Patents as CSV or JSON lines"
    )


@dataclass(frozen=True)
class CsvReport:
    """What a header promises: vintage, columns there and not, what cannot be computed."""

    vintage: str
    present: tuple[str, ...]
    absent: tuple[str, ...]
    cannot: tuple[str, ...]


def csv_report(header: list[str]) -> CsvReport:
    """Say what can and cannot be computed from a CSV with this header.

    Examples
    --------
    >>> report = csv_report(["Lens ID", "Jurisdiction", "Cited Count"])
    >>> report.vintage, report.present
    ('2016-2018', ('Lens ID', 'Jurisdiction', 'Cited by Patent Count'))
    >>> "Applicants: organisations" in report.cannot
    True
    """
    plain = {plain_name(cell) for cell in header}
    fields = {FIELD[c] for c in plain if c in FIELD}
    present = tuple(names[0] for field, names in COLUMNS.items() if field in fields)
    lacking = [field for field in COLUMNS if field not in fields and field not in ("url", "year")]
    cannot = [f"{COLUMNS[f][0]}: {NEEDED_FOR[f]}" for f in lacking if f in NEEDED_FOR]
    return CsvReport(
        _vintage(plain), present, tuple(COLUMNS[f][0] for f in lacking), (*NEVER, *cannot)
    )


def _vintage(plain: set[str]) -> str:
    if "simplefamilymembers" in plain:
        return "2025-2026"
    if plain & {"displaykey", "documenttype", "legalstatus", "owners"}:
        return "2022-2024"
    if plain & {"citedbypatentcount", "citespatentcount", "ownersus", "earliestprioritydate"}:
        return "2021"
    return "2016-2018" if plain & {"citedcount", "fulltext"} else "not clear"
