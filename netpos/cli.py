"""The command line: parse arguments, call, print, exit code. The only module that prints."""

from __future__ import annotations

import codecs
import io
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

import netpos
from netpos.errors import InputError, NetposError, OptionError

app = typer.Typer(
    name="netpos",
    help="Read a country's technology position from patent citations.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _reachable(path: Path | None) -> Path | None:
    """Refuse a name that the libraries below, which use UTF-8, would take for another file."""
    if path is not None:
        try:
            same = str(path).encode("utf-8") == os.fsencode(path)
        except UnicodeEncodeError:
            same = False
        if not same:
            problem = "a name with such letters cannot be used in this locale"
            raise InputError(problem, file=path, remedy="set PYTHONUTF8=1 or LC_ALL=C.UTF-8")
    return path


Exports = Annotated[list[Path], typer.Argument(help="Lens or PatentsView exports, or folders.")]
Out = Annotated[Path, typer.Option("--out", help="Folder for the results.", callback=_reachable)]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")]


class State:
    """What the options before the command say."""

    quiet = False
    verbose = False


def say(line: str) -> None:
    """Print a line of progress on stderr."""
    if not State.quiet:
        print(_harmless(line), file=sys.stderr, flush=True)


def _harmless(line: str) -> str:
    """Replace what a terminal would obey or reorder in names of files and the like."""
    return "".join(c if c.isprintable() or c == "\n" else "?" for c in line)


@contextmanager
def _errors() -> Iterator[None]:
    """Turn mistakes of the input into one line and exit code 2."""
    try:
        yield
    except NetposError as error:
        text = " ".join(str(error).split())
        print(f"netpos: {_harmless(text)}", file=sys.stderr)
        raise typer.Exit(2) from error


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)
    ] = False,
    quiet: Quiet = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Say more.")] = False,
) -> None:
    """Read a country's technology position from patent citations."""
    State.quiet, State.verbose = quiet, verbose
    # several BLAS threads slow small matrices down; NumPy is loaded later, by the commands
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if version:
        print(f"netpos {netpos.__version__}")
        raise typer.Exit


def _option(name: str, text: str) -> Any:  # noqa: ANN401 - typer's own marker object
    return typer.Option(name, help=text, show_default=False)


Technologies = Annotated[
    str | None,
    _option("--technologies", "Technology definitions, TOML. [default: the ten of the NTS]"),
]
Focal = Annotated[str | None, _option("--focal", "Country in focus, two letters. [default: NL]")]
By = Annotated[
    str | None,
    _option("--by", "Whose residence comes first: applicant or inventor. [default: applicant]"),
]
Counting = Annotated[
    str | None, _option("--counting", "fractional, country-unique or full. [default: fractional]")
]
Scope = Annotated[
    str | None,
    _option("--scope", "Which links: closed, citing or cited (methods, links). [default: closed]"),
]
From = Annotated[int | None, _option("--from", "First year. [default: 2015]")]
To = Annotated[int | None, _option("--to", "Last year. [default: 2025]")]
Periods = Annotated[
    str | None, _option("--periods", "As 2015-2020,2021-2025. [default: the halves of the span]")
]
YearBy = Annotated[
    str | None, _option("--year-by", "publication or priority. [default: publication]")
]
Window = Annotated[
    int | None, _option("--window", "Count citations up to this many years only. [default: none]")
]
Phase = Annotated[str | None, _option("--phase", "all, examiner or applicant. [default: all]")]
Category = Annotated[str | None, _option("--category", "all, XY or A. [default: all]")]
SelfCitations = Annotated[
    str | None,
    _option(
        "--self-citations",
        "keep, drop, or default: dropped between organisations, kept between countries.",
    ),
]
Benchmark = Annotated[
    str | None,
    _option("--benchmark", "report-7.2, report-7.2.2, eu27 or codes: ranks within the set."),
]
CompareWith = Annotated[
    str | None,
    _option("--compare-with", "One to four countries beside the focal one, as US,DE: a page."),
]
Symbols = Annotated[str | None, _option("--symbols", "both or ipc. [default: both]")]
Narrow = Annotated[bool | None, _option("--narrow", "Use each technology's core patterns.")]
CitingOffice = Annotated[
    str | None, _option("--citing-office", "Links found by these offices, as EP,WO. [default: all]")
]
UtilityModels = Annotated[str | None, _option("--utility-models", "keep or drop. [default: keep]")]
Design = Annotated[
    str | None,
    _option("--design", "world, or focal: one country's families and their surroundings."),
]
Residences = Annotated[
    str | None, _option("--residences", "CSV lens_id,country[,share] for what has no residence.")
]
OfficeProxy = Annotated[
    bool | None,
    _option("--office-proxy", "Let the publishing office stand in for the country (a proxy)."),
]
Aliases = Annotated[
    str | None, _option("--aliases", "CSV alias,name: names of organisations that mean the same.")
]
Memberships = Annotated[
    str | None, _option("--memberships", "Your own table of EU, OECD, NATO years, CSV.")
]
MergeCn = Annotated[bool | None, _option("--merge-cn", "Count Hong Kong and Macao with China.")]
Core = Annotated[
    str | None,
    _option("--core", "rich, borgatti-everett, top-share or k-core. [default: rich]"),
]
Totals = Annotated[
    str | None,
    _option("--totals", "CSV country,families[,year] of all patenting: gives rca."),
]
ComplexityFile = Annotated[
    str | None,
    _option(
        "--complexity",
        "CSV technology,complexity; or country (or region),subclass,families of all patenting; or: "
        "export.",
    ),
]
ComplexitySign = Annotated[
    str | None,
    _option(
        "--complexity-sign",
        "diversity, ubiquity, or agreed: nothing where the two contradict. [default: agreed]",
    ),
]
Regions = Annotated[
    str | None, _option("--regions", "Keep regions of --complexity whose code begins so, as NL.")
]
MinFamilies = Annotated[
    int | None,
    _option("--min-families", "Least families of a region of --complexity. [default: 50]"),
]
FocusAreas = Annotated[
    str | None,
    _option("--focus-areas", "Colour complexity by area: definitions, or technology,focus_area."),
]
Draws = Annotated[
    int | None, _option("--draws", "Draws for the intervals, 0 = none. [default: 1000]")
]
Sensitivity = Annotated[
    bool | None,
    typer.Option(
        "--sensitivity/--no-sensitivity",
        help="Count again in other ways. [default: yes]",
        show_default=False,
    ),
]
ExcelNl = Annotated[
    bool | None, _option("--excel-nl", "Tables once more with ; and decimal comma, in excel-nl/.")
]
Figures = Annotated[
    bool | None,
    typer.Option(
        "--figures/--no-figures",
        help="Draw the figures of the page. [default: yes]",
        show_default=False,
    ),
]
TablesOnly = Annotated[
    bool | None, _option("--tables-only", "Write tables only: no page, maps, graph files, XLSX.")
]
DataDate = Annotated[
    str | None, _option("--data-date", "Date of the data. [default: latest publication]")
]
Lang = Annotated[str | None, _option("--lang", "en or nl. [default: en]")]
Seed = Annotated[int | None, _option("--seed", "Seed of layouts and draws. [default: 0]")]
Config = Annotated[Path | None, _option("--config", "A run.toml; options given here win.")]
Processes = Annotated[
    int | None, _option("--processes", "Threads that read exports. [default: one per core]")
]
MaxRecord = Annotated[
    int | None,
    typer.Option(
        "--max-record",
        help="Longest record read, in MiB. [default: 64]",
        min=1,
        show_default=False,
    ),
]


def _options(config: Path | None, given: dict[str, object]) -> Any:  # noqa: ANN401 - options.Options, imported late
    from netpos import options

    values = options.read_toml(config) if config else {}
    values |= {key: value for key, value in given.items() if value is not None}
    return options.make(values)


def _given(frame: dict[str, object]) -> dict[str, object]:
    keys = {
        "technologies": "technologies",
        "focal": "focal",
        "by": "by",
        "counting": "counting",
        "scope": "scope",
        "from": "from_",
        "to": "to",
        "periods": "periods",
        "year_by": "year_by",
        "window": "window",
        "phase": "phase",
        "category": "category",
        "self_citations": "self_citations",
        "benchmark": "benchmark",
        "compare_with": "compare_with",
        "symbols": "symbols",
        "narrow": "narrow",
        "citing_office": "citing_office",
        "utility_models": "utility_models",
        "design": "design",
        "residences": "residences",
        "office_proxy": "office_proxy",
        "aliases": "aliases",
        "memberships": "memberships",
        "merge_cn": "merge_cn",
        "core": "core",
        "totals": "totals",
        "complexity": "complexity",
        "complexity_sign": "complexity_sign",
        "regions": "regions",
        "min_families": "min_families",
        "focus_areas": "focus_areas",
        "draws": "draws",
        "sensitivity": "sensitivity",
        "excel_nl": "excel_nl",
        "figures": "figures",
        "tables_only": "tables_only",
        "data_date": "data_date",
        "lang": "lang",
        "seed": "seed",
    }
    values = {key: frame[name] for key, name in keys.items()}
    if isinstance(values["focal"], str):
        values["focal"] = values["focal"].strip().upper()
    return values


@app.command()
def demo(
    out: Out = Path("netpos-demo"),
    real: Annotated[
        bool, typer.Option("--real", help="Use the real nuclear patents instead of synthetic data.")
    ] = False,
    lang: Lang = None,
) -> None:
    """Run everything on the bundled input and say which page to open.

    Example: netpos demo --out netpos-demo
    """
    from netpos import options
    from netpos.commands import run as pipeline
    from netpos.countries import data_path

    with _errors():
        given: dict[str, object] = {} if lang is None else {"lang": lang}
        if real:
            exports = [data_path("patentsview_nuclear")]
            given["technologies"] = str(data_path("nuclear_technologies.toml"))
            given |= {"from": 2016, "to": 2022, "focal": "FR"}
        else:
            exports = [data_path("demo_synthetic_lens.jsonl.gz")]
        page = pipeline.run(exports, out, options.make(given), report=say, synthetic=not real)
        _tell(page)


def _tell(page: Path) -> None:
    say("open this page in a browser:")
    print(page)


@app.command()
def run(
    exports: Exports,
    out: Out,
    technologies: Technologies = None,
    focal: Focal = None,
    by: By = None,
    counting: Counting = None,
    scope: Scope = None,
    from_: From = None,
    to: To = None,
    periods: Periods = None,
    year_by: YearBy = None,
    window: Window = None,
    phase: Phase = None,
    category: Category = None,
    self_citations: SelfCitations = None,
    benchmark: Benchmark = None,
    compare_with: CompareWith = None,
    symbols: Symbols = None,
    narrow: Narrow = None,
    citing_office: CitingOffice = None,
    utility_models: UtilityModels = None,
    design: Design = None,
    residences: Residences = None,
    office_proxy: OfficeProxy = None,
    aliases: Aliases = None,
    memberships: Memberships = None,
    merge_cn: MergeCn = None,
    core: Core = None,
    totals: Totals = None,
    complexity: ComplexityFile = None,
    complexity_sign: ComplexitySign = None,
    regions: Regions = None,
    min_families: MinFamilies = None,
    focus_areas: FocusAreas = None,
    draws: Draws = None,
    sensitivity: Sensitivity = None,
    excel_nl: ExcelNl = None,
    figures: Figures = None,
    tables_only: TablesOnly = None,
    data_date: DataDate = None,
    lang: Lang = None,
    seed: Seed = None,
    config: Config = None,
    processes: Processes = None,
    max_record: MaxRecord = None,
) -> None:
    """Do everything: ingest, links, indicators, maps, report.

    Example: netpos run exports/ --out results --focal NL --from 2015 --to 2025
    """
    given = _given(locals()) | {"max_record": max_record}
    from netpos.commands import run as pipeline

    with _errors():
        page = pipeline.run(exports, out, _options(config, given), report=say, processes=processes)
        _tell(page)


@app.command()
def ingest(
    exports: Exports,
    corpus: Annotated[
        Path, typer.Option("--corpus", help="Folder of the corpus.", callback=_reachable)
    ],
    role: Annotated[
        str, typer.Option("--role", help="seed (defines sizes) or context (locates link ends).")
    ] = "seed",
    max_record: MaxRecord = None,
    processes: Processes = None,
) -> None:
    """Read exports into a corpus; run again with more files to add them.

    Example: netpos ingest exports/ --corpus corpus
    """
    from netpos.ingest.corpus import ingest as ingest_exports

    with _errors():
        made = ingest_exports(
            exports,
            corpus,
            role=role,
            processes=processes,
            max_record=(max_record or 64) * 2**20,
            report=say,
        )
        print(account(made.counts))


def account(counts: dict[str, int]) -> str:
    """Say how the records add up."""
    return (
        f"{counts['read']:,} records read = {counts['kept']:,} kept + "
        f"{counts['rejected']:,} rejected + {counts['duplicates']:,} duplicates; "
        f"{counts['families']:,} simple families"
    )


@app.command()
def analyse(
    corpus: Annotated[Path, typer.Argument(help="Folder of a corpus.", callback=_reachable)],
    out: Out,
    technologies: Technologies = None,
    focal: Focal = None,
    by: By = None,
    counting: Counting = None,
    scope: Scope = None,
    from_: From = None,
    to: To = None,
    periods: Periods = None,
    year_by: YearBy = None,
    window: Window = None,
    phase: Phase = None,
    category: Category = None,
    self_citations: SelfCitations = None,
    benchmark: Benchmark = None,
    compare_with: CompareWith = None,
    symbols: Symbols = None,
    narrow: Narrow = None,
    citing_office: CitingOffice = None,
    utility_models: UtilityModels = None,
    design: Design = None,
    residences: Residences = None,
    office_proxy: OfficeProxy = None,
    aliases: Aliases = None,
    memberships: Memberships = None,
    merge_cn: MergeCn = None,
    core: Core = None,
    totals: Totals = None,
    complexity: ComplexityFile = None,
    complexity_sign: ComplexitySign = None,
    regions: Regions = None,
    min_families: MinFamilies = None,
    focus_areas: FocusAreas = None,
    draws: Draws = None,
    sensitivity: Sensitivity = None,
    excel_nl: ExcelNl = None,
    figures: Figures = None,
    tables_only: TablesOnly = None,
    data_date: DataDate = None,
    lang: Lang = None,
    seed: Seed = None,
    config: Config = None,
) -> None:
    """Corpus to results: links, indicators, maps, report.

    Example: netpos analyse corpus --out results --counting full
    """
    given = _given(locals())
    from netpos.commands import run as pipeline

    with _errors():
        _tell(pipeline.analyse(corpus, out, _options(config, given), report=say))


@app.command()
def check(
    exports: Exports,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what each file is, what it holds and what can be computed; writes nothing.

    Example: netpos check exports/
    """
    from netpos.commands import check as checking

    with _errors():
        found = checking.check(exports)
        if as_json:
            print(json.dumps([checking.as_dict(c) for c in found], indent=1, ensure_ascii=False))
        else:
            print("\n\n".join(checking.paragraph(c) for c in found))


@app.command()
def links(
    file: Annotated[
        Path, typer.Argument(help="citing,cited,weight[,technology,period].", callback=_reachable)
    ],
    out: Out,
    families: Annotated[
        Path | None,
        typer.Option(
            "--families", help="country,families[,technology,period].", callback=_reachable
        ),
    ] = None,
    focal: Focal = None,
    year: Annotated[int, typer.Option("--year", help="Reference year of memberships.")] = 2025,
    lang: Lang = None,
) -> None:
    """Indicators, tables and maps from your own link table.

    Example: netpos links flows.csv --families sizes.csv --out results --focal NL
    """
    from netpos import options
    from netpos.commands import links as userdata

    with _errors():
        chosen = options.make({k: v for k, v in {"lang": lang}.items() if v})
        page = userdata.analyse_links(
            file,
            out,
            focal=(focal or "NL").strip().upper(),
            families=families,
            year=year,
            lang=chosen.lang,
            report=say,
        )
        _tell(page)


@app.command()
def complexity(
    file: Annotated[
        Path, typer.Argument(help="country,product,value[,year].", callback=_reachable)
    ],
    out: Out,
    focal: Annotated[
        str | None,
        typer.Option("--focal", help="List the products of this row, code or name of the matrix."),
    ] = None,
    names: Annotated[
        Path | None, typer.Option("--names", help="CSV product,name.", callback=_reachable)
    ] = None,
    top: Annotated[int, typer.Option("--top", help="Length of each list.", min=1)] = 10,
    mix: Annotated[
        str, typer.Option("--mix", help="Weights of nearness, complexity and gain.")
    ] = "50/15/35",
    candidates: Annotated[
        str, typer.Option("--candidates", help="missing (RCA below 1) or all products.")
    ] = "missing",
    least_share: Annotated[
        float,
        typer.Option("--least-share", help="Least part of the own total of a complex product, %."),
    ] = 0.01,
    specialised: Annotated[
        bool, typer.Option("--specialised", help="Complex products with RCA of at least 1 only.")
    ] = False,
    sign: Annotated[
        str,
        typer.Option(
            "--sign", help="diversity, ubiquity, or agreed: nothing where the two contradict."
        ),
    ] = "agreed",
    regions: Annotated[
        str | None, typer.Option("--regions", help="Keep regions whose code begins so, as NL,BE.")
    ] = None,
    least: Annotated[
        float,
        typer.Option("--min-families", help="Leave out regions, mark countries, with less.", min=0),
    ] = 50,
    lang: Lang = None,
) -> None:
    """RCA, ECI, PCI, fitness, relatedness and opportunity from your own matrix, e.g. trade.

    Example: netpos complexity trade.csv --out results --focal NL
    """
    from netpos import options
    from netpos.commands import complexity as matrix

    with _errors():
        by: Any = sign
        _tell(
            matrix.analyse_matrix(
                file,
                out,
                focal=focal,
                names=names,
                chosen=matrix.choices(
                    top=top,
                    mix=mix,
                    candidates=candidates,
                    least_share=least_share,
                    specialised=specialised,
                ),
                sign=by,
                regions=regions,
                least=least,
                lang=options.make({"lang": lang} if lang else {}).lang,
                report=say,
            )
        )


@app.command()
def intensity(
    file: Annotated[
        Path,
        typer.Argument(
            help="country,year,sector,value_added,berd[,gdp,currency].", callback=_reachable
        ),
    ],
    out: Out,
    focal: Focal = None,
    benchmark: Annotated[
        str,
        typer.Option("--benchmark", help="Countries compared with: codes, or the name of a set."),
    ] = "eu27",
    base: Annotated[
        str, typer.Option("--base", help="What weights divide by: gdp or value-added.")
    ] = "gdp",
    pooled: Annotated[
        bool, typer.Option("--pooled", help="Add the benchmark up instead of taking its mean.")
    ] = False,
    benchmark_set: Annotated[
        str,
        typer.Option("--benchmark-set", help="fixed: the same countries each year; or each-year."),
    ] = "fixed",
    sectors: Annotated[
        Path | None,
        typer.Option("--sectors", help="CSV sector,group: merge sectors.", callback=_reachable),
    ] = None,
    variant: Annotated[
        str, typer.Option("--variant", help="A, B, C or D: the one in the figures.")
    ] = "A",
    lang: Lang = None,
) -> None:
    """Why business spends more or less on R&D than elsewhere: structure and intrinsic part.

    Example: netpos intensity sectors.csv --focal NL --benchmark DE,FR,SE --out results
    """
    from netpos import options
    from netpos.commands.intensity import analyse_intensity

    with _errors():
        _tell(
            analyse_intensity(
                file,
                out,
                focal=focal or "NL",
                benchmark=benchmark,
                base=base,
                pooled=pooled,
                benchmark_set=benchmark_set,
                merge=sectors,
                variant=variant,
                lang=options.make({"lang": lang} if lang else {}).lang,
                report=say,
            )
        )


@app.command()
def query(
    technologies: Technologies = None,
    technology: Annotated[str | None, typer.Option("--technology", help="Only this one.")] = None,
    first: Annotated[int | None, typer.Option("--from", help="First publication year.")] = None,
    last: Annotated[int | None, typer.Option("--to", help="Last publication year.")] = None,
    as_: Annotated[
        str, typer.Option("--as", help="lens (query text for the web) or api (JSON bodies).")
    ] = "lens",
    limit: Annotated[
        int, typer.Option("--limit", help="Records that one export may hold.", min=1)
    ] = 50_000,
    counts: Annotated[
        Path | None,
        typer.Option(
            "--counts",
            help="Hits to slice by: CSV year,documents[,technology], or a corpus.",
            callback=_reachable,
        ),
    ] = None,
    slices_per_year: Annotated[
        int,
        typer.Option(
            "--slices", "--slices-per-year", help="Slices of a year: 1, 2, 3, 4, 6 or 12."
        ),
    ] = 1,
    narrow: Annotated[bool, typer.Option("--narrow", help="Core patterns only.")] = False,
    terms: Annotated[int, typer.Option("--terms", help="Most terms in one query.", min=1)] = 500,
    country: Annotated[
        str | None,
        typer.Option("--country", help="Only with a party or a priority there: --design focal."),
    ] = None,
) -> None:
    """Print the Lens queries to run for each technology.

    Example: netpos query --technology quantum --from 2015 --to 2025
    """
    from netpos.commands import query as querying

    with _errors():
        if as_ not in ("lens", "api"):
            raise OptionError(f"--as {as_}: unknown", remedy="choose lens or api")
        form: Any = as_
        print(
            querying.query_command(
                Path(technologies) if technologies else None,
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
            )
        )


@app.command()
def missing(
    corpus: Annotated[Path, typer.Argument(help="Folder of a corpus.", callback=_reachable)],
    technologies: Technologies = None,
    technology: Annotated[str | None, typer.Option("--technology", help="Only this one.")] = None,
    as_: Annotated[
        str, typer.Option("--as", help="ids, lens-query (pieces Lens accepts) or table (CSV).")
    ] = "ids",
    scope: Annotated[
        str, typer.Option("--scope", help="citing, cited or closed: which links to close.")
    ] = "citing",
    focal: Annotated[
        str | None, typer.Option("--focal", help="Only links of this country.")
    ] = None,
    from_: From = None,
    to: To = None,
    top: Annotated[int | None, typer.Option("--top", help="So many documents.", min=1)] = None,
    piece: Annotated[int, typer.Option("--piece", help="Documents per query.", min=1)] = 500,
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

    with _errors():
        if as_ not in ("ids", "lens-query", "table"):
            raise OptionError(f"--as {as_}: unknown", remedy="choose ids, lens-query or table")
        if scope not in ("citing", "cited", "closed"):
            raise OptionError(f"--scope {scope}: unknown", remedy="choose citing, cited or closed")
        given = {"technologies": technologies, "from": from_, "to": to}
        opened = open_corpus(corpus)
        chosen: Any = (scope, as_)
        with reading(opened):
            study = analysis.prepare(
                opened, options.make({k: v for k, v in given.items() if v is not None})
            )
            text, notes = looking.missing_command(
                study,
                technology=technology,
                scope=chosen[0],
                country=focal,
                as_=chosen[1],
                top=top,
                piece=piece,
                families=families,
            )
        for note in notes:
            say(note)
        print(text, end="")


@app.command()
def names(
    corpus: Annotated[Path, typer.Argument(help="Folder of a corpus.", callback=_reachable)],
    out: Out,
) -> None:
    """Write how names of organisations were brought together, and which may belong together.

    Suggestions are never applied by themselves: copy those you accept into an alias file.

    Example: netpos names corpus --out names
    """
    from netpos.commands import names as naming

    with _errors():
        print(naming.write_names(corpus, out))


@app.command()
def explain(
    results: Annotated[
        Path, typer.Argument(help="The --out folder of a run.", callback=_reachable)
    ],
    technology: Annotated[str, typer.Option("--technology", help="Id, or all.")] = "all",
    period: Annotated[str, typer.Option("--period", help="Period, or all.")] = "all",
    country: Annotated[
        str | None, typer.Option("--country", help="A row of countries.csv.")
    ] = None,
    organisation: Annotated[
        str | None, typer.Option("--organisation", help="A row of organisations.csv.")
    ] = None,
    indicator: Annotated[
        str, typer.Option("--indicator", help="A column of the table.")
    ] = "families",
    citing: Annotated[str | None, typer.Option("--citing", help="A cell of links.csv.")] = None,
    cited: Annotated[str | None, typer.Option("--cited", help="A cell of links.csv.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, every family.")] = False,
) -> None:
    """Say which families and documents are behind a number and how they add up.

    Example: netpos explain results --technology quantum --citing NL --cited US
    """
    from netpos.commands import explain as explaining

    with _errors():
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


@app.command()
def compare(
    before: Annotated[Path, typer.Argument(help="The --out folder of a run.", callback=_reachable)],
    after: Annotated[
        Path, typer.Argument(help="The --out folder of another run.", callback=_reachable)
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, every number.")] = False,
) -> None:
    """Say what changed between two runs: data, options, versions, numbers, ranks.

    Example: netpos compare results-2024 results-2025
    """
    from netpos.commands import compare as comparing

    with _errors():
        found = comparing.compare(before, after)
        if as_json:
            print(json.dumps(comparing.as_dict(found), indent=1, ensure_ascii=False))
        else:
            print(comparing.paragraphs(found))


def main() -> None:
    """Run the command line; a defect of netpos ends with exit code 1."""
    run_app: Callable[[], Any] = app
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a name must never stop a run
            ascii_only = codecs.lookup(stream.encoding).name == "ascii"
            stream.reconfigure(encoding="utf-8" if ascii_only else None, errors="backslashreplace")
    try:
        run_app()
    except (InputError, OptionError) as error:  # raised outside a command
        print(f"netpos: {error}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:
        sys.exit(0)


if __name__ == "__main__":
    main()
