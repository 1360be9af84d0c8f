"""Kill commands many times and report; ``python -m tests.crash.run --kills 200``."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.crash.scenes import SCENES, Outcome, Scene, Stage

#: How often each scene is drawn: the full ones last longest.
WEIGHTS = {"ingest": 4, "ingest-2": 4, "ingest-new": 3, "analyse": 4, "run": 3}


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


class Report:
    """Counts of what became of the kills."""

    def __init__(self) -> None:
        self.when: Counter[str] = Counter()
        self.scenes: Counter[str] = Counter()
        self.states: Counter[str] = Counter()
        self.failures = 0

    def add(self, scene: Scene, at: str, outcome: Outcome) -> None:
        self.when[outcome.when] += 1
        self.scenes[scene.name] += 1
        self.states[outcome.state] += 1
        if outcome.wrong:
            self.failures += 1
            say(f"{scene.name} at {at} ({outcome.when}): {'; '.join(outcome.wrong[:5])}")

    def tell(self) -> None:
        total = sum(self.when.values())
        shares = ", ".join(f"{self.when[w]} {w}" for w in ("before", "during", "after"))
        say(f"{total} kills: {shares} the work; {self.failures} failures")
        say("  commands: " + ", ".join(f"{n} {s}" for s, n in sorted(self.scenes.items())))
        say("  results found: " + ", ".join(f"{n} {s}" for s, n in sorted(self.states.items())))


def main() -> int:
    """Kill at random moments, then at every change of a name."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--every", type=int, default=3, help="each so many-th change; 0 = none")
    options = parser.parse_args()
    draw = random.Random(options.seed)
    weights = [WEIGHTS.get(scene.name, 1) for scene in SCENES]
    with tempfile.TemporaryDirectory(prefix="netpos-crash-") as folder:
        stage = Stage(Path(folder) / "stage")
        moments = Report()
        for number in range(1, options.kills + 1):
            scene = draw.choices(SCENES, weights)[0]
            share = draw.uniform(-0.08, 1.05)
            outcome = stage.kill(scene, share=10 * share if share < 0 else share)
            moments.add(scene, f"{share:.3f}", outcome)
            if number % 50 == 0 and number < options.kills:
                moments.tell()
        say("random moments")
        moments.tell()
        changes = Report()
        for scene in [s for s in SCENES if s.name in ("ingest", "analyse", "run")]:
            if not options.every:
                break
            steps = range(1, stage.changes(scene) + 1, options.every)
            for change in steps:
                changes.add(scene, f"change {change}", stage.kill(scene, change=change))
        if options.every:
            say(f"before each {options.every}-th change of a name")
            changes.tell()
        return 1 if moments.failures or changes.failures else 0


if __name__ == "__main__":
    sys.exit(main())
