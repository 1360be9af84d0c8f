"""The errors netpos raises on purpose.

::

    NetposError
    ├── InputError    a file of the user's is missing, damaged or of another kind
    ├── TableError    a table lacks a column, or a column has another type
    ├── OptionError   an option's value makes no sense
    └── ServiceError  a service on the network refuses, or does not answer as documented

Each message is one line: what was wrong, where, and what to do about it. The command line prints
it and exits with 2; anything else that escapes is a defect of netpos and exits with 1.
"""

from __future__ import annotations


class NetposError(Exception):
    """Base of all errors raised on purpose; catching it catches every mistake of the input."""


class InputError(NetposError):
    """A file cannot be used.

    Parameters
    ----------
    problem
        What is wrong, as a clause without a full stop.
    file
        The file it concerns, as the user named it.
    line
        Physical line (in arrays: the ordinal of the record), where known.
    remedy
        What to do instead, as a clause.

    Examples
    --------
    >>> str(InputError("not valid JSON", file="a.jsonl", line=4, remedy="export it again"))
    'a.jsonl:4: not valid JSON; export it again'
    """

    def __init__(
        self,
        problem: str,
        *,
        file: object = None,
        line: int | None = None,
        remedy: str | None = None,
    ) -> None:
        self.problem, self.file, self.line, self.remedy = problem, file, line, remedy
        where = "" if file is None else f"{file}: " if line is None else f"{file}:{line}: "
        super().__init__(f"{where}{problem}" + (f"; {remedy}" if remedy else ""))


class TableError(NetposError):
    """A table does not have the shape that a function needs."""


class OptionError(NetposError):
    """An option's value is not one of those allowed, or contradicts another.

    Examples
    --------
    >>> str(OptionError("--focal XQ: no country has this code", remedy="use ISO 3166 alpha-2"))
    '--focal XQ: no country has this code; use ISO 3166 alpha-2'
    """

    def __init__(self, problem: str, *, remedy: str | None = None) -> None:
        super().__init__(problem + (f"; {remedy}" if remedy else ""))


class ServiceError(NetposError):
    """A service on the network refuses, cannot be reached, or does not answer as documented.

    Examples
    --------
    >>> str(ServiceError("the scroll ended twice", remedy="run the same command again"))
    'the scroll ended twice; run the same command again'
    """

    def __init__(self, problem: str, *, remedy: str | None = None) -> None:
        super().__init__(problem + (f"; {remedy}" if remedy else ""))
