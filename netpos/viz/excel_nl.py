"""The tables as CSV files that open right in a Dutch Excel."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from netpos.files import write_bytes

#: Signs with which a spreadsheet takes a text for a formula; the full-width forms act the same.
FORMULA = "=+-@\t\r\n＝＋－＠"


def excel_nl(tables: Mapping[str, pl.DataFrame], folder: str | os.PathLike[str]) -> list[str]:
    r"""Write each table as a CSV file that a Dutch Excel opens right: ``;`` and decimal comma.

    UTF-8 with byte order mark; unknown is empty; Booleans are ``WAAR`` and ``ONWAAR``. A text that
    a spreadsheet would run as a formula (first sign ``= + - @``, tab or line end) gets an
    apostrophe in front. For reading by programs use ``tables/*.csv``, which have neither.

    Parameters
    ----------
    tables
        Name and frame of each file.
    folder
        Where they go; made if missing.

    Returns
    -------
    list of str
        Names of the files, without folder.

    Examples
    --------
    >>> import tempfile
    >>> table = pl.DataFrame({"name": ["=1+1"], "families": [3.5], "core": [True]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     print((Path(folder) / excel_nl({"countries": table}, folder)[0]).read_bytes()[3:])
    b"name;families;core\r\n'=1+1;3,5;WAAR\r\n"
    """
    out = []
    texts = pl.selectors.string() | pl.selectors.categorical() | pl.selectors.enum()
    for name, table in tables.items():
        safe = table.with_columns(
            texts.cast(pl.String).str.replace(f"^([{_CLASS}])", "'${1}"),
            pl.selectors.boolean().replace_strict(
                {True: "WAAR", False: "ONWAAR"}, return_dtype=pl.String
            ),
        )
        safe.columns = [f"'{c}" if c[:1] and c[0] in FORMULA else c for c in safe.columns]
        text = safe.write_csv(
            separator=";",
            decimal_comma=True,
            include_bom=True,
            null_value="",
            line_terminator="\r\n",
        )
        write_bytes(Path(folder) / f"{name}.csv", text.encode("utf-8"))
        out.append(f"{name}.csv")
    return out


_CLASS = "".join(f"\\{c}" if c in "-+=@" else c for c in FORMULA)
