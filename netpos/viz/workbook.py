"""The tables as one Excel workbook."""

from __future__ import annotations

import datetime as dt
import io
import os
import re
import struct
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from netpos.errors import OptionError
from netpos.files import write_bytes
from netpos.viz.export import distinct, one_line, xml_text
from netpos.viz.meanings import definition
from netpos.viz.sheets import ROWS, Sheet, last_row, sheet_files, with_rows

#: Most rows of a sheet; the rest of a longer table is in its CSV file. Excel itself holds
#: 1,048,575 below the header.
MOST_ROWS = 100_000

#: The workbook says nothing of the time of the run.
_NEVER = dt.datetime(2000, 1, 1)

_WORDS: dict[str, dict[str, str]] = {
    "en": {
        "summary": "summary",
        "about": "about",
        "columns": "columns",
        "table": "table",
        "column": "column",
        "meaning": "meaning",
        "rows": "rows",
        "cut": "The first {} of {} rows; all of them are in tables/{}.csv",
    },
    "nl": {
        "summary": "samenvatting",
        "about": "over",
        "columns": "kolommen",
        "table": "tabel",
        "column": "kolom",
        "meaning": "betekenis",
        "rows": "rijen",
        "cut": "De eerste {} van {} rijen; alle rijen staan in tables/{}.csv",
    },
}


def workbook(
    tables: Mapping[str, pl.DataFrame],
    path: str | os.PathLike[str],
    *,
    lang: str = "en",
    about: Mapping[str, object] | None = None,
    summary: Sequence[tuple[str, str]] = (),
    names: Mapping[str, str] | None = None,
) -> Path:
    """Write tables as the sheets of one XLSX file, after a sheet on the run and one of definitions.

    Texts are stored as texts: no name runs as a formula or becomes a link. Unknown is an empty
    cell. Shares show as percentages and other fractions with as many decimals as their column
    needs; the cells hold all digits. Of a table of more than `MOST_ROWS` rows the first are there,
    and a line below them and the sheet on the run name the CSV file that holds all. The file is
    whole or absent and has the same bytes each time.

    Parameters
    ----------
    tables
        Name and frame of each sheet, in order.
    path
        Of the file.
    lang
        Language of the definitions, ``en`` or ``nl``.
    about
        What the first sheet says of the run: options, data date, version, warnings. Values are
        texts, numbers, lists (a line each) or mappings (a line per key).
    summary
        Labels and texts of a sheet before all others; what the sheets hold is added. Default: no
        such sheet.
    names
        Names of technologies by id, shown beside the ids in a column ``technology_name``.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    OptionError
        A language other than en, nl.

    Examples
    --------
    >>> import tempfile
    >>> table = pl.DataFrame({"technology": ["quantum"], "country": ["NL"], "families": [3.5]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     found = workbook({"countries": table}, f"{folder}/netpos.xlsx", about={"version": "1"})
    ...     pl.read_csv(io.BytesIO(found.read_bytes()[:2]), has_header=False).item()
    'PK'
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    book = Book.of(tables, target.parent, lang=lang, about=about, summary=summary, names=names)
    return write_bytes(target, bound(book))


@dataclass(frozen=True)
class Book:
    """A workbook before it is written: the first rows of each table, and how many it has.

    ``folder`` is where sheets wait while they are written; see `workbook` for the others.
    """

    tables: dict[str, pl.DataFrame]
    heights: dict[str, int]
    folder: Path
    lang: str
    about: Mapping[str, object]
    summary: Sequence[tuple[str, str]]
    names: Mapping[str, str]

    @classmethod
    def of(
        cls,
        tables: Mapping[str, pl.DataFrame],
        folder: Path,
        *,
        lang: str = "en",
        about: Mapping[str, object] | None = None,
        summary: Sequence[tuple[str, str]] = (),
        names: Mapping[str, str] | None = None,
    ) -> Book:
        """Take the first rows of some tables."""
        if lang not in _WORDS:
            raise OptionError(f"language '{lang}' is not known", remedy="use en or nl")
        first = {name: table.head(MOST_ROWS) for name, table in tables.items()}
        heights = {name: table.height for name, table in tables.items()}
        return cls(first, heights, folder, lang, about or {}, tuple(summary), names or {})


def bound(made: Book, known: Mapping[str, Sheet] | None = None) -> bytes:
    """Return a workbook as the content of its file, the same bytes each time.

    ``known`` are sheets that `sheets_of` made of the same tables before; the others are made.
    """
    content, _ = _with_sheets(made, known or {})
    _same_everywhere(content)
    return content.getvalue()


def sheets_of(made: Book) -> dict[str, Sheet]:
    """Return the sheet of each table of a workbook for `bound`: most of its work.

    The workbook they are for may have other texts in its first sheets, and more tables after these.
    """
    return _with_sheets(made, {})[1]


def _with_sheets(made: Book, known: Mapping[str, Sheet]) -> tuple[io.BytesIO, dict[str, Sheet]]:
    """Write a workbook, and tell where its sheets lie."""
    lang, heights, said = made.lang, made.heights, _WORDS[made.lang]
    sheets = {name: _named(table, made.names) for name, table in made.tables.items()}
    cuts = {
        name: said["cut"].format(MOST_ROWS, height, name)
        for name, height in heights.items()
        if height > MOST_ROWS
    }
    content = io.BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    # sheets wait beside the file: the system's own folder for such files may be small or closed
    with (
        tempfile.TemporaryDirectory(prefix=".netpos-sheets-", dir=made.folder) as waiting,
        xlsxwriter.Workbook(content, options | {"tmpdir": waiting}) as book,
    ):
        book.set_properties({"title": "netpos", "created": _NEVER})
        formats = {
            kind: book.add_format(how)
            for kind, how in {"": {"bold": True, "bottom": 1}, "@": _WRAPPED}.items()
        }
        formats |= {form: book.add_format({"num_format": form}) for form in _FORMS}
        pages = {
            said["about"]: (
                [said["about"], "", ""],
                pl.DataFrame(_about_rows(made.about, heights, cuts, lang), _COLUMNS, orient="row"),
            ),
            said["columns"]: (
                [said["table"], said["column"], said["meaning"]],
                pl.DataFrame(_column_rows(sheets, lang), _COLUMNS, orient="row"),
            ),
        }
        if made.summary:
            rows = [*made.summary, *_sheet_rows(heights, lang)]
            table = pl.DataFrame(rows, {"a": pl.String, "b": pl.String}, orient="row")
            pages = {said["summary"]: ([said["summary"], ""], table)} | pages
        heads = [*(head for head, _ in pages.values()), *(t.columns for t in sheets.values())]
        notes = [*(None for _ in pages), *(cuts.get(name) for name in sheets)]
        filled = [*(table for _, table in pages.values()), *sheets.values()]
        titles = _sheet_names([*pages, *sheets])
        for name, head, table, note in zip(titles, heads, filled, notes, strict=True):
            _fill(book.add_worksheet(name), head, table, note, formats)
    with tempfile.TemporaryDirectory(prefix=".netpos-sheets-", dir=made.folder) as waiting:
        files = dict(zip(sheets, sheet_files(len(filled))[len(pages) :], strict=True))
        there = {files[name]: sheet for name, sheet in known.items() if name in files}
        content, found = with_rows(content, filled, Path(waiting) / "sheet.xml", there)
    return content, {name: found[file] for name, file in files.items() if file in found}


def _same_everywhere(content: io.BytesIO) -> None:
    """Give the files of an archive the same system and rights, whatever wrote them.

    They are those of the files that waited on disk, which follow the umask. Both stand in the
    archive's directory: a head of 46 bytes for each file, then its name and what else is said.
    """
    with zipfile.ZipFile(content) as archive:
        at, number = archive.start_dir, len(archive.infolist())
    with content.getbuffer() as archived:
        for _ in range(number):
            archived[at + 5] = 3  # Unix
            archived[at + 38 : at + 42] = (0o100644 << 16).to_bytes(4, "little")
            at += 46 + sum(struct.unpack_from("<3H", archived, at + 28))


#: How fractions show: shares, and numbers by the largest of their column.
_FORMS = ("0.00%", "0.0000", "0.00", "#,##0.0")
_WRAPPED = {"text_wrap": True, "valign": "top"}
_BOUND = re.compile(r"_(?:low|high|change)$")
_COLUMNS = {"a": pl.String, "b": pl.String, "c": pl.String}


def _sheet_names(names: Sequence[str]) -> list[str]:
    """At most 31 signs, none of those that Excel refuses, no two alike."""
    plain = (re.sub(r"[\[\]:*?/\\]", "_", one_line(name))[:26].strip("' ") for name in names)
    return distinct(name or "_" for name in plain)


def _about_rows(
    about: Mapping[str, object],
    heights: Mapping[str, int],
    cuts: Mapping[str, str],
    lang: str,
) -> Iterator[tuple[str, str, str]]:
    for key, value in about.items():
        if isinstance(value, Mapping):
            for inner, found in value.items():
                yield key, str(inner), _shown(found)
        elif isinstance(value, Sequence) and not isinstance(value, str):
            for item in value:
                yield key, "", _shown(item)
        else:
            yield key, "", _shown(value)
    said = _WORDS[lang]
    for name, height in heights.items():
        holds = definition(name, lang=lang) or ""
        yield said["table"], name, f"{holds} ({height} {said['rows']})".strip()
        if name in cuts:
            yield "", name, cuts[name]


def _named(table: pl.DataFrame, names: Mapping[str, str] | None) -> pl.DataFrame:
    """Put the name of each technology beside its id."""
    if not names or "technology" not in table.columns or "technology_name" in table.columns:
        return table
    ids = pl.Series("technology", list(names), dtype=pl.String)
    both = pl.DataFrame([ids, pl.Series("technology_name", list(names.values()), dtype=pl.String)])
    found = (
        table["technology"]
        .cast(pl.String)
        .to_frame()
        .join(both, on="technology", how="left", maintain_order="left")
    )
    return table.insert_column(table.columns.index("technology") + 1, found["technology_name"])


def _sheet_rows(heights: Mapping[str, int], lang: str) -> Iterator[tuple[str, str]]:
    """Say what each sheet holds."""
    said = _WORDS[lang]
    for name, height in heights.items():
        holds = definition(name, lang=lang) or ""
        yield f"{said['table']} {name}", f"{holds} ({height} {said['rows']})".strip()


def _form(series: pl.Series) -> str | None:
    """Return how the numbers of a column show; None where they show as they are."""
    if not series.dtype.is_float():
        return None
    name = _BOUND.sub("", series.name)
    if name == "share" or name.endswith("_share") or name.startswith("share_of_"):
        return _FORMS[0]
    if name in ("coverage", "share_eu", "share_oecd_nato", "share_other"):
        return _FORMS[0]
    values = series.drop_nulls().to_numpy()
    most = float(np.abs(values[np.isfinite(values)]).max(initial=0.0))
    return _FORMS[1] if most < 1 else _FORMS[2] if most < 100 else _FORMS[3]


def _shown(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _column_rows(
    tables: Mapping[str, pl.DataFrame], lang: str
) -> Iterator[tuple[str, str, str | None]]:
    for name, table in tables.items():
        for column in table.columns:
            yield name, column, definition(name, column, lang)


def _fill(
    sheet: Worksheet,
    head: Sequence[str],
    table: pl.DataFrame,
    note: str | None,
    formats: Mapping[str, object],
) -> None:
    """Write a sheet with one row that stands for all of the table, see `with_rows`."""
    long = len(head) == 2 and not head[1]  # the summary: its texts are sentences
    widths = [30, 110] if long else _widths(head, table)
    forms = ["@", "@"] if long else [_form(series) for series in table]
    for k, (width, form) in enumerate(zip(widths, forms, strict=True)):
        sheet.set_column(k, k, width, None if form is None else formats[form])
    sheet.freeze_panes(1, 0)
    for k, name in enumerate(head):
        sheet.write_string(0, k, xml_text(name), formats[""])
    last = last_row(table)
    if last:
        sheet.write_string(last, 0, ROWS)
    if note is not None:
        sheet.write_string(table.height + 1, 0, note)
    if table.height:
        sheet.autofilter(0, 0, table.height, max(table.width - 1, 0))


def _widths(head: Sequence[str], table: pl.DataFrame) -> list[int]:
    """Wide enough for the header and the first rows, at most 60 signs."""
    if not table.width:
        return []
    longest = table.head(500).select(pl.all().cast(pl.String).str.len_chars().max()).row(0)
    return [
        min(max(len(name) + 3, (most or 0) + 1), 60)
        for name, most in zip(head, longest, strict=True)
    ]
