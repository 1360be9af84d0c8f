"""Focus areas of technologies: what the figures of complexity are coloured by, where asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from netpos.analysis.technologies import Technology
from netpos.errors import InputError, OptionError
from netpos.ingest.sheets import Field, few, once, read_sheet, take

#: The word of the option that stands for the file of technology definitions.
DEFINITIONS = "definitions"
_FIELDS = (
    Field("technology", "text", True, True, ("technology_id", "tech")),
    Field("focus_area", "text", True, False, ("area",)),
)


def focus_areas(
    source: str | None, technologies: Sequence[Technology], *, colours: int
) -> dict[str, str]:
    """Return the focus area of each technology that has one.

    Parameters
    ----------
    source
        ``definitions``: the ``focus_area`` of the technology definitions; otherwise a table
        ``technology,focus_area`` (CSV or Parquet), where an empty focus area means none; None:
        nothing is asked for.
    technologies
        Those of the run.
    colours
        As many areas can be told apart by colour.

    Returns
    -------
    dict
        Id of the technology -> focus area, in the order of the technologies; empty for None.

    Raises
    ------
    InputError
        The table cannot be read, lacks a column, names a technology twice or one that is not in
        the run.
    OptionError
        No technology has a focus area, or there are more areas than colours.

    Examples
    --------
    >>> from netpos.analysis.technologies import load_technologies
    >>> focus_areas("definitions", load_technologies(None), colours=7)["quantum"]
    'Digitalisering'
    >>> focus_areas(None, load_technologies(None), colours=7)
    {}
    """
    if source is None:
        return {}
    if source == DEFINITIONS:
        given = {t.id: t.focus_area for t in technologies}
    else:
        given = _table(Path(source), [t.id for t in technologies])
    found: dict[str, str] = {}
    for technology in technologies:
        area = given.get(technology.id)
        if area is not None:
            found[technology.id] = area
    if not found:
        remedy = "give 'focus_area' in the technology definitions, or a table"
        raise OptionError(f"--focus-areas {source}: no technology has a focus area", remedy=remedy)
    several = list(dict.fromkeys(found.values()))
    if len(several) > colours:
        problem = f"--focus-areas {source}: {len(several)} focus areas"
        remedy = f"at most {colours} can be told apart by colour"
        raise OptionError(problem, remedy=remedy)
    return found


def _table(path: Path, known: Sequence[str]) -> dict[str, str | None]:
    sheet = read_sheet(path)
    rows = take(sheet, list(_FIELDS))
    for line, name in rows.select("line", "technology").iter_rows():
        if name not in known:
            remedy = f"those of this run are {few(known, limit=12)}"
            raise InputError(f"no technology '{name}'", file=path, line=line, remedy=remedy)
    table = once(sheet, rows, ["technology"])
    return dict(table.select("technology", "focus_area").iter_rows())
