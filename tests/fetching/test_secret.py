"""The token is read from where it is kept and shown to nobody."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from netpos.errors import InputError, NetposError, OptionError
from netpos.fetching.secret import VARIABLE, Token, read_token

SECRET = "aBc-123_xyz.Q"


@pytest.mark.parametrize("text", [SECRET, f"  {SECRET}\n", f"\ufeffBearer {SECRET}\r\n"])
def test_a_token_is_read_from_a_file_or_the_environment(tmp_path: Path, text: str) -> None:
    (tmp_path / "t").write_text(text, encoding="utf-8")
    assert read_token(tmp_path / "t", {VARIABLE: "other-token"}).header() == f"Bearer {SECRET}"
    if "\ufeff" not in text:
        assert read_token(None, {VARIABLE: text}).header() == f"Bearer {SECRET}"


def test_without_a_token_the_variable_is_named(tmp_path: Path) -> None:
    for environment in ({}, {VARIABLE: ""}, {VARIABLE: "Bearer "}):
        with pytest.raises(OptionError, match=VARIABLE):
            read_token(None, environment)
    (tmp_path / "t").write_text("\n")
    with pytest.raises(OptionError, match=r"--token-file.*no token there"):
        read_token(tmp_path / "t", {VARIABLE: SECRET})


@pytest.mark.parametrize(
    "text", [f"{SECRET} x", f"{SECRET}\n{SECRET}", f"{SECRET}é", f"{SECRET}\0"]
)
def test_what_is_no_token_is_never_shown(tmp_path: Path, text: str) -> None:
    (tmp_path / "t").write_text(text, encoding="utf-8")
    for file, environment in ((tmp_path / "t", {}), (None, {VARIABLE: text})):
        with pytest.raises(OptionError) as error:
            read_token(file, environment)
        assert SECRET not in str(error.value)


@pytest.mark.parametrize("make", [lambda p: p / SECRET, lambda p: p, lambda p: p / "binary"])
def test_a_token_given_in_place_of_its_file_is_not_shown(tmp_path: Path, make) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(InputError) as error:
        read_token(make(tmp_path))
    assert str(error.value).startswith("--token-file: cannot be read")
    assert SECRET not in "".join(traceback.format_exception(error.value))
    assert isinstance(error.value, NetposError)


def test_a_token_shows_itself_nowhere() -> None:
    token = Token(SECRET, VARIABLE)
    assert SECRET not in f"{token!r} {token} {[token]} {token.source}"
    assert SECRET not in token.hidden(f"a {SECRET}\n\x1b[2J b")
    assert token.hidden("a\r\n\tb" + "c" * 999) == "a b" + "c" * 297
    assert token.within(f"x{SECRET}".encode())
    assert not Token("a", VARIABLE).within(b"a banana")
