"""The indicators counted again from Lens records, with nothing but dicts, loops and fractions.

Written from the method notes and not from netpos, which is not imported here. Slow and plain on
purpose: each rule stands once, in the order in which the notes state it.
"""

from __future__ import annotations

import csv
import math
from collections import Counter, defaultdict
from fractions import Fraction
from pathlib import Path

from tests.oracle.records import NO_INVENTIONS, country, families, firm, read

PHASES = {"examiner": {"SEA", "ISR", "SUP", "PRS", "CH2", "EXA"}, "applicant": {"APP"}}
CATEGORIES = {"XY": {"X", "I", "Y"}, "A": {"A"}}
RULES = ("applicant", "inventor", "imputed", "lookup", "priority", "office", "unknown")
DEFAULTS = {
    "by": "applicant",
    "counting": "fractional",
    "scope": "closed",
    "phase": "all",
    "category": "all",
    "focal": "NL",
    "from": 2015,
    "to": 2025,
    "periods": "",
    "year_by": "publication",
    "window": None,
    "self_citations": "default",
    "symbols": "both",
    "utility_models": "keep",
    "merge_cn": False,
    "office_proxy": False,
}


# --- countries ----------------------------------------------------------------------------------


def equal_parts(codes):
    return {c: Fraction(1, len(codes)) for c in codes}


def by_parties(located):
    counts = Counter(c for c in located if c)
    total = sum(counts.values())
    return {c: Fraction(n, total) for c, n in counts.items()}


def imputation(found, merge_cn):
    """The country that at least nine in ten of a firm's located families name."""
    seen = defaultdict(Counter)
    for f in found:
        for name, c in set(f.parties("applicant", merge_cn)):
            if name and firm(name) and c:
                seen[name][c] += 1
    usual = {}
    for name, counts in seen.items():
        best, n = counts.most_common(1)[0]
        if 10 * n >= 9 * sum(counts.values()):
            usual[name] = best
    return usual


def locate(found, options, lookup):
    """Country shares of each family, and the rule that gave them."""
    merge = options["merge_cn"]
    usual = imputation(found, merge)
    out = []
    for k, f in enumerate(found):
        applicants, inventors = f.parties("applicant", merge), f.parties("inventor", merge)
        first, second = by_parties(c for _, c in applicants), by_parties(c for _, c in inventors)
        steps = [("applicant", first), ("inventor", second)]
        if options["by"] == "inventor":
            steps.reverse()
        guessed = [usual.get(n) for n, c in applicants if n and firm(n) and c is None]
        steps.append(("imputed", by_parties(guessed)))
        if lookup.get(k):
            total = sum(lookup[k].values())
            steps.append(("lookup", {c: s / total for c, s in lookup[k].items()}))
        national = {country(o, None, merge) for o in f.priority_offices} - {None}
        steps.append(("priority", equal_parts(national)))
        if options["office_proxy"]:
            offices = {country(o, None, merge) for o in f.offices} - {None}
            steps.append(("office", equal_parts(offices)))
        out.append(next(((s, rule) for rule, s in steps if s), ({}, "unknown")))
    return out


def counted(shares, counting):
    if counting == "country-unique":
        return equal_parts(shares)
    return dict.fromkeys(shares, Fraction(1)) if counting == "full" else shares


# --- the whole study ----------------------------------------------------------------------------


class Oracle:
    """Everything of one corpus under one set of options; `tables` gives the numbers."""

    def __init__(self, lines, technologies, memberships, options=None, residences=()):
        self.options = DEFAULTS | (options or {})
        self.technologies = technologies  # {id: {"ipc": [prefix], "cpc": [prefix]}}
        self.documents, self.counts = read(lines)
        self.families, self.family_of = families(self.documents)
        self.outside, self.dates, self.office = {}, {}, {}  # documents beyond the families
        self.pairs = self._pairs()
        at_home, abroad = self._looked_up(residences)
        located = locate(self.families, self.options, at_home)
        self.rule = [rule for _, rule in located]
        shares = {k: s for k, (s, _) in enumerate(located)} | abroad
        self.shares = {k: counted(s, self.options["counting"]) for k, s in shares.items()}
        self.links = self._filtered()
        self.data_date = max(d.published for d in self.documents if d.published)
        self.links = self._windowed()
        self.blocs = self._blocs(memberships)

    # documents named without a Lens ID
    def _node(self, lens_id, number):
        if lens_id is None:
            have = sorted(d.id for d in self.documents if d.number == number and number[2])
            lens_id = have[0] if have else None
        key = lens_id or number
        if key in self.family_of:
            return self.family_of[key]
        return self.outside.setdefault(key, len(self.families) + len(self.outside))

    def _pairs(self):
        pairs = defaultdict(list)
        for d in self.documents:
            if d.type in NO_INVENTIONS:
                continue
            own = self.family_of[d.id]
            for cited_by, lens_id, number, phase, letters, day in d.mentions:
                other = self._node(lens_id, number)
                if day and other >= len(self.families):
                    self.dates[other] = min(day, self.dates.get(other, day))
                if number and other >= len(self.families):
                    self.office[other] = number[0]
                if other != own:
                    pair = (other, own) if cited_by else (own, other)
                    pairs[pair].append((cited_by, phase, letters))
        for d in self.documents:  # what designs say of the documents that they name counts too
            for _, lens_id, number, _, _, day in d.mentions:
                node = self.outside.get(lens_id or number)
                if day and node is not None:
                    self.dates[node] = min(day, self.dates.get(node, day))
        return pairs

    def _looked_up(self, residences):
        """The user's residences and the office proxy: by family, and of documents outside."""
        home, abroad = defaultdict(lambda: defaultdict(Fraction)), {}
        out = defaultdict(lambda: defaultdict(Fraction))
        merge = self.options["merge_cn"]
        whole = Counter()
        for lens_id, _, share in residences:
            whole[lens_id] += share
        for lens_id, code, share in residences:
            c, part = country(code, None, merge), Fraction(share, whole[lens_id])
            if c and lens_id in self.family_of:
                home[self.family_of[lens_id]][c] += part
            elif c and lens_id in self.outside:
                out[self.outside[lens_id]][c] += part
        for node, parts in out.items():
            abroad[node] = {c: s / sum(parts.values()) for c, s in parts.items()}
        if self.options["office_proxy"]:
            for node, office in self.office.items():
                c = country(office, self.dates.get(node), merge)
                if c and node not in abroad:
                    abroad[node] = {c: Fraction(1)}
        return home, abroad

    def _filtered(self):
        phase, category = self.options["phase"], self.options["category"]

        def passes(cited_by, p, letters):
            if phase == "all" and category == "all":
                return True
            return (
                not cited_by
                and (phase == "all" or p in PHASES[phase])
                and (category == "all" or bool(letters & CATEGORIES[category]))
            )

        return {pair for pair, mentions in self.pairs.items() if any(passes(*m) for m in mentions)}

    def _windowed(self):
        window = self.options["window"]
        if window is None:
            return self.links

        def year(node):
            if node < len(self.families):
                return self.families[node].publication_year
            return self.dates[node].year if node in self.dates else None

        kept = set()
        for a, b in self.links:
            if year(a) is not None and year(b) is not None:
                complete = year(b) + window <= self.data_date.year - 1
                if 0 <= year(a) - year(b) <= window and complete:
                    kept.add((a, b))
        return kept

    def _blocs(self, path):
        year, table = self.data_date.year, {}
        with Path(path).open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):

                def since(column, row=row):
                    return bool(row[column]) and int(row[column]) <= year

                left = bool(row["eu_to"]) and year >= int(row["eu_to"])
                table[row["iso2"]] = (
                    since("eu_from") and not left,
                    since("oecd_from") or since("nato_from"),
                )
        return table

    def member(self, technology):
        def has(f):
            for scheme, symbol in f.symbols:
                wanted = self.technologies[technology]
                if scheme == "CPC" and self.options["symbols"] == "ipc":
                    continue
                patterns = wanted["ipc"] + (wanted["cpc"] if scheme == "CPC" else [])
                if any(symbol.startswith(p) for p in patterns):
                    return True
            return False

        drop = self.options["utility_models"] == "drop"
        return {k for k, f in enumerate(self.families) if has(f) and not (drop and f.utility)}

    def year(self, node):
        if node >= len(self.families):  # of a document outside no priority is known
            dated = self.options["year_by"] == "publication" and node in self.dates
            return self.dates[node].year if dated else None
        f = self.families[node]
        if self.options["year_by"] == "publication":
            return f.publication_year
        return f.priority_year if f.priority_year > 1 else None

    def organisations(self, node):
        if node >= len(self.families):
            return set()
        parties = self.families[node].parties("applicant", self.options["merge_cn"])
        return {n for n, _ in parties if n and firm(n)}

    def cut(self, member, span, scope):
        """Pairs that count: (citing, cited)."""

        def inside(a, b):
            year = self.year(a)
            if year is None or not span[0] <= year <= span[1]:
                return False
            if scope != "cited" and a not in member:
                return False
            if scope != "citing" and b not in member:
                return False
            dropped = self.options["self_citations"] == "drop"
            return not (dropped and self.organisations(a) & self.organisations(b))

        return {(a, b) for a, b in self.links if inside(a, b)}

    def weights(self, pairs):
        weight, number = defaultdict(Fraction), Counter()
        for a, b in pairs:
            for i, s in self.shares.get(a, {}).items():
                for j, t in self.shares.get(b, {}).items():
                    weight[i, j] += s * t
                    number[i, j] += 1
        return dict(weight), number

    def spans(self):
        first, last = self.options["from"], self.options["to"]
        out = []
        for piece in filter(None, self.options["periods"].split(",")):
            a, _, b = piece.partition("-")
            out.append((piece, (int(a), int(b or a))))
        return [*sorted(out, key=lambda p: p[1]), ("all", (first, last))]

    def tables(self, only=None):
        """``countries``, ``links``, ``source_links``, ``coverage``: rows by their key.

        ``only`` names the (technology, period) pairs to compute, default all.
        """
        members = {t: self.member(t) for t in self.technologies}
        members["all"] = set().union(*members.values())
        names = ("countries", "links", "source_links", "coverage", "residuals")
        out = {name: {} for name in (*names, "coverage_by_country", "bounds")}
        for t, member in members.items():
            for period, span in self.spans():
                if only is not None and (t, period) not in only:
                    continue
                pairs = self.cut(member, span, self.options["scope"])
                weight, number = self.weights(pairs)
                source, source_number = self.weights(self.cut(member, span, "citing"))
                for (i, j), w in weight.items():
                    out["links"][t, period, i, j] = {"weight": w, "citations": number[i, j]}
                for (i, j), w in source.items():
                    row = {"weight": w, "citations": source_number[i, j]}
                    out["source_links"][t, period, i, j] = row
                rows = self.countries(member, span, weight, source)
                flow, given = self.expected(member, span, pairs, weight)
                for c, row in rows.items():
                    if flow is not None:
                        row |= expectation(c, row, flow, given)
                    out["countries"][t, period, c] = row
                    for name, bound in self.bounds(member, span, c, rows, source).items():
                        out["bounds"][t, period, c, name] = bound
                for (i, j), e in (flow or {}).items():
                    w = weight.get((i, j), 0)
                    if w or e >= 5:
                        row = {"observed": w, "expected": e, "ratio": w / e if e >= 5 else None}
                        out["residuals"][t, period, i, j] = row
                for (c, way), row in self.by_country(member, span).items():
                    out["coverage_by_country"][t, period, c, way] = row
                for rule, row in self.coverage(member, span).items():
                    out["coverage"][t, period, rule] = row
        return out

    def expected(self, member, span, pairs, weight):
        """Citations that each pair of countries, and each country, is expected to give.

        Found by proportional scaling; None where that has not settled.
        """
        if self.options["scope"] != "closed":
            return None, None
        abroad, cohorts, home = defaultdict(float), defaultdict(float), defaultdict(float)
        for a, b in pairs:
            for i, s in self.shares.get(a, {}).items():
                for j, t in self.shares.get(b, {}).items():
                    if i != j:
                        abroad[i, self.year(a)] += float(s * t)
                        cohorts[self.year(a), self.year(b)] += float(s * t)
                    else:
                        home[self.year(a)] += float(s * t)
        cited, citing = defaultdict(float), defaultdict(float)
        for k in member:
            for c, s in self.shares[k].items():
                cited[c, self.year(k)] += float(s)
                if self.year(k) is not None and span[0] <= self.year(k) <= span[1]:
                    citing[c, self.year(k)] += float(s)
        every = defaultdict(float)
        for (_, s), n in cited.items():
            every[s] += n
        names = {c for c, _ in cited} | {c for pair in weight for c in pair}
        years = defaultdict(list)
        for (t, s), c in cohorts.items():
            if c:
                years[t].append(s)
        rate = {(t, s): c / every[s] for (t, s), c in cohorts.items() if c}

        def others(i, t):
            return sum(rate[t, s] * (every[s] - cited[i, s]) for s in years[t])

        for _ in range(3000):
            part = {(i, t): f / others(i, t) for (i, t), f in abroad.items() if f}
            drawn = defaultdict(float)
            for (i, t), x in part.items():
                for s in years[t]:
                    drawn[t, s] += x * rate[t, s] * (every[s] - cited[i, s])
            gap = max((abs(drawn[k] - cohorts[k]) for k in rate), default=0.0)
            if gap < 1e-12:
                break
            rate = {k: r * cohorts[k] / drawn[k] for k, r in rate.items()}
        else:
            return None, None
        flow = {
            (i, j): sum(
                x * rate[t, s] * cited[j, s]
                for (k, t), x in part.items()
                if k == i
                for s in years[t]
            )
            for i in names
            for j in names
            if i != j
        }
        number = defaultdict(float)
        for (_, t), n in citing.items():
            number[t] += n
        total, of_year = sum(abroad.values()), defaultdict(float)
        for (_, t), f in abroad.items():
            of_year[t] += f

        def given(h):
            out = defaultdict(float)
            for (i, t), n in citing.items():
                away = others(i, t)
                own = sum(rate[t, s] * cited[i, s] for s in years[t])
                if away:
                    cites = (of_year[t] + home[t]) / number[t]
                    out[i] += n * cites * away / (away + h * own)
            return out

        low, high = 0.0, 1e9
        if not total or sum(given(high).values()) > total * (1 + 1e-12):
            return flow, None
        if sum(given(0).values()) < total * (1 - 1e-12):
            return flow, None
        for _ in range(200):
            middle = (low + high) / 2
            low, high = (middle, high) if sum(given(middle).values()) > total else (low, middle)
        return flow, given(low)

    def by_country(self, member, span):
        """Citations of each country's families, and those with a country at the other end."""
        rows = {}
        for way in ("given", "received"):
            every, known = defaultdict(Fraction), defaultdict(Fraction)
            for a, b in self.links:
                own, other = (a, b) if way == "given" else (b, a)
                if own not in member or not self.may_lie(a, span):
                    continue
                dropped = self.options["self_citations"] == "drop"
                if dropped and self.organisations(a) & self.organisations(b):
                    continue
                for c, s in self.shares.get(own, {}).items():
                    every[c] += s
                    known[c] += s * bool(self.shares.get(other))
            for c, n in every.items():
                rows[c, way] = {"citations": n, "located": known[c]}
        return rows

    def may_lie(self, node, span):
        """Whether the year of a node lies in the span, or may: of a document outside."""
        if node < len(self.families):
            return self.year(node) is not None and span[0] <= self.year(node) <= span[1]
        if node not in self.dates:
            return True
        year = self.dates[node].year
        late = year > span[1] and self.options["year_by"] == "publication"
        return not (year < span[0] or late)

    def bounds(self, member, span, country, rows, source):
        """Least and largest value over where the open citations of a country lead."""
        cells = self.by_country(member, span)

        def open_(c, way):
            row = cells.get((c, way), {"citations": 0, "located": 0})
            return row["citations"] - row["located"]

        u, v = open_(country, "given"), open_(country, "received")
        row = rows[country]
        r, g = row["received"], row["given"]
        total = sum(x["received"] for x in rows.values())
        lost = sum(not self.shares.get(b) for _, b in self.cut(member, span, "closed"))
        rest = sum(open_(c, "received") for c in rows if c != country)
        foreign = sum(w for (i, j), w in source.items() if i == country != j)
        found = {"balance_ratio": ((r - g - u), (r + g + u), (r + v - g), (r + v + g))}
        found["received_share"] = (r, total + rest + lost, r + v, total + v)
        for name in ("share_eu", "share_oecd_nato", "share_other"):
            e = None if row[name] is None else row[name] * float(foreign)
            found[name] = (e, float(foreign + u), None if e is None else e + float(u), foreign + u)
        out = {}
        for name, (low, low_of, high, high_of) in found.items():
            known = row[name] is not None
            out[name] = {
                "value": row[name],
                "low": float(low) / float(low_of) if known else None,
                "high": float(high) / float(high_of) if known else None,
            }
        return out

    def coverage(self, member, span):
        def within(k):
            return self.year(k) is not None and span[0] <= self.year(k) <= span[1]

        chosen = {k for k in member if within(k)}
        empty = dict.fromkeys(("citations", "citations_resolved", "citations_located"))
        rows = {}
        for rule in RULES:
            n = sum(self.rule[k] == rule for k in chosen)
            rows[rule] = {"families": n, "families_with_country": n * (rule != "unknown")} | empty
        citing = {(a, b) for a, b in self.links if a in chosen}
        rows["all"] = {
            "families": len(chosen),
            "families_with_country": sum(self.rule[k] != "unknown" for k in chosen),
            "citations": len(citing),
            "citations_resolved": sum(b < len(self.families) for _, b in citing),
            "citations_located": sum(
                bool(self.shares.get(a)) and bool(self.shares.get(b)) for a, b in citing
            ),
        }
        return rows

    def countries(self, member, span, weight, source):
        """The row of each country of one technology and period."""
        sums = {k: defaultdict(Fraction) for k in ("now", "to_date", "international", "citing")}
        citing = Counter(b for _, b in self.pairs)  # all that cite, whatever the filters
        located = 0
        for k in member:
            year = self.year(k)
            if year is None or year > span[1]:
                continue
            for c, s in self.shares[k].items():
                sums["to_date"][c] += s
            if year < span[0]:
                continue
            located += bool(self.shares[k])
            for c, s in self.shares[k].items():
                sums["now"][c] += s
                sums["international"][c] += s * self.families[k].international
                sums["citing"][c] += s * citing[k]
        nodes = {c for c, n in sums["now"].items() if n} | {c for pair in weight for c in pair}
        nodes = sorted(nodes | {self.options["focal"]})
        F = {(i, j): w for (i, j), w in weight.items() if i != j}
        R, G = defaultdict(Fraction), defaultdict(Fraction)
        for (i, j), w in F.items():
            G[i] += w
            R[j] += w
        total = sum(R.values())
        international = sum(sums["international"].values())
        rank_r = ranks({c: R[c] for c in nodes})
        rank_n = ranks({c: sums["now"][c] for c in nodes})
        rank_i = ranks({c: sums["international"][c] for c in nodes})
        rank = pagerank(nodes, F)
        rows = {}
        for i in nodes:
            n, to_date, r, g = sums["now"][i], sums["to_date"][i], R[i], G[i]
            k = [j for j in nodes if j != i and (F.get((i, j)) or F.get((j, i)))]
            dyads = [
                Fraction(F.get((j, i), 0) - F.get((i, j), 0))
                / (F.get((j, i), 0) + F.get((i, j), 0))
                for j in k
            ]
            home = weight.get((i, i), 0)
            rows[i] = {
                "families": n,
                "family_share": n / located if located else None,
                "family_rank": rank_n[i] if n else None,
                "families_international": sums["international"][i],
                "international_rank": rank_i[i] if sums["international"][i] else None,
                "received": r,
                "given": g,
                "domestic": home,
                "received_per_family": r / to_date if to_date else None,
                "given_per_family": g / n if n else None,
                "foreign_share": g / (g + home) if g + home else None,
                "partners": len(k),
                "balance_ratio": (r - g) / (r + g) if r + g else None,
                "balance": r / total * (r / n - g / n) / len(k) if k and n else None,
                "balance_dyadic": r / total * sum(dyads) / len(k) if k else None,
                "pure_importer": r == 0 and g > 0,
                "received_share": r / total if total else None,
                "received_rank": rank_r[i] if total else None,
                "pagerank": rank[i],
                "citations_per_family": sums["citing"][i] / n if n else None,
            }
            if self.options["counting"] != "full":
                share = sums["international"][i] / international if international else None
                rows[i]["international_share"] = share
            rows[i] |= self.sources(i, source)
        return rows

    def sources(self, i, weight):
        """Diversity and institutional likeness of those whom a country cites."""
        given = {j: w for (a, j), w in weight.items() if a == i and j != i}
        total = sum(given.values())
        eu, other = self.blocs.get(i, (False, False))
        focal_eu, focal_other = self.blocs.get(self.options["focal"], (False, False))
        row = {"no_bloc": not eu and not other, "source_countries": len(given)}
        row["similarity_class"] = 1 if eu and focal_eu else 2 if (other and focal_other) else 3
        names = ("source_effective", "source_evenness", "source_hhi", "share_eu")
        names += ("share_oecd_nato", "share_other", "similarity")
        if not total:
            return row | dict.fromkeys(names)
        p = {j: float(w / total) for j, w in given.items()}
        entropy = -math.fsum(x * math.log(x) for x in p.values())
        share, score = [0.0, 0.0, 0.0], 0.0
        for j, x in p.items():
            j_eu, j_other = self.blocs.get(j, (False, False))
            share[0 if j_eu else 1 if j_other else 2] += x
            score += x * (1 if eu and j_eu else 2 if other and j_other else 3)
        return row | {
            "source_effective": math.exp(entropy),
            "source_evenness": entropy / math.log(len(p)) if len(p) > 1 else None,
            "source_hhi": math.fsum(x * x for x in p.values()),
            "share_eu": share[0],
            "share_oecd_nato": share[1],
            "share_other": share[2],
            "similarity": score,
        }


def expectation(country, row, flow, given):
    """The columns beside the balance, from the expected flows."""
    received = sum(e for (_, j), e in flow.items() if j == country)
    out = {"received_expected": received}
    out["received_ratio"] = float(row["received"]) / received if received >= 5 else None
    if given is not None:
        out["given_expected"] = given[country]
        few = given[country] < 5
        out["given_ratio"] = None if few else float(row["given"]) / given[country]
    return out


def ranks(values):
    """Competition ranks, 1 = largest."""
    return {k: 1 + sum(other > v for other in values.values()) for k, v in values.items()}


def pagerank(nodes, F, damping=0.85):
    """Plain power iteration until nothing moves by more than 1e-14."""
    n = len(nodes)
    out = {i: float(sum(w for (a, _), w in F.items() if a == i)) for i in nodes}
    x = dict.fromkeys(nodes, 1 / n)
    for _ in range(1000):
        lost = math.fsum(x[i] for i in nodes if not out[i])
        new = dict.fromkeys(nodes, (1 - damping) / n + damping * lost / n)
        for (i, j), w in F.items():
            new[j] += damping * x[i] * float(w) / out[i]
        moved = max(abs(new[i] - x[i]) for i in nodes)
        x = new
        if moved < 1e-14:
            break
    total = math.fsum(x.values())
    return {i: v / total for i, v in x.items()}
