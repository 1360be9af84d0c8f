"""Sets of countries to compare with, by name."""

from __future__ import annotations

from netpos.countries.codes import countries
from netpos.countries.memberships import blocs
from netpos.countries.resolve import check_focal

#: Names of the sets and the codes in them; ``eu27`` is taken from the memberships of 2021.
BENCHMARKS = {
    "report-4.1": "AT BE DE DK ES FI FR GB GR IE IT LU NL PT SE US CN",
    "report-7.2": "US CN JP KR AT SE BE DE",
    "report-7.2.2": "US CN JP KR FR DE SE BE DK",
}


def benchmark_codes(text: str) -> list[str]:
    """Give the codes of a named set or of a list like ``US,CN,DE``, each once.

    Parameters
    ----------
    text
        ``report-4.1`` (the fifteen members of the EU before 2004, US, CN), ``report-7.2``,
        ``report-7.2.2``, ``eu27``, or codes with commas or blanks between.

    Raises
    ------
    OptionError
        A code is no country.

    Examples
    --------
    >>> benchmark_codes("us, CN US")
    ['US', 'CN']
    """
    if text == "eu27":
        found = blocs(countries()["iso2"].to_list(), 2021)
        return [code for code, eu in found.select("country", "eu").iter_rows() if eu]
    codes = BENCHMARKS.get(text, text).replace(",", " ").split()
    return list(dict.fromkeys(check_focal(code) for code in codes))
