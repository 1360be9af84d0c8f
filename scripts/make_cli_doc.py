"""Write the tables of docs/cli.md from the options as they are declared.

    python scripts/make_cli_doc.py [--check]

What stands between two marks is replaced; the rest of the page is written by hand. With --check
nothing is written: exit status 1 where the page is not up to date.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from netpos.cli import app
from netpos.declare import declared
from netpos.options import Options

PAGE = Path(__file__).resolve().parent.parent / "docs" / "cli.md"
#: Commands with all options of a run.
RUNS = ("run", "analyse")


def options_of_a_run() -> Iterator[str]:
    """Yield the rows of the table of options of `run` and `analyse`."""
    yield "| option | default | does | changes |"
    yield "|--|--|--|--|"
    for option in declared(Options).values():
        names = f"`{option.flag}`"
        if option.default is True:
            names = f"`{option.flag}`, `--no-{option.flag[2:]}`"
        elif option.values:
            names = f"`{option.flag} {option.values}`"
        shown = f"`{option.default}`" if option.choices else option.shown
        cells = (names, shown, option.does, option.changes)
        yield f"| {' | '.join(escaped(c) for c in cells)} |"
    for one in parameters("run"):
        if one.name in ("config", "processes"):
            yield f"| {' | '.join([*row(one), 'no table'])} |"


def options_of_others() -> Iterator[str]:
    """Yield the rows of the table of options of all other commands."""
    yield "| command | option | default | does |"
    yield "|--|--|--|--|"
    for name in get_command(app).commands:
        if name not in RUNS:
            for one in parameters(name):
                yield f"| `{name}` | {' | '.join(row(one))} |"


def parameters(command: str) -> list[Any]:
    """Return the options of a command as the command line has them."""
    found = get_command(app).commands[command]
    return [p for p in found.params if p.opts[0].startswith("--") and p.name != "help"]


def row(one: Any) -> list[str]:  # noqa: ANN401 - a parameter of click
    """Return names, default and help of an option."""
    value = "" if one.is_flag else f" {one.metavar or one.type.name.upper()}"
    names = [*one.opts, *one.secondary_opts]
    shown = ", ".join(f"`{n}{value if n == names[0] else ''}`" for n in names)
    text, _, inside = (one.help or "").partition(" [default: ")
    default = inside.removesuffix("]")
    if not default:
        default = "required" if one.required else one.default
    if default is None:
        default = "none"
    if isinstance(default, bool):
        default = "on" if default else "off"
    return [escaped(str(c)) for c in (shown, default, text)]


def escaped(text: str) -> str:
    """Return a text as a cell of a table has it."""
    return text.replace("|", "\\|")


def filled(text: str) -> str:
    """Return the page with its tables made again."""
    for name, rows in (("run", options_of_a_run()), ("others", options_of_others())):
        begin, end = f"<!-- {name}: made by scripts/make_cli_doc.py -->", f"<!-- {name}: end -->"
        made = "\n".join([begin, *rows, end])
        text = re.sub(
            f"{re.escape(begin)}.*?{re.escape(end)}", lambda _, m=made: m, text, flags=re.S
        )
    return text


def main() -> None:
    """Write the page, or check it."""
    before = PAGE.read_text(encoding="utf-8")
    after = filled(before)
    if "--check" in sys.argv[1:]:
        if after != before:
            sys.exit("docs/cli.md is not up to date: run python scripts/make_cli_doc.py")
        return
    PAGE.write_text(after, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
