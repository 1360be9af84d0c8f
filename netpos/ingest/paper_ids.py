"""DOI and PMID of papers in the one form in which they are compared, whoever wrote them."""

from __future__ import annotations

import re

_DOI = re.compile(
    r"(?P<address>(?:https?://)?(?:www\.|dx\.)?doi\.org/|info:doi/)?(?:doi:?\s*)?"
    r"(?P<doi>10\.\d{3,}(?:\.\d+)*(?:/|%2f)\S+)",
    re.IGNORECASE,
)
#: PubMed has fewer than 10^8 numbers; longer ones are of other catalogues.
_PMID = re.compile(
    r"(?:(?:https?://)?(?:www\.)?(?:pubmed\.ncbi\.nlm\.nih\.gov|ncbi\.nlm\.nih\.gov/pubmed)/"
    r"|pmid:?\s*)?([1-9]\d{0,7})/?",
    re.IGNORECASE,
)


#: Signs of ASCII as addresses write them.
_ESCAPED = re.compile(r"%([2-7][0-9a-f])", re.IGNORECASE)


def _sign(found: re.Match[str]) -> str:
    return chr(int(found[1], 16))


def plain_doi(text: str) -> str | None:
    """Return a DOI in small letters without what stands around it; None for what is none.

    Signs that an address has to write as numbers are signs again, and a full stop of the sentence
    behind it is none of it.

    Examples
    --------
    >>> plain_doi("https://doi.org/10.1002/RCM.3595"), plain_doi("DOI 10.1000/a."), plain_doi("9/a")
    ('10.1002/rcm.3595', '10.1000/a', None)
    """
    found = _DOI.fullmatch(text.strip())
    if found is None:
        return None
    doi = _ESCAPED.sub(_sign, found["doi"]) if found["address"] else found["doi"]
    doi = doi.rstrip(".,;").lower()
    return doi if doi.isprintable() and not doi.endswith("/") and "/" in doi else None


def plain_pmid(text: str) -> str | None:
    """Return the number of a paper in PubMed; None for what is none.

    Examples
    --------
    >>> plain_pmid("https://pubmed.ncbi.nlm.nih.gov/18523984/"), plain_pmid("PMID: 7")
    ('18523984', '7')
    >>> plain_pmid("2145678901") is None
    True
    """
    found = _PMID.fullmatch(text.strip())
    return found[1] if found else None
