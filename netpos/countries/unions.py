"""Blocs that can be taken as one country.

A bloc takes the place of its members where families get their countries, and all that is computed
of countries follows: citations between members are domestic, their families are its families.
"""

from __future__ import annotations

from functools import cache

import polars as pl

from netpos.countries.codes import UNIONS
from netpos.countries.memberships import blocs, memberships

#: The year whose members are taken, whatever the date of the data: from 2021 on the 27 of today,
#: also for patents filed before a member joined or while another still was one.
MEMBERS_OF = {"EU27": 2021}


def is_union(code: str) -> bool:
    """Tell whether a code is that of a bloc which can be taken as one country.

    Examples
    --------
    >>> is_union("EU27"), is_union("NL"), is_union("EU")
    (True, False, False)
    """
    return code in UNIONS


@cache
def union_members(code: str) -> tuple[str, ...]:
    """Return the members of a bloc by code; of a country none.

    The list is fixed: it does not follow the date of the data or a table of memberships given.

    Parameters
    ----------
    code
        ``EU27``, or the code of a country.

    References
    ----------
    Treaty on European Union, art. 52, and the withdrawal of the United Kingdom on 31 January 2020.

    Examples
    --------
    >>> len(union_members("EU27")), union_members("NL")
    (27, ())
    """
    if code not in UNIONS:
        return ()
    found = blocs(memberships()["iso2"].to_list(), MEMBERS_OF[code])
    return tuple(found.filter("eu")["country"].to_list())


def lifted(country: str, code: str) -> pl.Expr:
    """Return a column of countries in which the bloc takes the place of its members.

    Parameters
    ----------
    country
        Name of the column.
    code
        Code of a bloc; that of a country leaves the column as it is.

    Examples
    --------
    >>> table = pl.DataFrame({"country": ["NL", "GB", None]})
    >>> table.select(lifted("country", "EU27"))["country"].to_list()
    ['EU27', 'GB', None]
    """
    members = union_members(code)
    column = pl.col(country)
    if not members:
        return column
    return pl.when(column.is_in(members)).then(pl.lit(code)).otherwise(column).alias(country)


def summed(
    table: pl.DataFrame, code: str, *, country: str = "country", of: tuple[str, ...]
) -> pl.DataFrame:
    """Return a table in which the rows of members are one row of the bloc, their numbers added up.

    Parameters
    ----------
    table
        Any table with a column of countries; a country's leaves it as it is.
    code
        Code of a bloc, or of a country.
    country
        Name of the column of countries.
    of
        Columns to add up; rows are alike where all others are.

    Examples
    --------
    >>> table = pl.DataFrame({"country": ["DE", "NL", "US"], "families": [2.0, 1.0, 5.0]})
    >>> summed(table, "EU27", of=("families",)).rows()
    [('EU27', 3.0), ('US', 5.0)]
    """
    if not union_members(code):
        return table
    keys = [c for c in table.columns if c not in of]
    return (
        table.with_columns(lifted(country, code))
        .group_by(keys, maintain_order=True)
        .agg(pl.when(pl.col(c).count() > 0).then(pl.col(c).sort().sum()) for c in of)
        .select(table.columns)
    )
