"""What tables and their columns mean, in both languages."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from netpos.errors import OptionError


@cache
def _definitions() -> dict[str, dict[str, dict[str, str]]]:
    return tomllib.loads((Path(__file__).with_name("columns.toml")).read_text(encoding="utf-8"))


def definition(table: str, column: str | None = None, lang: str = "en") -> str | None:
    """Tell what a column of a table means, or what a table holds; None where nobody has said so.

    Parameters
    ----------
    table
        Name of the table, without folder or ending.
    column
        Name of the column; None: of the table itself.
    lang
        ``en`` or ``nl``.

    Raises
    ------
    OptionError
        Another language.

    Examples
    --------
    >>> definition("links", lang="nl"), definition("countries", "received_rank_low")
    ('citaties tussen landen', 'lower end of the 95 % interval of received_rank')
    >>> definition("countries", "no_such_column") is None
    True
    """
    if lang not in ("en", "nl"):
        raise OptionError(f"language '{lang}' is not known", remedy="use en or nl")
    words = _definitions()
    if column is None:
        found = words["tables"].get(table)
    else:
        found = words.get(table, {}).get(column) or words["any"].get(column)
    if found is not None:
        return found[lang]
    for ending, text in words["derived"].items():
        base = (column or "").removesuffix(ending)
        known = base and base != column and (definition(table, base) or base in words["countries"])
        if known:
            return text[lang].format(base)
    return None
