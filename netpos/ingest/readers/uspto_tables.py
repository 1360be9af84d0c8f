"""Bulk tables of the USPTO (PatentsView): a folder of ``g_*.tsv``, with or without ``pg_*``.

Columns are found by name, since vintages differ. Each table is streamed into DuckDB, on disk where
it does not fit under a memory limit, joined to the documents, and handed on some documents at a
time. There is no family number: documents of one application are taken for one family.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import duckdb
import polars as pl

from netpos.errors import InputError
from netpos.ingest.document_numbers import normal_numbers
from netpos.ingest.locate import coded
from netpos.ingest.number_keys import is_packed
from netpos.ingest.readers.uspto_files import not_read, open_table
from netpos.ingest.recognise import table_name
from netpos.ingest.records import (
    CLASSES,
    MEMBERS,
    OUTSIDE,
    PARTIES,
    PHASE_NUMBER,
    RECORDS,
    REFERENCES,
    REJECTED,
    Batch,
    drop_blank_parties,
    finished,
    frame,
)

FORM = "uspto-tables"
#: Documents handed on at a time.
ROWS = 40_000
MEMORY = "1GB"
#: The tables of documents: their key, and other names of columns in order of preference.
_DOCUMENTS = {
    "g": ("g_patent", "patent_id", ("patent_date",), ("patent_type",), ("wipo_kind",)),
    "pg": (
        "pg_published_application",
        "pgpub_id",
        ("published_date", "publication_date"),
        ("patent_type", "application_type"),
        ("wipo_kind",),
    ),
}
_TYPES = {
    "utility": "GRANTED_PATENT",
    "reissue": "GRANTED_PATENT",
    "design": "DESIGN_RIGHT",
    "plant": "PLANT_PATENT",
    "statutory invention registration": "STATUTORY_INVENTION_REGISTRATION",
}
_PHASES = {
    "cited by examiner": PHASE_NUMBER["EXA"],
    "cited by applicant": PHASE_NUMBER["APP"],
    "cited by third party": PHASE_NUMBER["TPO"],
}
#: Codes of offices as old tables write them.
_OFFICES = {"JA": "JP", "DT": "DE", "DL": "DD"}
#: What a kind says of the letters that a cited number has lost.
_LETTERS = {"S": "D", "P": "PP", "E": "RE", "H": "H"}
_CITED = (
    ("g_us_patent_citation", "citation_patent_id", None),
    ("g_us_application_citation", "citation_document_number", None),
    ("g_foreign_citation", "citation_application_id", "citation_country"),
)
_Names = str | Sequence[str]
_LOST = {
    "g_us_patent_citation": "citations of US grants",
    "g_us_application_citation": "citations of US applications",
    "g_foreign_citation": "citations of documents of other offices",
    "g_location_disambiguated": "countries",
    "g_assignee_disambiguated": "owners",
    "g_inventor_disambiguated": "inventors",
    "g_cpc_current": "CPC classes, and technologies by them",
    "g_application": "families of a grant and its publication, dates of filing",
}


def read_tables(
    paths: Sequence[Path],
    *,
    file: str,
    chosen: Callable[[pl.DataFrame], pl.Series] | None = None,
) -> Iterator[Batch]:
    """Read the documents of a folder of bulk tables.

    Parameters
    ----------
    paths
        The tables; ``g_patent`` is among them.
    file
        How messages call the folder.
    chosen
        Which symbols (``scheme, symbol``) a document, or another of its application, must have
        one of; default: all documents.

    Raises
    ------
    InputError
        A table is damaged, or lacks a column that cannot be done without.
    """
    tables = {str(table_name(p.name)): p for p in paths}
    with (
        tempfile.TemporaryDirectory(prefix="netpos-") as folder,
        duckdb.connect(str(Path(folder) / "tables.duckdb")) as store,
    ):
        for setting in (
            f"memory_limit = '{MEMORY}'",
            "threads = 2",
            "preserve_insertion_order = false",
        ):
            store.execute(f"set {setting}").fetchall()
        try:
            yield from _Tables(store, tables, file).batches(chosen)
        except duckdb.Error as error:
            reason = str(error).splitlines()[0][:160]
            problem = f"the tables cannot be read ({reason})"
            raise InputError(problem, file=file, remedy="download them again") from error


class _Tables:
    """The tables in a store, joined to the documents."""

    def __init__(self, store: duckdb.DuckDBPyConnection, paths: dict[str, Path], file: str) -> None:
        self.store, self.paths, self.file = store, paths, file
        self.notes: list[str] = []
        for name, what in _LOST.items():
            if name not in paths:
                self.notes.append(f"the table {name} is not there: no {what}")
        if unread := not_read(paths):
            self.notes.append(f"tables of which nothing is read: {', '.join(unread)}")

    def batches(self, chosen: Callable[[pl.DataFrame], pl.Series] | None = None) -> Iterator[Batch]:
        """Fill the store and yield the documents."""
        self._documents()
        self._applications()
        for prefix in ("g", "pg"):
            self._classes(prefix)
        if chosen is not None:
            self._choose(chosen)
        for prefix in ("g", "pg"):
            self._parties(prefix)
        self._citations()
        n = self._one("select count(*) from document")
        for low in range(0, max(n, 1), ROWS):
            yield self._batch(low, low + ROWS, self.notes if low == 0 else [])

    def _one(self, query: str) -> int:
        ((number,),) = self.store.execute(query).fetchall()
        return int(number)

    def _do(self, statement: str, values: Sequence[object] | None = None) -> None:
        """Run a statement to its end, which its result is fetched for."""
        self.store.execute(statement, values).fetchall()

    def _load(self, name: str, into: str, query: str, needed: Sequence[_Names], *more: str) -> bool:
        """Run a query on a table, which it calls ``t``, streamed; tell whether it is there."""
        if name not in self.paths:
            return False
        table = open_table(self.paths[name], needed, more)
        with table:
            self.store.register("t", table.reader)
            self._do(f"insert into {into} {query}")
            self.store.unregister("t")
        if table.bad:
            self.notes.append(f"{len(table.bad)} rows of {name} have too few or too many cells")
            if into == "document":
                for line in table.bad:
                    self._do(
                        "insert into rejected values (?, ?)",
                        [line, f"{name}: too few or too many cells"],
                    )
        return True

    def _documents(self) -> None:
        several = (
            "create table document (r bigint, prefix text, line bigint, id text, day text, "
            "kind text, type text, withdrawn text, application text, filed text, title text);"
            "create table rejected (line bigint, reason text);"
            "create table application (id text, prefix text, application text, filed text);"
            "create table party (r bigint, role text, seq bigint, name text, country text);"
            "create table class (r bigint, scheme text, seq bigint, symbol text);"
            "create table citation (r bigint, part int, seq bigint, office text, number text, "
            "kind text, word text);"
            "create table member (r bigint, number text);"
            "create table location (prefix text, id text, country text)"
        )
        for statement in several.split(";"):
            self._do(statement)
        for prefix, (name, key, day, kinds, wipo) in _DOCUMENTS.items():
            first = self._one("select count(*) from document")
            title = "patent_title" if prefix == "g" else "application_title"
            application = "null, null" if prefix == "g" else "application_id, filing_date"
            self._load(
                name,
                "document",
                f"select {first} + row_number() over (order by line) - 1, '{prefix}', line, {key}, "
                f"{day[0]}, {wipo[0]}, {kinds[0]}, withdrawn, {application}, {title} from t",
                [key, day],
                title,
                wipo[0],
                kinds[0],
                "withdrawn",
                "application_id",
                "filing_date",
            )

    def _applications(self) -> None:
        self._load(
            "g_application",
            "application",
            "select patent_id, 'g', application_id, filing_date from t",
            ["patent_id", "application_id"],
            "filing_date",
        )
        self._do("create table crosswalk (pgpub text, patent text, application text)")
        self._load(
            "pg_granted_pgpubs_crosswalk",
            "crosswalk",
            "select pgpub_id, patent_id, application_id from t",
            ["pgpub_id", "patent_id"],
            "application_id",
        )
        # of several rows of a document the first by its text
        several = (
            "insert into application select patent, 'g', application, null from crosswalk "
            "where application is not null and patent not in (select id from application "
            "where prefix = 'g' and id is not null) and patent is not null;"
            "insert into application select pgpub, 'pg', application, null from crosswalk "
            "where application is not null;"
            "create table filed as select id, prefix, min(application) as application, "
            "min(filed) as filed from application group by id, prefix;"
            "create table joined as select d.* replace "
            "(coalesce(d.application, f.application) as application, "
            "coalesce(d.filed, f.filed) as filed) from document d left join filed f "
            "on d.id = f.id and d.prefix = f.prefix order by r;"
            "insert into member select distinct r, pgpub from crosswalk c join document d "
            "on c.patent = d.id and d.prefix = 'g' where pgpub is not null"
        )
        for statement in several.split(";"):
            self._do(statement)

    def _parties(self, prefix: str) -> None:
        key = _DOCUMENTS[prefix][1]
        self._load(
            f"{prefix}_location_disambiguated",
            "location",
            f"select '{prefix}', location_id, min(disambig_country) from t group by location_id",
            ["location_id", ("disambig_country", "country")],
        )
        for role, word in (("applicant", "assignee"), ("inventor", "inventor")):
            person = (
                f"disambig_{word}_individual_name"
                if word == "assignee"
                else ("disambig_inventor_name")
            )
            organisation = f"disambig_{word}_organization"
            name = (
                f"coalesce({organisation}, case when {person}_last is not null and "
                f"{person}_first is not null then {person}_last || '; ' || {person}_first "
                f"else coalesce({person}_last, {person}_first) end)"
            )
            self._load(
                f"{prefix}_{word}_disambiguated",
                "party",
                f"select d.r, '{role}', try_cast({word}_sequence as bigint), {name}, l.country "
                f"from t join document d on t.{key} = d.id and d.prefix = '{prefix}' "
                f"left join location l on t.location_id = l.id and l.prefix = '{prefix}'",
                [key],
                f"{word}_sequence",
                organisation,
                f"{person}_first",
                f"{person}_last",
                "location_id",
            )

    def _classes(self, prefix: str) -> None:
        key = _DOCUMENTS[prefix][1]
        joined = f"from t join document d on t.{key} = d.id and d.prefix = '{prefix}'"
        self._load(
            f"{prefix}_cpc_current",
            "class",
            f"select d.r, 'CPC', try_cast(cpc_sequence as bigint), cpc_group {joined}",
            [key, ("cpc_group", "cpc_subgroup_id", "cpc_group_id")],
            "cpc_sequence",
        )
        self._load(
            f"{prefix}_ipc_at_issue",
            "class",
            "select d.r, 'IPC', try_cast(ipc_sequence as bigint), section || "
            f"lpad(ipc_class, 2, '0') || subclass || main_group || '/' || subgroup {joined}",
            [key, "section", "ipc_class", "subclass", "main_group", "subgroup"],
            "ipc_sequence",
        )

    def _choose(self, chosen: Callable[[pl.DataFrame], pl.Series]) -> None:
        """Keep documents with a symbol that is chosen, and others of their applications."""
        every = self._one("select count(*) from document")
        symbols = self._read("select distinct scheme, symbol from class where symbol is not null")
        wanted = symbols.filter(chosen(symbols)).to_arrow()
        self.store.register("wanted", wanted)
        several = (
            "create table hit as select distinct c.r from class c join wanted w "
            "on c.scheme = w.scheme and c.symbol = w.symbol;"
            "create table kept as select r as old, row_number() over (order by r) - 1 as r "
            "from joined where r in (select r from hit) or application in (select application "
            "from joined where r in (select r from hit) and application is not null)"
        )
        for name in ("document", "joined", "class", "member"):
            several += (
                f";create or replace table {name} as select t.* replace (k.r as r) "
                f"from {name} t join kept k on t.r = k.old"
            )
        for statement in several.split(";"):
            self._do(statement)
        self.store.unregister("wanted")
        if out := every - self._one("select count(*) from document"):
            self.notes.append(f"{out} documents have no class of the technologies and are left out")

    def _citations(self) -> None:
        for part, (name, number, office) in enumerate(_CITED):
            stated = "'US'" if office is None else f"upper(trim({office}))"
            self._load(
                name,
                "citation",
                f"select d.r, {part}, try_cast(citation_sequence as bigint), {stated}, {number}, "
                "upper(trim(wipo_kind)), lower(trim(citation_category)) from t "
                "join document d on t.patent_id = d.id and d.prefix = 'g'",
                ["patent_id", number, *([office] if office else [])],
                "citation_sequence",
                "wipo_kind",
                "citation_category",
            )

    def _read(self, query: str) -> pl.DataFrame:
        found = pl.from_arrow(self.store.sql(query).to_arrow_table())
        assert isinstance(found, pl.DataFrame)  # of a table
        return found

    def _rows(self, table: str, order: str, low: int, high: int) -> pl.DataFrame:
        found = self._read(
            f"select * from {table} where r >= {low} and r < {high} order by {order}"
        )
        return found.with_columns(row=(pl.col("r") - low).cast(pl.Int32))

    def _batch(self, low: int, high: int, notes: list[str]) -> Batch:
        documents = self._rows("joined", "r", low, high)
        records, reason = _records(documents)
        lost = [records.select("line", reason=reason).filter(reason.is_not_null())]
        if low == 0:
            lost.append(self._read("select * from rejected order by line, reason"))
        good = reason.is_null()
        place = (good.cum_sum().cast(pl.Int32) - 1).alias("place")

        def kept(table: pl.DataFrame) -> pl.DataFrame:
            """Rows of documents that are kept, numbered as these are."""
            table = table.filter(good.gather(table["row"]))
            return table.with_columns(row=place.gather(table["row"]))

        references, odd, words = _references(
            kept(self._rows("citation", "r, part, seq, number", low, high))
        )
        parties = kept(self._rows("party", "r, role, seq, name, country", low, high))
        classes = kept(self._rows("class", "r, scheme, seq, symbol", low, high))
        members = kept(self._rows("member", "r, number", low, high))
        notes = notes + [f"{n} references of no known phase ('{w}')" for w, n in words]
        return Batch(
            finished(records.filter(good), references),
            drop_blank_parties(
                parties.select("row", "role", "name", residence="country").cast(pl.Schema(PARTIES))
            ),
            classes.select("row", "scheme", "symbol").drop_nulls("symbol").cast(pl.Schema(CLASSES)),
            _members(members),
            references,
            odd,
            pl.concat([t.cast(pl.Schema(REJECTED)) for t in lost]).sort("line"),
            notes,
        )


def _text(column: str) -> pl.Expr:
    stripped = pl.col(column).str.strip_chars()
    return pl.when(stripped != "").then(stripped)


def _records(table: pl.DataFrame) -> tuple[pl.DataFrame, pl.Series]:
    """Return records, and why a row is none."""
    n = table.height
    us = pl.repeat("US", n, dtype=pl.String, eager=True)
    table = table.with_columns(
        kind=_text("kind").str.to_uppercase(),
        number=normal_numbers(us, table["id"].str.strip_chars()),
        published=_text("day").str.to_date("%Y-%m-%d", strict=False),
        application_date=_text("filed").str.to_date("%Y-%m-%d", strict=False),
        type=_text("type").str.to_lowercase(),
        application=_text("application").str.replace_all(r"[^0-9]", "").str.strip_chars_start("0"),
    )
    pre = pl.col("prefix") == "pg"
    table = table.with_columns(
        kind=pl.when(pre).then(pl.col("kind").fill_null("A1")).otherwise("kind")
    )
    key = coded(us, table["number"], table["kind"])[0]
    reason = table.select(
        pl.when(pl.col("number").is_null())
        .then(pl.lit("no number"))
        .when(pl.col("withdrawn").str.strip_chars().is_in(["1", "t", "true", "True"]))
        .then(pl.lit("withdrawn"))
        .when(pl.col("published").is_null() & _text("day").is_not_null())
        .then(pl.format("'{}' is not a date", pl.col("day").str.slice(0, 40)))
        .alias("reason")
    )["reason"]
    names = table["prefix"].replace({p: d[0] for p, d in _DOCUMENTS.items()})
    reason = names + ": " + reason
    grant = ~pre & ~pl.col("type").is_in(["defensive publication"]).fill_null(value=False)
    named = pl.col("type").replace_strict(_TYPES, default="UNKNOWN", return_dtype=pl.String)
    of_design = pl.col("type").is_in(["design", "plant"]).fill_null(value=False)
    kinds = pl.when(pre & ~of_design).then(pl.lit("PATENT_APPLICATION")).otherwise(named)
    found = table.select(
        doc=pl.Series(key, dtype=pl.Int64),
        lens_id=pl.concat_str(pl.lit("US"), "number", "kind", separator="_", ignore_nulls=True),
        line="line",
        form=pl.lit(FORM),
        office=pl.lit("US"),
        doc_number="number",
        kind="kind",
        published="published",
        publication_type=kinds,
        granted=pl.when(grant).then(pl.lit(value=True)),
        application_date="application_date",
        grant_date=pl.when(grant).then("published"),
        family_source=pl.when(pl.col("application") != "").then(
            pl.concat_str(pl.lit("uspto:"), "application")
        ),
        title="title",
        title_language=pl.when(pl.col("title").is_not_null()).then(pl.lit("en")),
    )
    return found.with_columns(
        pl.lit(None, t).alias(c) for c, t in RECORDS.items() if c not in found.columns
    ).select([pl.col(c).cast(t) for c, t in RECORDS.items()]), reason


def _references(table: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, list[tuple[str, int]]]:
    """Return references, documents with odd numbers, and words that are no phase."""
    kind = pl.when(pl.col("kind") != "").then("kind")
    lost = kind.str.slice(0, 1).replace_strict(_LETTERS, default="", return_dtype=pl.String)
    bare = pl.col("number").str.contains(r"^[0-9]+$") & (pl.col("part") == 0)
    office = pl.col("office").replace(_OFFICES)
    table = table.with_columns(
        office=pl.when(office.str.contains(r"^[A-Z]{2}$")).then(office),
        kind=kind,
        number=pl.when(bare).then(lost.fill_null("") + pl.col("number")).otherwise("number"),
    )
    number = normal_numbers(table["office"], table["number"])
    exact = coded(table["office"], number, table["kind"])[0]
    word = pl.col("word").fill_null("")
    strange = table.select(word=word).filter(~pl.col("word").is_in([*_PHASES, ""]))
    words = sorted(Counter(strange["word"].str.slice(0, 40).to_list()).items())
    found = table.select(
        "row",
        other=pl.Series(exact, dtype=pl.Int64),
        cited_by=pl.lit(value=False),
        phase=word.replace_strict(_PHASES, default=0, return_dtype=pl.UInt8),
        categories=pl.lit(0, pl.UInt16),
    ).cast(pl.Schema(REFERENCES))
    named = pl.Series(exact != 0)
    odd = pl.Series((exact != 0) & ~is_packed(exact))
    outside = table.with_columns(other=pl.Series(exact), number=number).filter(odd).unique("other")
    described = outside.sort("other").select(
        "other",
        lens_id=pl.lit(None, pl.String),
        office="office",
        doc_number="number",
        kind="kind",
        date=pl.lit(None, pl.Date),
        content=pl.lit(0, pl.Int64),
    )
    return found.filter(named), described.cast(pl.Schema(OUTSIDE)), words


def _members(table: pl.DataFrame) -> pl.DataFrame:
    """Return publications of a grant's application, which the crosswalk names without a kind."""
    if not table.height:
        return frame(MEMBERS)
    us = pl.repeat("US", table.height, dtype=pl.String, eager=True)
    none = pl.repeat(None, table.height, dtype=pl.String, eager=True)
    key = coded(us, normal_numbers(us, table["number"]), none)[0]
    # no office: the crosswalk does not say at which others the family is
    found = table.select("row", member=pl.Series(key), office=none, doc_number=none, kind=none)
    return found.filter(pl.col("member") != 0).cast(pl.Schema(MEMBERS))
