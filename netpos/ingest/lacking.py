"""What a form of export can never tell, and what is withheld for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

#: By form: what it lacks, as `check` says it.
LACKS: Mapping[str, tuple[str, ...]] = {
    "google-publications": (
        "legal status: no value of the families alive by year, and a publication counts as alive "
        "within 20 years of filing",
        "the country of a priority: that step of the country rule finds nothing",
        "citing documents: they are known as far as their own publications are read",
    ),
    "uspto-tables": (
        "legal status: no value of the families alive by year, and a publication counts as alive "
        "within 20 years of filing",
        "priorities: priority years are those of filing, and that step of the country rule finds "
        "nothing",
        "documents of other offices, but by number",
        "DOCDB families: a family is an application, its publication and its grant",
        "citing documents: they are known as far as their own grants are read",
    ),
}


def without_status(inputs: Iterable[Mapping[str, object]]) -> bool:
    """Tell whether all seed exports are of forms that have no legal status.

    Examples
    --------
    >>> without_status([{"role": "seed", "form": "google-publications"},
    ...                 {"role": "context", "form": "lens-jsonl"}])
    True
    >>> without_status([{"role": "seed", "form": "lens-jsonl"}])
    False
    """
    forms = {str(i["form"]) for i in inputs if i["role"] == "seed"}
    return bool(forms) and all(
        any(lack.startswith("legal status") for lack in LACKS.get(form, ())) for form in forms
    )


def lacking_told(inputs: Iterable[Mapping[str, object]]) -> list[str]:
    """Say in a sentence for each form of the seed exports what is left out for it."""
    forms = sorted({str(i["form"]) for i in inputs if i["role"] == "seed"} & set(LACKS))
    return [f"Exports of the form {form} do not tell {'; '.join(LACKS[form])}." for form in forms]
