"""Where the data of a run are from, with the attribution that those who gave them ask for."""

from __future__ import annotations

from collections.abc import Iterable

from netpos.viz.words import words

#: Beginning of the form of an input -> key of the words that name its source.
_FORMS = (("lens", "source_lens"), ("patentsview", "source_patentsview"))


def data_sources(
    forms: Iterable[str], lang: str, *, synthetic: bool = False, valued: bool = False
) -> list[str]:
    """Name the sources of a run, each with its attribution.

    Parameters
    ----------
    forms
        Forms of the inputs, as ``run.json`` names them.
    lang
        ``en`` or ``nl``.
    synthetic
        The records are invented: then no office or database is their source.
    valued
        The run has values, which rest on sizes of markets.

    Examples
    --------
    >>> data_sources(["lens-jsonl", "lens-csv"], "en")
    ['Patents: The Lens (lens.org), Cambia.']
    >>> data_sources(["lens-jsonl"], "en", synthetic=True)[0][:14]
    'Synthetic data'
    """
    t = words(lang)
    if synthetic:
        keys = ["synthetic"]
    else:
        given = list(forms)
        keys = [key for start, key in _FORMS if any(f.startswith(start) for f in given)]
    keys += ["source_markets"] if valued else []
    return [str(t[key]) for key in keys]
