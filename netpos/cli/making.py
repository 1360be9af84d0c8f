"""Commands that read exports and make results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from netpos.cli.app import Exports, Out, app, errors, reachable, say, tell
from netpos.cli.options import Config, Given, Processes, chosen_options, with_options


@app.command()
@with_options("lang", "png")
def demo(
    out: Out = Path("netpos-demo"),
    real: Annotated[
        bool, typer.Option("--real", help="Use the real nuclear patents instead of synthetic data.")
    ] = False,
    *,
    given: Given,
) -> None:
    """Run everything on the bundled input and say which page to open.

    Example: netpos demo --out netpos-demo
    """
    from netpos import options
    from netpos.commands import run as pipeline
    from netpos.countries import data_path

    with errors():
        if real:
            exports = [data_path("patentsview_nuclear")]
            given["technologies"] = str(data_path("nuclear_technologies.toml"))
            given |= {"from": 2016, "to": 2022, "focal": "FR", "compare_with": "US,JP,DE"}
        else:
            exports = [data_path("demo_synthetic_lens.jsonl.gz")]
            given["compare_with"] = "DE,US,KR"
            given["complexity"] = str(data_path("demo_synthetic_complexity.csv"))
        page = pipeline.run(exports, out, options.make(given), report=say, synthetic=not real)
        tell(page)


@app.command()
@with_options()
def run(
    exports: Exports,
    out: Out,
    given: Given,
    config: Config = None,
    processes: Processes = None,
) -> None:
    """Do everything: ingest, links, indicators, maps, report.

    Example: netpos run exports/ --out results --focal NL --from 2015 --to 2025
    """
    from netpos.commands import run as pipeline

    with errors():
        page = pipeline.run(
            exports, out, chosen_options(config, given), report=say, processes=processes
        )
        tell(page)


@app.command()
@with_options("max_record", "technologies")
def ingest(
    exports: Exports,
    corpus: Annotated[
        Path,
        typer.Option("--corpus", metavar="DIR", help="Folder of the corpus.", callback=reachable),
    ],
    role: Annotated[
        str,
        typer.Option(
            "--role",
            metavar="seed|context",
            help="Seeds define sizes; context only locates the ends of links.",
        ),
    ] = "seed",
    nonpatent: Annotated[
        bool,
        typer.Option(
            "--nonpatent",
            help="Also keep which papers are cited, for analyse --papers; reads exports once more.",
        ),
    ] = False,
    later: Annotated[
        bool,
        typer.Option(
            "--later",
            help="Only read now; tables are made when the corpus is next used. For many additions.",
        ),
    ] = False,
    *,
    given: Given,
    processes: Processes = None,
) -> None:
    """Read exports into a corpus; run again with more files to add them.

    With --technologies only those documents of bulk tables are read that have one of their classes;
    other exports are read whole.

    Example: netpos ingest exports/ --corpus corpus
    """
    from netpos.ingest.corpus import ingest as ingest_exports

    with errors():
        chosen = chosen_options(None, given)
        selection = None
        if chosen.technologies:
            from netpos.commands.run import selection_of

            selection = selection_of(chosen.technologies)
        made = ingest_exports(
            exports,
            corpus,
            role=role,
            processes=processes,
            max_record=chosen.record_bytes,
            report=say,
            selection=selection,
            nonpatent=nonpatent,
            later=later,
        )
        print(account(made.counts) if "counts" in made.manifest else _read(made.manifest))


def _read(manifest: dict[str, Any]) -> str:
    """Say what a corpus holds whose tables are yet to be made."""
    read, exports = sum(i["read"] for i in manifest["inputs"]), len(manifest["inputs"])
    return f"{read:,} records of {exports:,} exports; tables are made when the corpus is next used"


def account(counts: dict[str, int]) -> str:
    """Say how the records add up."""
    return (
        f"{counts['read']:,} records read = {counts['kept']:,} kept + "
        f"{counts['rejected']:,} rejected + {counts['duplicates']:,} duplicates; "
        f"{counts['families']:,} simple families"
    )


@app.command()
@with_options(without=["max_record"])
def analyse(
    corpus: Annotated[Path, typer.Argument(help="Folder of a corpus.", callback=reachable)],
    out: Out,
    given: Given,
    config: Config = None,
) -> None:
    """Turn a corpus into results: links, indicators, maps, report.

    Example: netpos analyse corpus --out results --counting full
    """
    from netpos.commands import run as pipeline

    with errors():
        tell(pipeline.analyse(corpus, out, chosen_options(config, given), report=say))


@app.command()
def check(
    exports: Exports,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    details: Annotated[
        bool, typer.Option("--details", "--verbose", help="Also print all that was found.")
    ] = False,
) -> None:
    """Say what each file is and what it is good for, in a table; writes nothing.

    Example: netpos check exports/
    """
    from netpos.commands import check as checking
    from netpos.commands.check_table import as_table

    with errors():
        found = checking.check(exports)
        if as_json:
            print(json.dumps([checking.as_dict(c) for c in found], indent=1, ensure_ascii=False))
        else:
            print(as_table(found))
            if details:
                print(
                    "\n" + "\n\n".join(checking.paragraph(c) for c in found if c.form != "together")
                )
