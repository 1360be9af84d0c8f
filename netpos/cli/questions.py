"""Commands that answer questions: what to fetch, what is missing, what is behind a number."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from netpos.cli.app import Out, app, errors, reachable, say
from netpos.cli.options import Given, with_options
from netpos.errors import OptionError


@app.command()
@with_options("technologies")
def query(
    *,
    given: Given,
    technology: Annotated[
        str | None, typer.Option("--technology", metavar="ID", help="Only this one.")
    ] = None,
    first: Annotated[
        int | None, typer.Option("--from", metavar="YEAR", help="First publication year.")
    ] = None,
    last: Annotated[
        int | None, typer.Option("--to", metavar="YEAR", help="Last publication year.")
    ] = None,
    as_: Annotated[
        str,
        typer.Option(
            "--as",
            metavar="lens|api|bigquery|duckdb",
            help="Query text for the web, JSON bodies, or SQL for a table of publications.",
        ),
    ] = "lens",
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", help="Records that one export may hold.", min=1)
    ] = 50_000,
    counts: Annotated[
        Path | None,
        typer.Option(
            "--counts",
            metavar="FILE|CORPUS",
            help="Hits to slice by: CSV year,documents[,technology], or a corpus.",
            callback=reachable,
        ),
    ] = None,
    slices_per_year: Annotated[
        int,
        typer.Option(
            "--slices",
            "--slices-per-year",
            metavar="N",
            help="Slices of a year: 1, 2, 3, 4, 6 or 12.",
        ),
    ] = 1,
    narrow: Annotated[bool, typer.Option("--narrow", help="Core patterns only.")] = False,
    terms: Annotated[
        int, typer.Option("--terms", metavar="N", help="Most terms in one query.", min=1)
    ] = 500,
    country: Annotated[
        str | None,
        typer.Option(
            "--country",
            metavar="CODE",
            help="Only with a party or a priority there: --design focal.",
        ),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--source",
            metavar="TABLE|FILES",
            help="With bigquery: its table; with duckdb: Parquet files, a path or an address.",
        ),
    ] = None,
    revision: Annotated[
        str | None,
        typer.Option(
            "--revision", metavar="NAME", help="With duckdb: which state of a copy on a hub."
        ),
    ] = None,
    outside: Annotated[
        Path | None,
        typer.Option(
            "--outside",
            metavar="CORPUS",
            help="With SQL: just what this corpus cites or is cited by, into --out.",
            callback=reachable,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="DIR",
            help="With --outside: folder of the query and its list.",
            callback=reachable,
        ),
    ] = None,
) -> None:
    """Print the Lens queries to run for each technology.

    Example: netpos query --technology quantum --from 2015 --to 2025
    """
    from netpos.commands import query as querying

    with errors():
        sql = as_ in ("bigquery", "duckdb")
        if as_ not in ("lens", "api") and not sql:
            remedy = "choose lens, api, bigquery or duckdb"
            raise OptionError(f"--as {as_}: unknown", remedy=remedy)
        if (source or revision or outside) and not sql:
            problem = "--source, --revision and --outside go with --as bigquery or duckdb"
            raise OptionError(problem, remedy="pass --as too")
        if (outside is None) != (out is None):
            raise OptionError("--outside and --out go together", remedy="pass both, or neither")
        form: Any = as_
        if outside is not None and out is not None:
            for note in querying.outside_command(outside, out, form, source, revision):
                say(note)
            print(out / "outside.sql")
            return
        print(
            querying.query_command(
                Path(str(given["technologies"])) if given else None,
                technology=technology,
                first=first,
                last=last,
                as_=form,
                limit=limit,
                counts=counts,
                slices_per_year=slices_per_year,
                narrow=narrow,
                terms=terms,
                country=country,
                source=source,
                revision=revision,
            )
        )


@app.command()
@with_options("technologies")
def technologies(
    action: Annotated[str, typer.Argument(metavar="new|list|check", help="What to do.")],
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FILE] [CORPUS|EXPORT...]",
            help="The definitions; to check them, also a corpus or exports.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="With check: print JSON.")] = False,
    *,
    given: Given,
) -> None:
    """Write a list of technologies of your own, show one, or say what it finds.

    Example: netpos technologies list
    """
    from netpos.analysis.technologies import load_technologies
    from netpos.commands import definitions

    with errors():
        named = [path for path in paths or [] if reachable(path)]
        if action not in ("new", "list", "check"):
            raise OptionError(f"technologies {action}: unknown", remedy="use new, list or check")
        if given and action != "list":
            problem = f"--technologies goes with list, not with {action}"
            raise OptionError(problem, remedy="name the file after it")
        if as_json and len(named) < 2:
            raise OptionError("--json goes with check FILE CORPUS", remedy="name both")
        if action == "list":
            if len(named) > 1 or (named and given):
                raise OptionError("technologies list shows one file", remedy="name one")
            path = Path(str(given["technologies"])) if given else None
            print(definitions.listed(named[0] if named else path))
            return
        if not named or (action == "new" and len(named) > 1):
            problem = f"technologies {action}: {len(named)} files named"
            raise OptionError(problem, remedy=f"write netpos technologies {action} FILE")
        if action == "new":
            print(definitions.write_template(named[0]))
            return
        found = load_technologies(named[0])
        if len(named) == 1:
            print(definitions.listed(named[0]))
            say("the file is right; name a corpus or exports too to see what it finds")
            return
        checked = definitions.check_definitions(found, named[1:], report=say)
        if as_json:
            content = definitions.checked_as_dict(checked)
            print(json.dumps(content, indent=1, ensure_ascii=False))
        else:
            print(definitions.checked_as_text(checked))


@app.command()
@with_options("technologies", "from", "to")
def missing(
    corpus: Annotated[Path, typer.Argument(help="Folder of a corpus.", callback=reachable)],
    *,
    given: Given,
    technology: Annotated[
        str | None, typer.Option("--technology", metavar="ID", help="Only this one.")
    ] = None,
    as_: Annotated[
        str,
        typer.Option(
            "--as",
            metavar="ids|lens-query|table",
            help="Form of the list: ids, queries that Lens accepts, or CSV.",
        ),
    ] = "ids",
    scope: Annotated[
        str, typer.Option("--scope", metavar="citing|cited|closed", help="Which links to close.")
    ] = "citing",
    focal: Annotated[
        str | None, typer.Option("--focal", metavar="CODE", help="Only links of this country.")
    ] = None,
    top: Annotated[
        int | None, typer.Option("--top", metavar="N", help="So many documents.", min=1)
    ] = None,
    per_query: Annotated[
        int, typer.Option("--per-query", metavar="N", help="Documents per query.", min=1)
    ] = 300,
    families: Annotated[
        bool, typer.Option("--families", help="Families of the corpus without a country instead.")
    ] = False,
) -> None:
    """List the documents outside the corpus that would raise coverage most, best first.

    Example: netpos missing corpus --technology quantum --as lens-query
    """
    from netpos import analysis, options
    from netpos.commands import missing as looking
    from netpos.ingest.corpus import open_corpus, reading

    with errors():
        if as_ not in ("ids", "lens-query", "table"):
            raise OptionError(f"--as {as_}: unknown", remedy="choose ids, lens-query or table")
        if scope not in ("citing", "cited", "closed"):
            raise OptionError(f"--scope {scope}: unknown", remedy="choose citing, cited or closed")
        opened = open_corpus(corpus)
        chosen: Any = (scope, as_)
        with reading(opened):
            study = analysis.prepare(opened, options.make(given))
            text, notes = looking.missing_command(
                study,
                technology=technology,
                scope=chosen[0],
                country=focal,
                as_=chosen[1],
                top=top,
                per_query=per_query,
                families=families,
            )
        for note in notes:
            say(note)
        print(text, end="")


@app.command()
def names(
    corpus: Annotated[Path, typer.Argument(help="Folder of a corpus.", callback=reachable)],
    out: Out,
) -> None:
    """Write how names of organisations were brought together, and which may belong together.

    Suggestions are never applied by themselves: copy those you accept into an alias file.

    Example: netpos names corpus --out names
    """
    from netpos.commands import names as naming

    with errors():
        print(naming.write_names(corpus, out))


@app.command()
def explain(
    results: Annotated[Path, typer.Argument(help="The --out folder of a run.", callback=reachable)],
    technology: Annotated[
        str, typer.Option("--technology", metavar="ID", help="Id, or all.")
    ] = "all",
    period: Annotated[
        str, typer.Option("--period", metavar="PERIOD", help="Period, or all.")
    ] = "all",
    country: Annotated[
        str | None, typer.Option("--country", metavar="CODE", help="A row of countries.csv.")
    ] = None,
    organisation: Annotated[
        str | None,
        typer.Option("--organisation", metavar="NAME", help="A row of organisations.csv."),
    ] = None,
    indicator: Annotated[
        str, typer.Option("--indicator", metavar="COLUMN", help="A column of the table.")
    ] = "families",
    citing: Annotated[
        str | None, typer.Option("--citing", metavar="CODE", help="A cell of links.csv.")
    ] = None,
    cited: Annotated[
        str | None, typer.Option("--cited", metavar="CODE", help="A cell of links.csv.")
    ] = None,
    table: Annotated[
        str | None,
        typer.Option(
            "--table",
            metavar="NAME",
            help="A table of science, companies, chain, intensity, complexity or --papers.",
        ),
    ] = None,
    row: Annotated[
        str, typer.Option("--row", metavar="KEY=VALUE,...", help="With --table: which row.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, every family.")] = False,
) -> None:
    """Say which families and documents are behind a number and how they add up.

    Example: netpos explain results --technology quantum --citing NL --cited US
    """
    from netpos.commands import explain as explaining

    with errors():
        if table is not None:
            _explain_table(results, table, row, indicator, as_json=as_json)
            return
        found = explaining.explain(
            results,
            technology=technology,
            period=period,
            country=country,
            organisation=organisation,
            indicator=indicator,
            citing=citing,
            cited=cited,
        )
        if as_json:
            content = explaining.as_dict(found)
            print(json.dumps(content, indent=1, ensure_ascii=False))
        else:
            print(explaining.paragraphs(found))


def _explain_table(results: Path, table: str, row: str, column: str, *, as_json: bool) -> None:
    from netpos.commands import explain_table as explaining

    found = explaining.explain_table(results, table, row, column)
    if as_json:
        print(json.dumps(explaining.table_as_dict(found), indent=1, ensure_ascii=False))
    else:
        print(explaining.table_paragraphs(found))


@app.command()
def compare(
    before: Annotated[Path, typer.Argument(help="The --out folder of a run.", callback=reachable)],
    after: Annotated[
        Path, typer.Argument(help="The --out folder of another run.", callback=reachable)
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, every number.")] = False,
) -> None:
    """Say what changed between two runs: data, options, versions, numbers, ranks.

    Example: netpos compare results-2024 results-2025
    """
    from netpos.commands import compare as comparing

    with errors():
        found = comparing.compare(before, after)
        if as_json:
            print(json.dumps(comparing.as_dict(found), indent=1, ensure_ascii=False))
        else:
            print(comparing.paragraphs(found))
