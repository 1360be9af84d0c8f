"""A small reader of the query language of Lens, which shares no code with netpos.

It says which documents a query finds, and gives a document as a query sees it.
"""

from __future__ import annotations

import json
import re

from netpos.commands.query import Query

Document = dict[str, object]

TOKEN = re.compile(r"\s*(\[[^\]]*\]|[()]|[A-Za-z_.]+:|(?:\\.|[^\s():\[\]])+)")


class Word:
    """A word or words of one field: true of a document where one of its values is matched."""

    def __init__(self, field: str, pattern: str) -> None:
        self.field, self.pattern = field, pattern
        self.fits = re.compile(pattern).fullmatch

    def __call__(self, d: Document) -> bool:
        return any(self.fits(v) for v in d[self.field])


class Reader:
    """Recursive descent: ``or := and (OR and)*``, ``and := item (AND item)*``."""

    def __init__(self, text: str) -> None:
        self.tokens = TOKEN.findall(text)
        assert re.sub(r"\s", "", "".join(self.tokens)) == re.sub(r"\s", "", text)
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1]

    def whole(self):
        found = self.either(None)
        assert self.at == len(self.tokens), self.tokens[self.at :]
        return found

    def either(self, field):
        parts = [self.both(field)]
        while self.peek() == "OR":
            self.take()
            parts.append(self.both(field))
        words = [p for p in parts if isinstance(p, Word)]
        if len(words) == len(parts) and len({w.field for w in words}) == 1:
            # the same answer, quicker: one regular expression for all
            return Word(words[0].field, "|".join(f"(?:{w.pattern})" for w in words))
        return lambda d: any(p(d) for p in parts)

    def both(self, field):
        parts = [self.item(field)]
        while self.peek() == "AND":
            self.take()
            parts.append(self.item(field))
        return parts[0] if len(parts) == 1 else lambda d: all(p(d) for p in parts)

    def item(self, field):
        token = self.take()
        if token == "(":
            inner = self.either(field)
            assert self.take() == ")"
            return inner
        if token.endswith(":") and not token.endswith("\\:"):
            assert field is None
            return self.item(token[:-1])
        assert field is not None, f"word without a field: {token}"
        assert token not in ("OR", "AND", "NOT", ")")
        if token.startswith("["):
            low, high = re.fullmatch(r"\[(\S+) TO (\S+)\]", token).groups()
            return lambda d: any(low <= str(v) <= high for v in d[field])
        # a bare slash would begin a regular expression
        assert not re.search(r"(?<!\\)/", token), token
        pattern = "".join(
            ".*" if sign == "*" else re.escape(sign[-1]) for sign in re.findall(r"\\.|.", token)
        )
        return Word(field, pattern)


def finds(query: Query):
    """What a query finds, as a test of a document; the JSON form goes through its own text."""
    if query.text is not None:
        return Reader(query.text).whole()
    return finds_body(json.loads(json.dumps(query.body)))


def finds_body(body: dict):
    """What the body of a search request finds."""
    assert set(body["query"]) == {"bool"}
    parts = []
    for clause in (*body["query"]["bool"]["must"], *body["query"]["bool"].get("filter", [])):
        ((kind, what),) = clause.items()
        if kind == "query_string":
            parts.append(Reader(what["query"]).whole())
        else:
            assert kind == "range"
            ((field, ends),) = what.items()
            parts.append(
                lambda d, f=field, e=ends: any(e["gte"] <= str(v) <= e["lte"] for v in d[f])
            )
    return lambda d: all(p(d) for p in parts)


def document(ipc=(), cpc=(), published="2018-06-01") -> Document:
    return {
        "class_ipcr.symbol": list(ipc),
        "class_cpc.symbol": list(cpc),
        "date_published": [published] if published else [],
        "year_published": [published[:4]] if published else [],
    }


def as_document(r: dict) -> Document:
    of = {
        scheme: [c["symbol"] for c in r["biblio"].get(key, {}).get("classifications", [])]
        for scheme, key in (("ipc", "classifications_ipcr"), ("cpc", "classifications_cpc"))
    }
    return document(**of, published=r.get("date_published"))
