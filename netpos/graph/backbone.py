"""Which links to draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from netpos.errors import OptionError
from netpos.tables import as_links

if TYPE_CHECKING:
    from netpos.tables import LinksLike


def backbone(links: LinksLike, strongest: int = 400) -> pl.DataFrame:
    """Mark the strongest foreign links, and of each node the strongest in each direction.

    Nobody with links is left without: besides the ``strongest`` of all, each node keeps its
    strongest link as citing and its strongest as cited end. Equal weights (12 significant digits)
    are taken in code-point order of citing, then cited.

    Parameters
    ----------
    links
        Nodes and weighted links of one selection.
    strongest
        How many of the strongest links of all to draw at least.

    Returns
    -------
    The foreign links, ``citing, cited, weight, citations`` in their order, and ``drawn`` Boolean.

    Raises
    ------
    OptionError
        ``strongest`` is negative.

    Examples
    --------
    >>> from netpos.tables import Links
    >>> links = Links.from_table(pl.DataFrame({"citing": ["BE", "BE", "DE"],
    ...     "cited": ["NL", "DE", "BE"], "weight": [1.0, 3.0, 2.0]}))
    >>> backbone(links, strongest=1)["drawn"].to_list()
    [True, True, True]
    """
    links = as_links(links)
    if strongest < 0:
        raise OptionError(f"strongest {strongest}: a number of links is not negative")
    foreign = links.table.filter(pl.col("citing") != pl.col("cited")).sort("citing", "cited")
    ranked = foreign.with_columns(size=pl.col("weight").round_sig_figs(12)).sort(
        "size", "citing", "cited", descending=[True, False, False]
    )
    first = pl.int_range(pl.len())
    return (
        ranked.with_columns(
            drawn=(first < strongest) | (first.over("citing") == 0) | (first.over("cited") == 0)
        )
        .sort("citing", "cited")
        .drop("size")
    )
