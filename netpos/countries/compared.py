"""The countries set beside the one in focus."""

from __future__ import annotations

from contextlib import suppress

from netpos.countries.resolve import check_focal
from netpos.countries.unions import union_members
from netpos.errors import OptionError

#: Countries on the comparison page, the one in focus included.
MOST_COMPARED = 5


def parse_compared(text: str, focal: str) -> list[str]:
    """Read the countries to set beside the one in focus, as ``US,DE``.

    Parameters
    ----------
    text
        One to four codes of countries, commas or blanks between.
    focal
        The country in focus; not one of them.

    Returns
    -------
    list
        Two to five codes, ``focal`` first, the others as given.

    Raises
    ------
    ValueError
        A code is no country or stands there twice, there is none, or there are more than four.

    Examples
    --------
    >>> parse_compared("us, DE KR", "NL")
    ['NL', 'US', 'DE', 'KR']
    """
    with suppress(OptionError):  # a wrong focal country is reported as such, not here
        focal = check_focal(focal, unions=True)
    found = [focal]
    for given in text.replace(",", " ").split():
        try:
            code = check_focal(given)
        except OptionError as error:
            message = str(error).replace("--focal", "--compare-with", 1)
            raise ValueError(message) from error
        if code in union_members(focal):
            message = f"--compare-with {code}: a member of {focal}, which is one country here"
            raise ValueError(message)
        if code in found:
            why = "the country in focus already" if code == focal else "named twice"
            message = f"--compare-with {text}: {code} is {why}; name each country once"
            raise ValueError(message)
        found.append(code)
    if len(found) == 1:
        message = f"--compare-with '{text}': name one to four countries besides {focal}"
        raise ValueError(message)
    if len(found) > MOST_COMPARED:
        message = f"--compare-with {text}: {len(found) - 1} countries besides {focal}; four at most"
        raise ValueError(message)
    return found
