"""Options declared once: the command line, the errors and docs/cli.md are made from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, Field, JsonValue, ValidationError

from netpos.errors import OptionError


def option(
    default: Any,  # noqa: ANN401 - of the type of the field
    does: str,
    *,
    changes: str,
    metavar: str | None = None,
    shown: str | None = None,
    **limits: Any,  # noqa: ANN401 - those of pydantic: alias, ge, le
) -> Any:  # noqa: ANN401 - pydantic's own marker object
    """Declare an option: all that the command line, the errors and docs/cli.md say of it.

    Parameters
    ----------
    default
        Its value where nobody gives it.
    does
        What it does, in one sentence.
    changes
        Tables, with their columns after a colon, whose numbers depend on it; several with a
        semicolon between. Without a table of that name it is read as plain words.
    metavar
        What to write behind it, where that is not one of a few choices.
    shown
        The default in words, where the value is None.
    """
    said: dict[str, JsonValue] = {"changes": changes, "metavar": metavar, "shown": shown}
    return Field(default, description=does, json_schema_extra=said, **limits)


@dataclass(frozen=True)
class Declared:
    """An option as it is declared: what every place says of it."""

    field: str
    key: str
    default: object
    does: str
    changes: str
    choices: tuple[str, ...]
    metavar: str | None
    shown: str

    @property
    def flag(self) -> str:
        """Its name on the command line."""
        return "--" + self.key.replace("_", "-")

    @property
    def is_switch(self) -> bool:
        """Whether it stands alone, without a value."""
        return isinstance(self.default, bool)

    @property
    def values(self) -> str | None:
        """What to write behind it; None for a switch."""
        return None if self.is_switch else "|".join(self.choices) or self.metavar


def declared(model: type[BaseModel]) -> dict[str, Declared]:
    """List the options of a model by their key in run.toml, in the order of their declaration.

    Examples
    --------
    >>> class Model(BaseModel):
    ...     pace: Literal["slow", "fast"] = option("slow", "How fast.", changes="nothing")
    >>> declared(Model)["pace"].flag, declared(Model)["pace"].values
    ('--pace', 'slow|fast')
    """
    found = {}
    for name, field in model.model_fields.items():
        said = field.json_schema_extra
        assert isinstance(said, dict)
        shown = said["shown"]
        if isinstance(field.default, bool):
            shown = "on" if field.default else "off"
        key = field.alias or name
        choices = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
        found[key] = Declared(
            name,
            key,
            field.default,
            field.description or "",
            str(said["changes"]),
            choices,
            None if said["metavar"] is None else str(said["metavar"]),
            str(field.default if shown is None else shown),
        )
    return found


def refused(model: type[BaseModel], error: ValidationError) -> OptionError:
    """Say what is wrong with the first value that is wrong, and what is allowed instead.

    Examples
    --------
    >>> class Model(BaseModel):
    ...     pace: Literal["slow", "fast"] = option("slow", "How fast.", changes="nothing")
    >>> try:
    ...     Model.model_validate({"pace": "half"})
    ... except ValidationError as error:
    ...     print(refused(Model, error))
    --pace half: unknown; choose slow or fast
    """
    problem = error.errors()[0]
    options = declared(model)
    message = str(problem["msg"]).removeprefix("Value error, ")
    if not problem["loc"]:
        return OptionError(message)
    key = str(problem["loc"][0])
    option = options.get(key)
    if option is None:
        remedy = f"options are {', '.join(sorted(options))}"
        return OptionError(f"unknown option '{key}'", remedy=remedy)
    what = f"{option.flag} {problem['input']}"
    limits = problem.get("ctx", {})
    if problem["type"] == "literal_error":
        *most, last = option.choices
        return OptionError(f"{what}: unknown", remedy=f"choose {', '.join(most)} or {last}")
    if problem["type"] == "greater_than_equal":
        return OptionError(f"{what}: too low", remedy=f"use {limits['ge']} or more")
    if problem["type"] == "less_than_equal":
        return OptionError(f"{what}: too high", remedy=f"use {limits['le']} or less")
    if problem["type"].startswith("int"):
        return OptionError(f"{what}: no whole number", remedy=f"such as {option.shown}")
    if problem["type"].startswith("bool"):
        return OptionError(f"{what}: neither true nor false", remedy="use one of these")
    if problem["type"].startswith("string"):
        return OptionError(f"{what}: no text", remedy="put it between quotes")
    return OptionError(f"{what}: {message}")
