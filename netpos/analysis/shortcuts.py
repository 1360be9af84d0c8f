"""Links in one call, for notebooks."""

from __future__ import annotations

from pathlib import Path

from netpos.analysis.chosen import UNION
from netpos.analysis.study import Span, prepare
from netpos.errors import OptionError
from netpos.ingest.corpus import Corpus
from netpos.options import Options
from netpos.tables import Links


def year_span(years: Span | int) -> Span:
    """Return years as first and last; those in the wrong order would choose nothing.

    Raises
    ------
    OptionError
        They are no years, or in the wrong order.

    Examples
    --------
    >>> year_span(2020), year_span((2015, 2020))
    ((2020, 2020), (2015, 2020))
    """
    given = (years, years) if isinstance(years, int) else tuple(years)
    if len(given) != 2 or not all(isinstance(year, int) for year in given):
        raise OptionError(f"years {years!r}", remedy="write one, as 2020, or two: (2015, 2025)")
    first, last = given
    if first > last:
        problem = f"years ({first}, {last}): the first lies after the last"
        raise OptionError(problem, remedy=f"write years=({last}, {first})")
    return first, last


def country_links(
    corpus: Corpus | Path | str,
    *,
    technology: str = UNION,
    years: Span | int = (2015, 2025),
    options: Options | None = None,
) -> Links:
    """Return country links of one technology and span: a shortcut for notebooks.

    Parameters
    ----------
    corpus
        From `netpos.read`, or the folder of a corpus.
    technology
        Id of a technology, or ``all`` for the union.
    years
        First and last year of the citing families, or one year.
    options
        Further options; default those of the command line.
    """
    span = year_span(years)
    return prepare(corpus, options).links(technology, span)


def organisation_links(
    corpus: Corpus | Path | str,
    *,
    technology: str = UNION,
    years: Span | int = (2015, 2025),
    options: Options | None = None,
) -> Links:
    """Return organisation links of one technology and span; see `country_links`."""
    span = year_span(years)
    return prepare(corpus, options).links(technology, span, kind="organisation")
