"""Sets of countries to compare with, by name."""

from __future__ import annotations

from netpos.countries.resolve import check_focal
from netpos.countries.unions import union_members
from netpos.errors import OptionError

#: Names of the sets and the codes in them; ``eu27`` are the members of EU27.
BENCHMARKS = {
    "report-4.1": "AT BE DE DK ES FI FR GB GR IE IT LU NL PT SE US CN",
    "report-7.2": "US CN JP KR AT SE BE DE",
    "report-7.2.2": "US CN JP KR FR DE SE BE DK",
}


def benchmark_codes(text: str, focal: str = "") -> list[str]:
    """Give the codes of a named set or of a list like ``US,CN,DE``, each once.

    Parameters
    ----------
    text
        ``report-4.1`` (the fifteen members of the EU before 2004, US, CN), ``report-7.2``,
        ``report-7.2.2``, ``eu27``, or codes with commas or blanks between.
    focal
        The country in focus; where it is a bloc (EU27) its members are left out, as they are in it.

    Raises
    ------
    OptionError
        A code is no country, or all are members of the bloc in focus.

    Examples
    --------
    >>> benchmark_codes("us, CN US")
    ['US', 'CN']
    >>> benchmark_codes("US DE", "EU27")
    ['US']
    """
    if text == "eu27":
        codes = list(union_members("EU27"))
    else:
        given = BENCHMARKS.get(text, text).replace(",", " ").split()
        codes = list(dict.fromkeys(check_focal(code) for code in given))
    left = [code for code in codes if code not in union_members(focal)]
    if codes and not left:
        problem = f"--benchmark {text}: all are members of {focal}, the country in focus"
        raise OptionError(problem, remedy="name countries outside it, such as US,CN,JP,KR")
    return left
