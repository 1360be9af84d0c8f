"""A CSV export of the form of 2026, as the site writes it: 37 columns, byte order mark, CRLF."""

from __future__ import annotations

import csv
from pathlib import Path

from tests.lens import lens_id

HEADER = (
    "#", "Jurisdiction", "Kind", "Display Key", "Lens ID", "Publication Date", "Publication Year",
    "Application Number", "Application Date", "Priority Numbers", "Earliest Priority Date",
    "Title", "Abstract", "Applicants", "Inventors", "Owners", "URL", "Document Type",
    "Has Full Text", "Cites Patent Count", "Cited by Patent Count", "Simple Family Size",
    "Simple Family Members", "Simple Family Member Jurisdictions", "Extended Family Size",
    "Extended Family Members", "Extended Family Member Jurisdictions", "Sequence Count",
    "CPC Classifications", "IPCR Classifications", "US Classifications", "NPL Citation Count",
    "NPL Resolved Citation Count", "NPL Resolved Lens ID(s)", "NPL Resolved External ID(s)",
    "NPL Citations", "Legal Status",
)  # fmt: skip
#: Families by priority office, and the years they are published in turn.
OFFICES = {"US": 18, "CN": 12, "DE": 8, "NL": 7, "JP": 5, "KR": 4}
YEARS = range(2015, 2026)
SYMBOLS = (
    ("G06N10/00",), ("H01L21/02", "H01L33/00"), ("G06N20/00", "G06N3/08"), ("G02B6/12",),
    ("H01L21/02", "G06N10/20"),
)  # fmt: skip


def families() -> list[dict[str, str]]:
    """Rows of the export: families of one to three documents, some without a priority."""
    rows: list[dict[str, str]] = []
    number = 0
    for place, (office, count) in enumerate(OFFICES.items()):
        for k in range(count):
            size = 1 + (k % 3)
            members = [lens_id(number + i + 1) for i in range(size)]
            where = [office, "EP", "US"][:size]
            for i in range(size):
                number += 1
                rows.append(
                    {
                        "#": str(number),
                        "Jurisdiction": where[i],
                        "Kind": "A1",
                        "Display Key": f"{where[i]} {1000 + number} A1",
                        "Lens ID": members[i],
                        "Publication Date": f"{YEARS[(k + place) % len(YEARS)]}-03-{i + 1:02d}",
                        "Publication Year": str(YEARS[(k + place) % len(YEARS)]),
                        "Application Number": f"{where[i]} {2000 + number} A",
                        "Application Date": "2014-05-06",
                        "Priority Numbers": ""
                        if k == 5
                        else f"{office} {3000 + place * 100 + k} A",
                        "Earliest Priority Date": "" if k == 5 else "2014-02-03",
                        "Title": f"TITLE, {number}",
                        "Applicants": f"{office} FIRM {k % 3} LTD",
                        "Inventors": f"PERSON {number};;PERSON {number + 1}",
                        "URL": f"https://lens.org/{members[i]}",
                        "Document Type": "Patent Application",
                        "Has Full Text": "yes",
                        "Cites Patent Count": str(k),
                        "Cited by Patent Count": str(2 * k),
                        "Simple Family Size": str(size),
                        "Simple Family Members": ";;".join(members),
                        "Simple Family Member Jurisdictions": ";;".join(dict.fromkeys(where)),
                        "Extended Family Size": str(size),
                        "Extended Family Members": ";;".join(members),
                        "Extended Family Member Jurisdictions": ";;".join(dict.fromkeys(where)),
                        "CPC Classifications": ";;".join(SYMBOLS[k % len(SYMBOLS)]),
                        "IPCR Classifications": ";;".join(SYMBOLS[k % len(SYMBOLS)]),
                        "Legal Status": ("ACTIVE", "PENDING", "EXPIRED")[k % 3],
                    }
                )
    return rows


def write_sheet(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        sheet = csv.DictWriter(stream, HEADER, restval="", lineterminator="\r\n")
        sheet.writeheader()
        sheet.writerows(rows)
    return path
