"""The folder of a fetch: nothing once fetched is lost before it is there again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from netpos.errors import InputError
from netpos.fetching.keeping import BEGUN, DONE, INCOMPLETE, Kept, opened
from netpos.fetching.pieces import Piece

ONE = Piece({"query": "x"}, {"technology": "a", "part": 1, "parts": None}, 3)


def attempt(kept: Kept, number: int, state: str | None, sign: str) -> None:
    """An attempt that brings so many pages and ends so; None: killed on the way."""
    begun = kept.attempt(ONE)
    for _ in range(number):
        begun.write(sign.encode())
    if state is not None:
        kept.end(begun, state, records=number * 10, total=30)


def there(out: Path) -> str:
    """The pages, and what is hidden besides, as signs."""
    found = sorted(p for p in (out / "pages").rglob("*.json"))
    return "".join(p.read_text() for p in found if ".again" not in str(p)) + "".join(
        p.read_text().upper() for p in found if ".again" in str(p)
    )


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        ((2, BEGUN), (3, DONE), "bbb"),
        ((3, BEGUN), (2, DONE), "bb"),
        ((3, BEGUN), (2, BEGUN), "aaa"),
        ((3, BEGUN), (3, INCOMPLETE), "aaa"),
        ((2, BEGUN), (3, INCOMPLETE), "bbb"),
        ((2, BEGUN), (0, DONE), "aa"),  # that nothing is left is not believed
        ((0, BEGUN), (2, BEGUN), "bb"),
        ((2, None), (1, None), "aaB"),
        ((1, None), (2, None), "aBB"),
    ],
)
def test_an_attempt_takes_the_place_of_the_one_before_where_it_has_more(
    tmp_path: Path, first: tuple, second: tuple, found: str
) -> None:
    with opened(tmp_path) as kept:
        attempt(kept, *first, "a")
        attempt(kept, *second, "b")
    assert there(tmp_path) == found


@pytest.mark.parametrize("lost", [1, 3])
def test_a_query_whose_pages_are_gone_is_not_done(tmp_path: Path, lost: int) -> None:
    with opened(tmp_path) as kept:
        attempt(kept, 3, DONE, "a")
        assert kept.state(ONE) == DONE
    folder = tmp_path / "pages" / ONE.folder
    for page in sorted(folder.iterdir())[:lost]:
        page.unlink()
    if lost == 3:
        folder.rmdir()
    with opened(tmp_path) as kept:
        assert kept.state(ONE) == BEGUN
        attempt(kept, 3, DONE, "b")
        assert kept.state(ONE) == DONE
    assert there(tmp_path) == "bbb"


def test_no_result_is_done_without_a_page_and_another_name_keeps_the_pages(tmp_path: Path) -> None:
    with opened(tmp_path) as kept:
        attempt(kept, 0, DONE, "a")
        assert kept.state(ONE) == DONE
        attempt(kept, 2, DONE, "a")
        assert kept.state(Piece(ONE.request, {"technology": "renamed"})) == DONE
        assert [kept.others(p) for p in ([ONE], [], [Piece({"query": "y"})])] == [0, 1, 1]


def test_what_a_killed_run_left_is_settled_by_the_next(tmp_path: Path) -> None:
    with opened(tmp_path) as kept:
        attempt(kept, 1, None, "a")
        attempt(kept, 2, None, "b")
    with opened(tmp_path) as kept:
        assert there(tmp_path) == "bb"
        attempt(kept, 1, None, "c")
    pages = tmp_path / "pages"
    (pages / ONE.folder).rename(pages / f".old-{ONE.folder}")  # killed between two renames
    with opened(tmp_path):
        assert there(tmp_path) == "bb"
    assert len(list(pages.iterdir())) == 1


def test_the_account_says_what_is_done_and_by_whom_it_was_enabled(tmp_path: Path) -> None:
    with opened(tmp_path) as kept:
        assert kept.state(ONE) is None
        attempt(kept, 1, BEGUN, "a")
        assert kept.state(ONE) == BEGUN
        attempt(kept, 3, DONE, "b")
        kept.note(corpus="c")
    found = json.loads((tmp_path / "fetch.json").read_text())
    assert found["queries"][ONE.ident] == {
        "technology": "a", "part": 1, "state": "done", "expected": 3, "total": 30,
        "records": 30, "pages": 3, "folder": ONE.folder,
    }  # fmt: skip
    assert "Enabled by The Lens" in found["attribution"]
    with opened(tmp_path) as kept:
        assert (kept.state(ONE), kept.records(), kept.told("corpus")) == (DONE, 30, "c")


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '{"queries": []}', '{"queries": {"a": {"state": "x"}}}', "[" * 99_999],
)
def test_a_folder_of_something_else_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "fetch.json").write_text(content)
    with pytest.raises(InputError, match="not the account of a fetch"), opened(tmp_path):
        pass


def test_two_fetches_do_not_share_a_folder(tmp_path: Path) -> None:
    with opened(tmp_path), pytest.raises(InputError, match="another netpos"), opened(tmp_path):
        pass


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="cannot write here"), opened(tmp_path / "file"):
        pass
