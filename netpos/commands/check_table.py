"""What `check` found, as a table: one row a file, the verdict first."""

from __future__ import annotations

from collections.abc import Sequence

from netpos.commands.check import Check

_HEAD = ("verdict", "file", "form", "records", "rejected", "families", "years", "located", "remark")
_RIGHT = {3, 4, 5, 7}
_FORMS = {
    "lens-csv": "Lens CSV",
    "lens-json": "Lens JSON",
    "lens-jsonl": "Lens JSON lines",
    "lens-legacy-jsonl": "Lens 2020",
    "patentsview-json": "PatentsView",
    "google-publications": "Google/IFI",
    "uspto-tables": "USPTO tables",
    "docdb-numbers": "DOCDB numbers",
    "docdb-citations": "DOCDB citations",
}
_LONGEST = 44


def verdict(found: Check) -> str:
    """Say in two words what a file is good for.

    Examples
    --------
    >>> verdict(Check("a.txt", "not-an-export", why="the file is empty"))
    'not read'
    """
    if found.why is not None:
        return "not read"
    if not found.kept:
        return "no records"
    if found.incomplete:
        return "incomplete"
    if found.rejected and found.rejected * 20 > (found.records or 0):
        return "damaged"
    return "network" if found.references or found.cited_by else "sizes only"


def as_table(checks: Sequence[Check]) -> str:
    """Return rows under a head, and below them how to read the verdicts that occur."""
    rows = [_HEAD, *map(_row, checks)]
    widths = [max(len(row[k]) for row in rows) for k in range(len(_HEAD) - 1)]
    lines = [
        "  ".join(
            [
                *(
                    cell.rjust(width) if k in _RIGHT else cell.ljust(width)
                    for k, (cell, width) in enumerate(zip(row, widths, strict=False))
                ),
                row[-1],
            ]
        ).rstrip()
        for row in rows
    ]
    means = [f"{word}: {text}" for word, text in _MEANS.items() if word in map(verdict, checks)]
    located = "located: citations whose both ends will have a country, of those the file names"
    some = any(c.located_rate is not None for c in checks)
    end = [*means, *([located] if some else []), "All that was found of each file: --details"]
    return "\n".join([*lines, "", *end])


_MEANS = {
    "network": "records with citations: everything can be computed as far as they are located",
    "sizes only": "no cited documents: sizes, shares and trends, no network",
    "incomplete": "answers or pages that are not there, see the remark",
    "damaged": "more than one record in twenty was rejected",
    "no records": "the form is known, but no record could be kept",
    "not read": "see the remark for what it is and what to do",
}


def _row(found: Check) -> tuple[str, ...]:
    name = found.file if len(found.file) <= _LONGEST else f"…{found.file[1 - _LONGEST :]}"
    if found.why is not None:
        return verdict(found), name, "", "", "", "", "", "", found.why
    years = "" if found.first_year is None else f"{found.first_year}-{found.last_year}"
    located = "" if found.located_rate is None else f"{found.located_rate:.0%}"
    return (
        verdict(found),
        name,
        _FORMS.get(found.form, "several"),
        f"{found.kept or 0:,}",
        f"{found.rejected or 0:,}",
        f"{found.families or 0:,}",
        years,
        located,
        _remark(found),
    )


def _remark(found: Check) -> str:
    """Return the first thing to know of a file."""
    if found.incomplete:
        return found.incomplete[0]
    if found.rejected_lines:
        line, reason = found.rejected_lines[0]
        others = (found.rejected or 0) - 1
        more = f" and {others:,} more" if others > 0 else ""
        return f"rejected: line {line}, {reason}{more}"
    if not found.residence_rate and not found.inventor_residence_rate:
        if found.form != "together" and not found.fill.get("priority"):
            return "no residence and no priority: no family will have a country"
        return "no residence: the priority office stands in for the country"
    if found.members_stated and found.kept and found.members_stated > found.kept * 1.25:
        return f"families in part: {found.kept:,} of {found.members_stated:,} members"
    return found.notes[0] if found.notes else ""
