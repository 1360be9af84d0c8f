"""Where the data of a run are from, with the attribution that those who gave them ask for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from netpos.viz.words import words

#: Beginning of the form of an input -> key of the words that name its source.
_FORMS = (
    ("lens", "source_lens"),
    ("patentsview", "source_patentsview"),
    ("uspto", "source_patentsview"),
    ("google", "source_google"),
    ("docdb", "source_docdb"),
)


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
    keys = ["synthetic"] if synthetic else list(Sources.of_forms(forms).known)
    keys += ["source_markets"] if valued else []
    return [str(t[key]) for key in keys]


@dataclass(frozen=True)
class Sources:
    """Where the data of a command are from, whatever the language.

    Parameters
    ----------
    known
        Keys of the words that name a source netpos knows, with its attribution.
    own
        Names of tables of the user's own.
    """

    known: Sequence[str] = ()
    own: Sequence[str] = ()

    @classmethod
    def of_forms(cls, forms: Iterable[str]) -> Sources:
        """Return the sources of inputs by their forms, as ``run.json`` names them."""
        given = list(forms)
        keys = [key for start, key in _FORMS if any(f.startswith(start) for f in given)]
        return cls(list(dict.fromkeys(keys)))

    @classmethod
    def of_works(cls, source: str) -> Sources:
        """Return the source of publications: ``openalex``, ``lens`` or ``lens-csv``."""
        return cls(["source_openalex" if source == "openalex" else "source_scholarly"])

    def and_those(self, other: Sources) -> Sources:
        """Return both together, each once."""
        return Sources(
            list(dict.fromkeys([*self.known, *other.known])),
            list(dict.fromkeys([*self.own, *other.own])),
        )

    def told(self, lang: str, *, synthetic: bool = False) -> list[str]:
        """Name each source with the attribution that it asks for; of made-up data say that.

        Examples
        --------
        >>> Sources(["source_openalex"], ["totals.csv"]).told("en")[0]
        'Publications: OpenAlex (openalex.org), CC0.'
        """
        t = words(lang)
        if synthetic:
            return [str(t["synthetic"])]
        found = [str(t[key]) for key in self.known]
        if self.own:
            found.append(str(t["source_own"]).format(names=", ".join(self.own)))
        return found


def citation(version: str, lang: str) -> str:
    """Say how to cite netpos, as ``CITATION.cff`` does.

    Examples
    --------
    >>> citation("1.0", "en").partition(",")[0]
    'netpos contributors'
    """
    return str(words(lang)["cite"]).format(version=version)
