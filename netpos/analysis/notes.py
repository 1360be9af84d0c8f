"""What the reader of a run must know, in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from netpos import countries
from netpos.analysis.chosen import UNION
from netpos.analysis.lookup import unclear
from netpos.analysis.technologies import Technology
from netpos.graph.links import MOST_OF_A_PAIR, Mask
from netpos.ingest.corpus import Corpus
from netpos.ingest.lacking import lacking_told
from netpos.ingest.user_tables import has_year
from netpos.options import EXPORT, Options

#: Fewer families than these say little of a country.
FEW = 20

if TYPE_CHECKING:
    from netpos.analysis.study import Study


def width_warnings(study: Study) -> list[str]:
    """Say that citations between families of very many organisations make no links of these."""
    found = []
    if wide := int(study.too_wide.sum()):
        found.append(
            f"Organisations: {wide:,} citations between families of very many applicants (more "
            f"than {MOST_OF_A_PAIR:,} pairs of them) make no links of organisations; countries "
            "are not touched."
        )
    return found


def focal_warnings(study: Study) -> list[str]:
    """Say so where the country in focus has few families in the span and another has more.

    Families are counted by the counting rule, of all technologies together.
    """
    span, focal = (study.options.first, study.options.last), study.options.focal
    held = study.chosen(UNION, span).astype(np.float64) @ study.shares.matrix
    sizes = dict(zip(study.shares.names, np.round(held, 9).tolist(), strict=True))
    mine = sizes.get(focal, 0.0)
    top = max(sizes, key=lambda code: (sizes[code], code), default=focal)
    if study.options.design == "focal" or mine >= FEW or sizes.get(top, 0.0) <= mine:
        return []
    usual = " (the default)" if focal == Options.model_fields["focal"].default else ""
    return [
        f"Country in focus: {focal}{usual} has {mine:,.1f} families in {span[0]}-{span[1]}, too "
        f"few to say much; {top} has most, {sizes[top]:,.1f}: choose with --focal."
    ]


def _outside(
    corpus: Corpus, families: pl.DataFrame, options: Options, member: Mapping[str, Mask]
) -> list[str]:
    """Count the families of the exports that no technology has, whatever their year."""
    seeds = families["role"] == "seed"
    if options.utility_models == "drop":
        seeds &= ~corpus.columns("families", "utility")["utility"].fill_null(value=False)
    total, inside = int(seeds.sum()), int(member[UNION][: families.height].sum())
    if options.design == "focal" or total == inside or not inside:
        return []
    out = total - inside
    return [
        f"In no technology: {out:,} of {total:,} families of the exports ({out / total:.1%}), "
        "counted nowhere; netpos technologies check says what each definition finds."
    ]


def union_told(code: str) -> str:
    """Say what a bloc as one country means for the numbers.

    Examples
    --------
    >>> union_told("EU27")[:31]
    'EU27 counts as one country: its'
    """
    return (
        f"{code} counts as one country: its 27 members since 2020 at any date, and citations "
        "between them as domestic. Institutional likeness is left out, since they are not all in "
        "the same organisations (Cyprus and Malta are in neither OECD nor NATO)."
    )


def warnings(
    corpus: Corpus,
    families: pl.DataFrame,
    options: Options,
    member: Mapping[str, Mask],
    years: NDArray[np.float64],
    technologies: Sequence[Technology],
) -> list[str]:
    """Tell what the reader must know, in sentences that the report repeats."""
    found = []
    forms = {i["form"] for i in corpus.manifest["inputs"]}
    found += corpus.manifest.get("incomplete", [])
    late = corpus.manifest.get("late", [])
    if late:
        first = late[0]
        found.append(
            f"Dates of publication far beyond all others: {len(late):,} (first {first['date']}, "
            f"{first['file']}:{first['line']}); the records are kept, the data date is "
            f"{corpus.manifest['newest']}."
        )
    counts = corpus.counts
    if counts["rejected"] > counts["read"] / 50:
        found.append(
            f"Rejected: {counts['rejected']:,} of {counts['read']:,} records; ledger.csv says why "
            "of each."
        )
    found += lacking_told(corpus.manifest["inputs"])
    for item in corpus.manifest["inputs"]:  # patents of which no citation can come
        unlinked = [n for n in item["notes"] if "without citations, which" in n]
        found += [f"{item['name']}: {text}." for text in unlinked]
        left = [n for n in item["notes"] if "no class of the technologies" in n]
        found += [f"{item['name']}: {text} (those named when it was read)." for text in left]
    said = corpus.columns("families", "offices_known", "priority_offices")
    unknown = int((~said["offices_known"]).sum())
    if unknown:
        found.append(
            f"International families: of {unknown:,} of {said.height:,} families the offices of "
            "the members are not known; they are international by the documents exported only."
        )
    flat = forms <= {"lens-csv", "lens-legacy-jsonl"}
    unlocated = flat and said["priority_offices"].null_count() == said.height
    if unlocated:
        found.append(
            "These exports list no cited documents, no country of a party and no priority: no "
            "family has a country and no citation network can be made. Export JSON or JSONL from "
            "Lens, or a CSV with the column Priority Numbers."
        )
    elif flat:
        found.append(
            "These exports list no cited documents and no country of a party: sizes, shares and "
            "trends are computed with the priority office as country; no citation network can be "
            "made. Export JSON or JSONL from Lens for that."
        )
    if not options.technologies and not member[UNION].any():
        found.append("No family matches any technology: is this the right list?")
    elif not member[UNION].any():
        found.append(f"No family matches any technology of {options.technologies}.")
    found += _outside(corpus, families, options, member)
    everyone = years[member[UNION]]
    if everyone.size:
        out = np.mean(~((everyone >= options.first) & (everyone <= options.last)))
        if out > 0.5:
            found.append(
                f"{out:.0%} of the families lie outside {options.first}-{options.last}; "
                "check --from and --to."
            )
        if not (everyone <= options.first - 5).any() and "lens-csv" not in forms:
            found.append(
                f"Back-file missing: no family is published in or before {options.first - 5}, so "
                "citations received are understated for older knowledge."
            )
    if (options.residences or options.office_proxy) and options.scope == "closed":
        found.append(
            "Residences from a look-up or the office proxy locate cited documents outside the "
            "corpus only with --scope citing; the closed scope does not use them there."
        )
    if options.residences and (open_ := unclear(corpus, Path(options.residences))):
        found.append(
            f"Residences: {open_:,} documents of {options.residences} stay without their country, "
            "since their number means documents of several families."
        )
    if options.residences and has_year(Path(options.residences)):
        found.append(
            f"Residences: the column 'year' of {options.residences} is not used; years are those "
            "of the publications read."
        )
    strange = [c for c in corpus.manifest.get("residence_codes", []) if c["country"] is None]
    if strange:
        shown = ", ".join(f"{c['code']} ({c['parties']:,})" for c in strange[:8])
        found.append(
            f"Residence codes that are no country were set aside: {shown}"
            f"{' and more' if len(strange) > 8 else ''}."
        )
    if countries.is_union(options.focal):
        found.append(union_told(options.focal))
    if options.design == "focal":
        found.append(
            "Design focal: the corpus holds the focal country's families and their surroundings. "
            "Its balance, sources and dependents are complete as far as both ends were fetched; "
            "world shares and ranks, specialisation (rca), value, what size and age lead to "
            "expect, core, distance, PageRank, the shares of dependents and other countries' sizes "
            "are left out: they need families and citations of other countries that were not "
            "fetched."
        )
    if options.design == "focal" and corpus.counts.get("context_mentions_outside"):
        found.append(
            "Coverage of other countries: of the context only citations to documents of the corpus "
            "were read, so the located share of what other countries give is overstated."
        )
    if options.complexity == EXPORT:
        found.append(
            "Complexity is computed from the subclasses of this export, a selection of all "
            "patenting: it says how rare they are among these families, not in the world."
        )
    whole = ", ".join(t.id for t in technologies if not t.core)
    if options.narrow and whole:
        found.append(
            f"Narrow: these technologies have no core patterns and use their whole list: {whole}."
        )
    if options.office_proxy:
        found.append("Office proxy: where no residence is known the publishing office stands in.")
    sizes = families["family_size"]
    stated = int(sizes.sum() or 0)
    if stated:
        known = families.filter(pl.col("family_size").is_not_null())["documents"].sum()
        if known / stated < 0.8:
            found.append(
                f"Families are incomplete: {known:,} of {stated:,} members are in the corpus "
                f"({known / stated:.0%}); ask for whole families when exporting."
            )
    return found
