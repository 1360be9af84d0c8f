"""The list of licences and the list of lowest versions: what passes and what does not."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType, SimpleNamespace

import pytest

from tests.conftest import ROOT


def script(name: str) -> ModuleType:
    """A script of the project as a module."""
    spec = importlib.util.spec_from_file_location(
        f"scripts_{name}", ROOT / "scripts" / f"{name}.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


licences, floors = script("licences"), script("floors")


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("MIT AND GPL-3.0-only", False),
        ("MIT OR GPL-3.0-only", True),
        ("GPL-3.0-only OR MIT", True),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", True),
        ("(MIT OR GPL-3.0-only) AND GPL-3.0-only", False),
        ("MIT OR GPL-3.0-only AND GPL-2.0-only", True),
        ("Apache-2.0 WITH LLVM-exception", False),
        ("MIT AND", False),
        ("(MIT", False),
        ("", False),
    ],
)
def test_an_expression_passes_only_where_allowed_licences_meet_it(
    expression: str, allowed: bool
) -> None:
    assert licences.passes(expression) is allowed


def metadata(**fields: object) -> SimpleNamespace:
    meta = SimpleNamespace(
        get=lambda name: fields.get(name.replace("-", "_")),
        get_all=lambda name: fields.get(name),
    )
    return SimpleNamespace(metadata=meta, version="1")


def test_a_licence_that_is_not_stated_in_known_words_is_unknown() -> None:
    assert licences.licence(metadata()) is None
    assert licences.licence(metadata(License="see the web site")) is None
    odd = metadata(Classifier=["License :: OSI Approved :: MIT License", "License :: Freeware"])
    assert licences.licence(odd) is None
    assert licences.licence(metadata(License="MIT")) == "MIT"
    assert licences.licence(metadata(License_Expression="GPL-3.0-only")) == "GPL-3.0-only"


def test_one_library_with_an_unknown_licence_fails_the_check_and_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(licences, "needed", lambda _: {"oddity": (metadata(), "netpos")})
    monkeypatch.setattr(sys, "argv", ["licences.py", "--check"])
    with pytest.raises(SystemExit) as ended:
        licences.main()
    assert ended.value.code == 1
    assert "oddity 1: licence not known" in capsys.readouterr().out


def test_the_floor_of_every_requirement_is_its_lowest_version() -> None:
    project = {
        "dependencies": ["b>=2.0", "a==0.3.2"],
        "optional-dependencies": {"test": ["c>=1.5,<3"], "dev": ["d"]},
    }
    assert floors.floors(project) == ["a==0.3.2", "b==2.0", "c==1.5"]
    with pytest.raises(SystemExit, match="'e' has no lowest version"):
        floors.floors({"dependencies": ["e"]})
