"""Where the other end of each citation stands, and by which rule it has its country."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos.analysis.lookup import looked_up
from netpos.analysis.study import Span, Study
from netpos.graph.links import Mask, gathered

#: Where an end can be: among the exports that define the technologies, in the context, in neither.
SOURCES = ("seed", "context", "outside")
_KEYS = ("source", "form", "rule")


def link_masks(study: Study, technology: str, span: Span) -> dict[str, Mask]:
    """Select the pairs of a technology and period by direction.

    Returns
    -------
    dict
        ``given``: citing family of the technology and period. ``received``: cited family of the
        technology, the citing one in the period; a document without a date may lie in it and
        counts.
    """
    pairs = study.pairs
    given = gathered(study.chosen(technology, span), pairs.citing)
    received = gathered(study.member[technology], pairs.cited)
    received &= gathered(study.may_lie_in_span(span), pairs.citing)
    return {"given": given & study.counted, "received": received & study.counted}


@dataclass(frozen=True)
class Ends:
    """The kind of each row of a study: a row of ``kinds`` (``source, form, rule``)."""

    study: Study
    kinds: pl.DataFrame
    code: NDArray[np.uint8]

    @classmethod
    def of(cls, study: Study) -> Ends:
        """Find the kinds of a study."""
        n = study.families
        role = study.corpus.columns("families", "family", "role")
        form = (
            study.corpus.columns("documents", "family", "role", "form")
            .drop_nulls("family")
            .group_by("family", "role")
            .agg(pl.col("form").min())
        )
        rule = study.located.unique("family", keep="first", maintain_order=True)
        inside = (
            role.join(form, on=["family", "role"], how="left")
            .join(rule.select("family", "rule"), on="family", how="left")
            .select("family", source="role", form="form", rule="rule")
        )
        outside = pl.DataFrame(
            {"family": pl.int_range(n, study.rows, dtype=pl.Int32, eager=True)}
        ).select(
            "family",
            source=pl.lit("outside"),
            form=pl.lit(None, pl.String),
            rule=_rule_outside(study),
        )
        rows = pl.concat([inside.cast({"family": pl.Int32}), outside])
        kinds = rows.select(_KEYS).unique().sort(_KEYS, nulls_last=True).with_row_index("kind")
        coded = rows.join(kinds, on=_KEYS, how="left", nulls_equal=True).sort("family")
        return cls(study, kinds.drop("kind"), coded["kind"].cast(pl.UInt8).to_numpy())

    @cached_property
    def _other(self) -> Mapping[str, NDArray[np.uint8]]:
        """Kind of the other end of each pair, by direction."""
        pairs = self.study.pairs
        return {
            "given": gathered(self.code, pairs.cited),
            "received": gathered(self.code, pairs.citing),
        }

    def table(self, masks: Mapping[str, Mask]) -> pl.DataFrame:
        """Return how many citations have their other end where, and a country at both ends.

        Parameters
        ----------
        masks
            What `link_masks` returned.

        Returns
        -------
        pl.DataFrame
            ``direction, source, form, rule, citations, located`` [family pairs]; only rows with
            citations. ``form`` is null outside the corpus; ``rule`` is that of the other end.
        """
        frames = []
        for direction, own in zip(("given", "received"), self.study.located_ends, strict=True):
            chosen, other = masks[direction], self._other[direction]
            known = chosen & own
            every, both = (
                np.bincount(other[mask], minlength=self.kinds.height) for mask in (chosen, known)
            )
            located = pl.when(pl.col("rule") != "unknown").then(pl.Series(both)).otherwise(0)
            frames.append(
                self.kinds.select(
                    pl.lit(direction).alias("direction"),
                    *_KEYS,
                    citations=pl.Series(every, dtype=pl.Int64),
                    located=located.cast(pl.Int64),
                )
            )
        return pl.concat(frames).filter(pl.col("citations") > 0)


def _rule_outside(study: Study) -> pl.Series:
    """By which rule each document outside has a country."""
    located = pl.Series(study.shares.located[study.families :])
    options = study.options
    rule = pl.repeat("office", located.len(), dtype=pl.String, eager=True)
    if options.residences:
        rows = looked_up(study.corpus, Path(options.residences), study.families)["family"].unique()
        mine = pl.int_range(study.families, study.rows, dtype=pl.Int32, eager=True)
        rule = rule.set(mine.is_in(rows.implode()), "lookup")
    return rule.set(~located, "unknown").alias("rule")


def located_told(table: pl.DataFrame) -> list[str]:
    """Say of all technologies and years how citations were located, a sentence a direction.

    Examples
    --------
    >>> rows = [("all", "all", "given", "seed", "applicant", 3, 2),
    ...     ("all", "all", "given", "outside", "unknown", 5, 0),
    ...     ("q", "all", "given", "seed", "applicant", 1, 1)]
    >>> names = ["technology", "period", "direction", "source", "rule", "citations", "located"]
    >>> located_told(pl.DataFrame(rows, schema=names, orient="row"))
    ['citations given: 2 of 8 located at both ends (25 %): seed 2; 5 to documents outside']
    """
    whole = table.filter((pl.col("technology") == "all") & (pl.col("period") == "all"))
    found = []
    for direction, word in (("given", "to"), ("received", "from")):
        rows = whole.filter(pl.col("direction") == direction)
        total, located = int(rows["citations"].sum()), int(rows["located"].sum())
        if not total:
            continue
        by = dict(rows.group_by("source").agg(pl.col("located").sum()).iter_rows())
        parts = [f"{source} {by[source]:,}" for source in SOURCES if by.get(source)]
        said = f": {', '.join(parts)}" if parts else ""
        outside = int(rows.filter(pl.col("source") == "outside")["citations"].sum())
        rest = f"; {outside:,} {word} documents outside" if outside else ""
        found.append(
            f"citations {direction}: {located:,} of {total:,} located at both ends "
            f"({located / total:.0%}){said}{rest}".replace("%)", " %)")
        )
    return found
