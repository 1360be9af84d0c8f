"""Options of commands, made from what `netpos.options` declares."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from netpos.cli.app import at_least_one, reachable
from netpos.declare import Declared, declared
from netpos.options import Options, make, read_toml

#: What a command is given of the options that `with_options` adds: key in run.toml -> value.
Given = dict[str, object]
#: What is said of the country in focus where a bloc as one country will not do.
ONE_COUNTRY = {"focal": "Country in focus, ISO 3166 alpha-2."}
Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        help="A run.toml; options given here win.",
        metavar="FILE",
        show_default=False,
        callback=reachable,
    ),
]
Processes = Annotated[
    int | None,
    typer.Option(
        "--processes",
        help="Threads that read JSON lines. [default: one per core]",
        metavar="N",
        show_default=False,
        callback=at_least_one,
    ),
]


def with_options(
    *keys: str, without: Collection[str] = (), says: Mapping[str, str] | None = None
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command some of the options of a run; all of them where none is named.

    Parameters
    ----------
    keys
        Their keys in run.toml.
    without
        Keys left out.
    says
        Key -> what the help of this command says of it in place of its declaration.

    Returns
    -------
    A decorator. The command must have a parameter ``given``: it gets the options that were given.
    """
    options = declared(Options)
    chosen = [
        replace(options[key], does=(says or {}).get(key, options[key].does))
        for key in keys or options
        if key not in without
    ]

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        signature = inspect.signature(function, eval_str=True)
        parameters: list[inspect.Parameter] = []
        for one in signature.parameters.values():
            if one.name == "given":
                parameters += [_parameter(option) for option in chosen]
            else:
                parameters.append(one.replace(kind=inspect.Parameter.KEYWORD_ONLY))

        @functools.wraps(function)
        def command(**values: Any) -> None:  # noqa: ANN401 - as typer read them
            given = {option.key: values.pop(option.field) for option in chosen}
            values["given"] = {k: v for k, v in given.items() if v is not None}
            function(**values)

        typed: Any = command
        typed.__signature__ = signature.replace(parameters=parameters)
        typed.__annotations__ = {p.name: p.annotation for p in parameters}
        return command

    return decorate


def chosen_options(config: Path | None, given: Given) -> Options:
    """Build the options of a run from its file and what was given beside it, which wins."""
    return make((read_toml(config) if config else {}) | given)


def _parameter(option: Declared) -> inspect.Parameter:
    """Return an option as a parameter of a command: a text that `netpos.options.make` checks."""
    names = option.flag
    if option.default is True:
        names = f"{option.flag}/--no-{option.flag[2:]}"
    marker = typer.Option(
        names,
        help=f"{option.does} [default: {option.shown}]",
        metavar=option.values,
        show_default=False,
    )
    kind: Any = bool if option.is_switch else str
    return inspect.Parameter(
        option.field,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[kind | None, marker],
    )
