"""Pages that no name can break: escaping templates, data blocks, hashed scripts.

Three walls, each enough on its own: the template engine escapes everything it prints; data travel
once, as JSON in a block that the browser does not execute; and the page's content security policy
names the hash of each script that may run, so markup that slipped in would stay dead.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.resources
import json
from collections.abc import Sequence

import jinja2
from jinja2.bccache import Bucket
from markupsafe import Markup

from netpos.errors import InputError

_IN_SCRIPT = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}
_IN_SCRIPT |= {"\u2028": "\\u2028", "\u2029": "\\u2029"}


class _Compiled(jinja2.BytecodeCache):
    """Templates compiled so far: a run makes many maps, each in an environment of its own."""

    def __init__(self) -> None:
        self.known: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.known:
            bucket.bytecode_from_string(self.known[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.known[bucket.key] = bucket.bytecode_to_string()


_COMPILED = _Compiled()


def environment() -> jinja2.Environment:
    """Return the Jinja environment of the package's templates: everything printed is escaped."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader("netpos.viz", "templates"),
        bytecode_cache=_COMPILED,
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def template_text(name: str) -> str:
    r"""Read a file of the templates folder (style sheet, script, words) with ``\n`` line ends."""
    text = (importlib.resources.files("netpos.viz") / "templates" / name).read_text("utf-8")
    return text.replace("\r\n", "\n")


def json_block(data: object) -> Markup:
    r"""Serialise data for a ``<script type="application/json">`` block.

    Keys are sorted; the signs that could end the block or open a comment are written as escapes.

    Parameters
    ----------
    data
        Plain dicts, lists, strings, numbers, booleans, None.

    Raises
    ------
    ValueError
        A number is NaN or infinite: undefined is None.

    Examples
    --------
    >>> print(json_block({"name": "</script><b>&"}))
    {"name":"\u003c/script\u003e\u003cb\u003e\u0026"}
    """
    text = json.dumps(
        data, allow_nan=False, ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )
    for sign, escaped in _IN_SCRIPT.items():  # many times as fast as all at once
        text = text.replace(sign, escaped)
    return Markup(text)


def source_hash(text: str) -> str:
    """Return the content security policy's name for the exact text of a script or style.

    Examples
    --------
    >>> source_hash("alert(1)")
    "'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='"
    """
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def content_policy(scripts: Sequence[str], styles: Sequence[str]) -> str:
    """Return a policy that lets these scripts and styles act, images from data, and nothing else.

    Parameters
    ----------
    scripts, styles
        Exact texts between the tags.

    Examples
    --------
    >>> content_policy([], ["p{}"])  # doctest: +ELLIPSIS
    "default-src 'none'; script-src 'none'; style-src 'sha256-...='; img-src data: blob:; ..."
    """
    allowed = " ".join(map(source_hash, scripts)) or "'none'"
    styled = " ".join(map(source_hash, styles)) or "'none'"
    return (
        f"default-src 'none'; script-src {allowed}; style-src {styled}; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def inline_script(text: str) -> Markup:
    """Pass a script of ours (never data) to a template as it is.

    Raises
    ------
    ValueError
        The text holds the sign that ends a script element.
    """
    if "</script" in text.lower() or "<!--" in text:
        raise ValueError("the script holds '</script' or '<!--' and cannot be put into a page")
    return Markup(text)


def vis_network() -> str:
    """Read the source of vis-network from the installed pyvis, licence header kept.

    Raises
    ------
    InputError
        This pyvis does not hold it.
    """
    folder = importlib.resources.files("pyvis") / "templates" / "lib" / "vis-9.1.2"
    file = folder / "vis-network.min.js"
    if not file.is_file():
        problem = "the installed pyvis holds no vis-network 9.1.2, which the maps are drawn with"
        raise InputError(problem, remedy="install pyvis==0.3.2")
    text = file.read_text(encoding="utf-8").replace("\r\n", "\n").replace("\r", "\n")
    return text.split("//# sourceMappingURL")[0].rstrip() + "\n"
