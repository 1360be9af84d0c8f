"""Damage many exports and report; ``python -m tests.fuzz.run --files 5000``.

Each failure is printed with its number, which makes the same case again, and written to the folder
given by ``--keep`` as small as it could be made.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import traceback
from collections import Counter
from dataclasses import replace
from pathlib import Path

from tests.fuzz.damage import Case, make_case, problems


def outcome(case: Case) -> str | None:
    """What is wrong, as one line that is the same for the same defect; None when nothing is."""
    with tempfile.TemporaryDirectory(prefix="netpos-fuzz-") as folder:
        try:
            found = problems(case, Path(folder))
        except Exception as error:  # noqa: BLE001 - any escape is what this looks for
            frames = [
                f for f in traceback.extract_tb(error.__traceback__) if "netpos/" in f.filename
            ]
            where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
            return f"{type(error).__name__} at {where}"
        return found[0].split(":")[0] if found else None


def shrunk(case: Case, wrong: str, seconds: float = 20) -> Case:
    """Take pieces out while the same thing stays wrong."""
    end = time.monotonic() + seconds
    case = replace(case, intact=None) if outcome(replace(case, intact=None)) == wrong else case
    if case.intact is not None:
        return case
    size = max(1, len(case.content) // 2)
    while size and time.monotonic() < end:
        at = 0
        while at < len(case.content) and time.monotonic() < end:
            smaller = replace(case, content=case.content[:at] + case.content[at + size :])
            if smaller.content and outcome(smaller) == wrong:
                case = smaller
            else:
                at += size
        size //= 2
    return case


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=5000)
    parser.add_argument("--start", type=int, default=0, help="number of the first case")
    parser.add_argument("--real", type=Path, default=None, help="folder of real exports")
    parser.add_argument("--keep", type=Path, default=None, help="where small failures are written")
    options = parser.parse_args()
    beside = Path(__file__).resolve().parents[2].parent / "shared" / "real"
    real = options.real or (beside if beside.is_dir() else None)
    wrong: Counter[str] = Counter()
    for number in range(options.start, options.start + options.files):
        case = make_case(number, real)
        found = outcome(case)
        if found is None:
            continue
        wrong[found] += 1
        say(f"{number}: {found} ({case.original.name}: {', '.join(case.damage[:6])})")
        if options.keep and wrong[found] == 1:
            options.keep.mkdir(parents=True, exist_ok=True)
            small = shrunk(case, found)
            (options.keep / f"{number}-{case.original.name}{case.suffix}").write_bytes(
                small.content
            )
    say(f"{options.files} damaged files, {sum(wrong.values())} failures")
    for text, n in wrong.most_common():
        say(f"  {n:6} {text}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
