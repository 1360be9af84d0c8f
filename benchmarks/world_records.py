"""Records of a synthetic world by blocks, each drawn from the seed and its first family."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import generate as law
import numpy as np
from numpy.typing import NDArray
from world_text import (
    CATEGORY,
    COUNTRY,
    DATED,
    DAY,
    FIRST_YEAR,
    FORM,
    GIVEN,
    GRANTED,
    KIND,
    KIND_COUNT,
    LANGUAGE,
    NOISE,
    OFFICE,
    OTHER_FORM,
    PADDED,
    PHASE,
    PLAIN_OFFICE,
    POOL,
    POSITION,
    SPOKEN,
    STATUS,
    SUBGROUP,
    SURNAME,
    TECH,
    UNDATED,
    UNPADDED,
    UPPER,
    YEAR,
    Column,
    Ints,
    Lists,
    Text,
    digits,
    lens_id,
    only_where,
    prose,
    row,
)


def weighted(rng: np.random.Generator, weights: Iterable[float], size: int) -> Ints:
    """Draw positions with these weights."""
    ends = np.cumsum(np.array(list(weights), dtype=float))
    return np.searchsorted(ends / ends[-1], rng.random(size), side="right")


class World:
    """What all blocks share, drawn from the seed: families, years, offices, organisations."""

    def __init__(self, records: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.records, self.seed = records, seed
        ends = np.cumsum(np.minimum(rng.geometric(0.62, records), 8))
        self.families = int(np.searchsorted(ends, records)) + 1
        ends = np.minimum(ends[: self.families], records)
        self.start = np.concatenate([[0], ends]).astype(np.int32)
        years = 1985 + 39 * (np.arange(self.families) / self.families) ** 0.6
        years += rng.normal(0, 2, self.families)
        self.year = np.clip(years.astype(np.int16), 1978, 2024)
        self.document_year = np.repeat(self.year + np.int16(2), np.diff(self.start))
        self.office = weighted(rng, law.OFFICE_P, records).astype(np.int8)
        self.organisations = max(50, records // 12)
        n = self.organisations
        ranks = [1 / (i + 1) ** 1.1 for i in range(len(law.COUNTRIES))]
        self.country = weighted(rng, ranks, n).astype(np.int16)
        self.form = rng.integers(0, len(law.LEGAL_FORMS), n).astype(np.int8)
        self.words = rng.integers(0, len(law.WORDS), (n, 3)).astype(np.int16)
        self.word_count = np.array([1, 1, 2, 2, 3])[rng.integers(0, 5, n)].astype(np.int8)
        self.chance = np.cumsum(1 / np.arange(1, n + 1) ** 0.85)
        self.chance /= self.chance[-1]

    def described(self, document: Ints) -> tuple[Ints, Ints, Ints]:
        """Return office, kind and year of documents, also of those that are no records."""
        inside = document < self.records
        at = np.where(inside, document, 0)
        office = np.where(inside, self.office[at], document % len(law.OFFICES)).astype(np.int64)
        year = np.where(inside, self.document_year[at], 1980 + document % 44).astype(np.int64)
        return office, document % KIND_COUNT[office], year


def document_id(world: World, n: Ints, *, dated: bool = True) -> NDArray[np.int32]:
    """Write what names a document."""
    office, kind, year = world.described(n)
    kind = office * 3 + kind
    columns: list[Column] = [OFFICE + office, YEAR - FIRST_YEAR + year, digits(n)]
    if not dated:
        return row(n.size, *columns, UNDATED + kind)
    columns += [DATED + kind, YEAR - FIRST_YEAR + year, DAY + n % 84]
    return row(n.size, *columns, POOL.one('"}'))


def organisation(world: World, one: Ints, form: Ints) -> NDArray[np.int32]:
    """Write names of organisations, ``form`` from the first piece of their legal forms."""
    words = UPPER + world.words[one].astype(np.int64)
    words[np.arange(3) >= world.word_count[one][:, None]] = 0
    high = np.where(one < 1000, 0, UNPADDED + one // 1000)
    low = np.where(one < 1000, UNPADDED, PADDED) + one % 1000
    return row(one.size, words, high, low, form + world.form[one])


# --- one block ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Block:
    """Records of whole families, and what the members of a family share."""

    world: World
    rng: np.random.Generator
    n: Ints  # number of each record
    own: Ints  # its family, counted from the first of the block
    family: Ints  # number of each family
    applicants: Ints  # organisations, four a family
    applicant_count: Ints
    symbols: Ints  # technologies, three a family
    symbol_count: Ints
    noise: Ints  # other subclasses, fourteen a family
    noise_count: Ints

    @classmethod
    def drawn(cls, world: World, first: int, last: int) -> Block:
        """Draw the families from ``first`` up to ``last``."""
        rng = np.random.default_rng([world.seed, first])
        family = np.arange(first, last)
        n = np.arange(world.start[first], world.start[last], dtype=np.int64)
        own = np.repeat(np.arange(family.size), np.diff(world.start[first : last + 1]))
        size = family.size
        one = np.searchsorted(world.chance, rng.random((size, 4)))
        return cls(
            world,
            rng,
            n,
            own,
            family,
            np.minimum(one, world.organisations - 1),
            weighted(rng, (74, 18, 6, 2), size) + 1,
            np.argsort(rng.random((size, len(law.TECH))), axis=1)[:, :3],
            weighted(rng, (25, 50, 20, 5), size),
            rng.integers(0, len(law.NOISE), (size, 14)),
            np.array([1, 2, 3, 5, 8, 14])[weighted(rng, (10, 25, 30, 20, 10, 5), size)],
        )

    def some(self, share: float, size: int | None = None) -> NDArray[np.bool_]:
        """Draw which of the records, or of so many items, something is true of."""
        return self.rng.random(self.n.size if size is None else size) < share

    @property
    def year(self) -> Ints:
        """Year of the priority of each record."""
        return self.world.year[self.family][self.own].astype(np.int64)

    def text(self) -> memoryview:
        """Write the records."""
        text = Text(self.n.size)
        self._head(text)
        self._parties(text)
        self._classes(text)
        self._references(text)
        self._cited_by(text)
        self._families(text)
        self._tail(text)
        return text.joined()

    def _head(self, text: Text) -> None:
        world, rng, n, size = self.world, self.rng, self.n, self.n.size
        office, kind, published = world.described(n)
        kind = KIND + office * 3 + kind
        number = row(size, YEAR - FIRST_YEAR + published, digits(n))
        day = row(size, YEAR - FIRST_YEAR + published, DAY + n % 84)
        family, year = self.family[self.own], YEAR - FIRST_YEAR + self.year
        country = COUNTRY + world.country[self.applicants[self.own, 0]].astype(np.int64)
        text.add('{"lens_id":"', lens_id(n), ',"jurisdiction":"', PLAIN_OFFICE + office)
        text.add('","doc_number":"', number, '","kind":"', kind, '","date_published":"', day)
        text.add('","docdb_id":3', digits(n), ',"lang":"', SPOKEN + rng.integers(0, 7, size))
        text.add('","biblio":{"publication_reference":', document_id(world, n))
        text.add(',"application_reference":{"jurisdiction":"', PLAIN_OFFICE + office)
        text.add('","doc_number":"', year + 1, digits(n), '","kind":"A","date":"')
        text.add(year + 1, DAY + family % 84, '"},"priority_claims":{"claims":[{"jurisdiction":"')
        text.add(country, '","doc_number":"', year, digits(family), '","kind":"A","date":"')
        text.add(year, DAY + family % 84, '","sequence":1}],"earliest_claim":{"date":"')
        text.add(year, DAY + family % 84, '"}},"invention_title":[')
        titles = Lists.sized(np.array([1, 1, 3])[rng.integers(0, 3, size)])
        length = rng.integers(5, 17, titles.size)
        words = prose(rng, titles.size, 16, length)
        opening = titles.opening('{"text":"')
        text.lists(titles, opening, words, '","lang":"', LANGUAGE + titles.place, '"}')

    def _parties(self, text: Text) -> None:
        world, rng, size = self.world, self.rng, self.n.size
        named = ~self.some(0.02)
        some = Lists.sized(np.where(named, self.applicant_count[self.own], 0))
        one = self.applicants[self.own[some.of], some.place]
        several = self.applicant_count[self.own[some.of]] > 1
        country = COUNTRY + world.country[one].astype(np.int64)
        resident = ~self.some(0.2, some.size)
        addressed = self.some(0.25, some.size)
        form = np.where(self.some(0.15, some.size), OTHER_FORM, FORM)
        text.add('],"parties":{', np.where(named, POOL.one('"applicants":['), 0))
        text.lists(
            some,
            some.opening('{"extracted_name":{"value":"'),
            organisation(world, one, form),
            '"}',
            *only_where(resident, ',"residence":"', country, '"'),
            *only_where(several, ',"sequence":', UNPADDED + some.place + 1),
            *only_where(
                addressed,
                ',"extracted_address":"',
                UPPER + rng.integers(0, len(law.WORDS), some.size),
                country,
                '"',
            ),
            "}",
        )
        text.add(np.where(named, POOL.one("],"), 0), '"inventors":[')
        counts = np.array([1, 2, 3, 4, 5, 6, 9])
        some = Lists.sized(counts[weighted(rng, (20, 25, 20, 14, 10, 7, 4), size)])
        first = self.applicants[self.own, 0]
        country = COUNTRY + world.country[first].astype(np.int64)
        text.lists(
            some,
            some.opening('{"sequence":'),
            UNPADDED + some.place + 1,
            ',"extracted_name":{"value":"',
            SURNAME + rng.integers(0, len(law.SURNAMES), some.size),
            GIVEN + rng.integers(0, len(law.GIVEN), some.size),
            '"}',
            *only_where(self.some(0.8, some.size), ',"residence":"', country[some.of], '"'),
            "}",
        )
        owner = organisation(world, first, np.full(size, FORM))
        year = YEAR - FIRST_YEAR + self.year + 3
        text.add(
            "]",
            *only_where(
                self.some(0.5),
                ',"owners_all":[{"recorded_date":"',
                year,
                '-05-01","execution_date":"',
                year,
                '-04-11","extracted_name":{"value":"',
                owner,
                '"},"extracted_country":"',
                country,
                '"}]',
            ),
            *only_where(
                self.some(0.5),
                ',"agents":[{"extracted_name":{"value":"',
                UPPER + rng.integers(0, len(law.WORDS), (size, 2)),
                'LLP"},"extracted_country":"GB"}]',
            ),
            "}",
        )

    def _classes(self, text: Text) -> None:
        at = self.own
        symbols = np.where(np.arange(3) < self.symbol_count[:, None], self.symbols, -1)
        yellow = np.isin(symbols, [i for i, s in enumerate(law.TECH) if s.startswith("Y")])
        for name, chosen, most in (
            ("ipcr", (symbols >= 0) & ~yellow, 3),
            ("cpc", symbols >= 0, 14),
        ):
            text.add(f',"classifications_{name}":{{"classifications":[')
            order = np.argsort(~chosen, axis=1, kind="stable")
            first = np.take_along_axis(symbols, order, axis=1)
            count = chosen.sum(axis=1)
            some = Lists.sized((count + np.minimum(self.noise_count, most))[at])
            family = at[some.of]
            own = some.place < count[family]
            other = np.where(own, 0, some.place - count[family])
            tech = TECH + first[family, np.where(own, some.place, 0)]
            size = some.size
            text.lists(
                some,
                some.opening('{"symbol":"'),
                np.where(own, tech, NOISE + self.noise[family, other]),
                *only_where(
                    ~own,
                    UNPADDED + self.rng.integers(1, 100, size),
                    "/",
                    SUBGROUP + self.rng.integers(0, 10_000, size),
                ),
                POSITION + 2 * self.some(0.7, size) + (some.place == 0),
            )
            text.add("]}")

    def _references(self, text: Text) -> None:
        world, rng, size = self.world, self.rng, self.n.size
        patents = np.minimum(rng.lognormal(1.75, 1.0, size).astype(np.int64), 250)
        papers = np.minimum(rng.exponential(2.0, size).astype(np.int64), 30)
        some, total = patents + papers > 0, Lists.sized(patents)
        number = total.size
        # the recent past favoured, and a few hubs: low numbers of a coarse grid
        newest = np.maximum(world.start[self.family][self.own].astype(np.int64), 1)[total.of]
        cited = np.maximum(newest - 1 - (newest * rng.random(number) ** 2.2).astype(np.int64), 0)
        cited -= np.where(self.some(0.25, number), cited % 97, 0)
        outside = world.records + rng.integers(0, world.records * 20, number)
        cited = np.where(self.some(0.6, number), cited, outside)
        text.add(*only_where(some, ',"references_cited":{"citations":['))
        first = rng.integers(0, 5, number)
        second = np.where(self.some(0.25, number), first + rng.integers(1, 5, number), first) % 5
        text.lists(
            total,
            total.opening('{"sequence":'),
            UNPADDED + total.place + 1,
            ',"patcit":{"document_id":',
            document_id(world, cited),
            *only_where(self.some(0.93, number), ',"lens_id":"', lens_id(cited)),
            "}",
            np.where(self.some(0.4, number), CATEGORY + first * 5 + second, 0),
            np.where(self.some(0.8, number), PHASE + rng.integers(0, len(law.PHASES), number), 0),
            "}",
        )
        items = Lists.sized(papers)
        number = items.size
        resolved = self.some(0.6, number)
        doi = rng.integers(0, 10_000_000, (2, number))
        text.lists(
            items,
            items.opening('{"sequence":', patents),
            UNPADDED + items.place + patents[items.of] + 1,
            ',"nplcit":{"text":"',
            SURNAME + rng.integers(0, len(law.SURNAMES), number),
            GIVEN + rng.integers(0, len(law.GIVEN), number),
            ' ET AL: \\"',
            prose(rng, number, 9, 9),
            '\\", ',
            UPPER + rng.integers(0, len(law.WORDS), (number, 2)),
            ", vol. ",
            UNPADDED + rng.integers(1, 91, number),
            ", ",
            (YEAR - FIRST_YEAR - 3 + self.year)[items.of],
            ", pages ",
            UNPADDED + rng.integers(1, 401, number),
            " - ",
            UNPADDED + rng.integers(401, 901, number),
            ", XP",
            digits(rng.integers(0, 10**9, number)),
            '"',
            *only_where(
                resolved,
                ',"lens_id":"',
                lens_id(10**12 + rng.integers(0, 10**9, number)),
                ',"external_ids":["10.1',
                PADDED + rng.integers(0, 1000, number),
                "/",
                digits(doi[0]),
                '","',
                digits(doi[1]),
                '"]',
            ),
            "}",
            PHASE + rng.integers(0, len(law.PHASES), number),
            "}",
        )
        found = np.bincount(items.of[resolved], minlength=size)
        text.add(
            *only_where(some, "]"),
            *only_where(patents > 0, ',"patent_count":', UNPADDED + patents),
            *only_where(papers > 0, ',"npl_count":', UNPADDED + papers),
            *only_where(found > 0, ',"npl_resolved_count":', UNPADDED + found),
            *only_where(some, "}"),
        )

    def _cited_by(self, text: Text) -> None:
        world, rng, n = self.world, self.rng, self.n
        count = np.minimum(rng.lognormal(1.0, 1.2, n.size).astype(np.int64), 200)
        items = Lists.sized(count)
        end = world.records + world.records // 3
        citing = rng.integers(n[items.of], end)
        text.add(',"cited_by":{', *only_where(count > 0, '"patents":['))
        text.lists(
            items,
            items.opening('{"document_id":'),
            document_id(world, citing, dated=False),
            ',"lens_id":"',
            lens_id(citing),
            "}",
        )
        text.add(*only_where(count > 0, '],"patent_count":', UNPADDED + count), "}")

    def _families(self, text: Text) -> None:
        world, rng, at = self.world, self.rng, self.own
        start = world.start[self.family].astype(np.int64)
        inside = np.diff(world.start[self.family[0] : self.family[-1] + 2]).astype(np.int64)
        beyond = rng.geometric(0.30, self.family.size) - 1  # members outside this collection
        extended = np.array([0, 0, 0, 1, 3])[rng.integers(0, 5, self.family.size)]
        text.add('},"families":{')
        for name, count, last in (
            ("simple", inside + beyond, "},"),
            ("extended", inside + beyond + extended, "}}"),
        ):
            items = Lists.sized(count[at])
            family = at[items.of]
            place = items.place - inside[family]
            other = np.where(place < beyond[family], place, 40 + place - beyond[family])
            other += world.records * 30 + self.family[family] * 64
            member = np.where(place < 0, start[family] + items.place, other)
            text.add(f'"{name}_family":{{"family_id":{1 + (name == "extended")}')
            text.add(digits(self.family[at]), ',"members":[')
            text.lists(
                items,
                items.opening('{"document_id":'),
                document_id(world, member),
                ',"lens_id":"',
                lens_id(member),
                "}",
            )
            text.add('],"size":', UNPADDED + count[at], last)

    def _tail(self, text: Text) -> None:
        world, rng, n, size = self.world, self.rng, self.n, self.n.size
        office, kind, published = world.described(n)
        granted = GRANTED[office, kind]
        published = YEAR - FIRST_YEAR + published
        year, day = YEAR - FIRST_YEAR + self.year, DAY + self.family[self.own] % 84
        term = year + 21
        text.add(
            ',"legal_status":{',
            *only_where(granted, '"granted":true,"grant_date":"', published, DAY + n % 84),
            *only_where(granted, '","anticipated_term_date":"', term, '-01-01",'),
            '"calculation_log":["Application Filing Date: ',
            year + 1,
            day,
            '","Anticipated Termination Date: ',
            term,
            '-01-01"],"patent_status":"',
            STATUS + rng.integers(0, 5, size),
            '"},"abstract":[{"text":"',
            prose(rng, size, 10, 10),
            ' “Δt ≥ 5 µm” é","lang":"en"}],"publication_type":"',
            np.where(granted, POOL.one("GRANTED_PATENT"), POOL.one("PATENT_APPLICATION")),
            '"}\n',
        )
