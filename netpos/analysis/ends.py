"""Where the other end of each citation stands, and by which rule it has its country."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos.analysis.lookup import looked_up
from netpos.analysis.study import Span, Study
from netpos.graph.links import Mask, gathered
from netpos.graph.residence import RULES

#: Where an end can be: among the exports that define the technologies, in the context, in neither.
SOURCES = ("seed", "context", "outside")
_KEYS = ("source", "form", "rule")
#: As numbers: of millions of families texts would take most of the memory.
_SEEN, _RULES = pl.Enum(SOURCES), pl.Enum(RULES)


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
        role = study.corpus.columns("families", "family", "role").cast({"role": _SEEN})
        form = (
            study.corpus.columns("documents", "family", "role", "form")
            .drop_nulls("family")
            .cast({"role": _SEEN})
            .group_by("family", "role")
            .agg(pl.col("form").min())
        )
        forms = pl.Enum(form["form"].unique().drop_nulls().sort())
        rule = study.located.unique("family", keep="first", maintain_order=True)
        inside = (
            role.join(form.cast({"form": forms}), on=["family", "role"], how="left")
            .join(rule.select("family", pl.col("rule").cast(_RULES)), on="family", how="left")
            .sort("family")
            .select(source="role", form="form", rule="rule")
        )
        del role, form, rule
        outside = _rule_outside(study)  # of the millions outside nothing else is known
        of_them = pl.DataFrame({"rule": outside.unique()}).select(
            source=pl.lit("outside", _SEEN), form=pl.lit(None, forms), rule="rule"
        )
        kinds = pl.concat([inside.unique(), of_them]).with_columns(pl.all().cast(pl.String))
        kinds = kinds.sort(_KEYS, nulls_last=True)
        place = kinds.with_row_index("kind").with_columns(
            pl.col("source").cast(_SEEN), pl.col("form").cast(forms), pl.col("rule").cast(_RULES)
        )
        coded = inside.join(place, on=_KEYS, how="left", nulls_equal=True, maintain_order="left")
        of_rule = np.zeros(len(RULES), dtype=np.uint8)
        others = place.filter(pl.col("source") == "outside")
        of_rule[others["rule"].to_physical().to_numpy()] = others["kind"].to_numpy()
        code = np.empty(study.rows, dtype=np.uint8)
        code[: study.families] = coded["kind"].cast(pl.UInt8).to_numpy()
        code[study.families :] = of_rule[outside.to_physical().to_numpy()]
        return cls(study, kinds, code)

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
        frames, pairs = [], self.study.pairs
        others = {"given": pairs.cited, "received": pairs.citing}
        for direction, own in zip(("given", "received"), self.study.located_ends, strict=True):
            chosen = masks[direction]
            other = gathered(self.code, others[direction][chosen])
            every, both = (
                np.bincount(part, minlength=self.kinds.height)
                for part in (other, other[own[chosen]])
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
    rule = pl.repeat("office", located.len(), dtype=_RULES, eager=True)
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
