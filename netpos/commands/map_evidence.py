"""The families behind the links of a map, with what they are called and who filed them."""

from __future__ import annotations

from collections.abc import Collection

from netpos.analysis import behind
from netpos.analysis.study import Kind, Span, Study
from netpos.viz.maps.data import Evidence
from netpos.viz.report.behind import shortened

#: Signs of a title, and organisations of one family, in the panel of a map.
_TITLE, _OWNERS = 70, 3


def told_evidence(
    study: Study,
    technology: str,
    span: Span,
    only: Collection[tuple[str, str]] | None = None,
    *,
    kind: Kind,
) -> Evidence:
    """List the families that carry links most, each with its title, owners and year.

    Parameters
    ----------
    study, technology, span, only, kind
        As for `netpos.analysis.behind.evidence`.

    Returns
    -------
    Mapping
        (citing, cited) -> ``(family_id, lens_id, title, organisations, year, person)``; the last is
        ``1`` where a natural person filed too, who is not named, and ``+`` ends organisations of
        which there are more.
    """
    found = behind.evidence(study, technology, span, only, kind=kind)
    owners = behind.owners(study, {family for listed in found.values() for family, _ in listed})

    def told(family: str, lens: str) -> tuple[str, ...]:
        owner = owners.get(family)
        if owner is None:
            return family, lens
        more = "+" if len(owner.organisations) > _OWNERS else ""
        return (
            family,
            lens,
            shortened(owner.title, _TITLE) if owner.title else "",
            ", ".join(owner.organisations[:_OWNERS]) + more,
            "" if owner.year is None else str(owner.year),
            "1" if owner.person else "",
        )

    return {link: [told(*one) for one in listed] for link, listed in found.items()}
