"""The command line in a process that says when its work begins and ends, and can be made to die.

``python -m tests.crash.child FD RANGE KILL_AT ARGUMENT...`` writes ``B`` to the descriptor when all
is imported and ``E`` at the end. Files are cut into chunks of RANGE bytes, so small ones are
read by several threads too. With KILL_AT > 0 the process group is killed at that change of the file
system (a name made, moved or taken away), with -n at the n-th result that takes its place; with 0
the number of changes is written after ``E``.
"""

from __future__ import annotations

import os
import signal
import sys

CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod")


def count_changes(kill_at: int) -> list[int]:
    """Count changes of names, or moves of results; kill the group before the one meant."""
    seen = [0]

    def moves(event: str, arguments: tuple[object, ...]) -> bool:
        return event == "os.rename" and ".netpos-new" not in str(arguments[1])

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        made = event == "open" and isinstance(arguments[2], int) and arguments[2] & os.O_CREAT
        if moves(event, arguments) if kill_at < 0 else event in CHANGES or made:
            seen[0] += 1
            if seen[0] == abs(kill_at):
                os.killpg(0, signal.SIGKILL)

    sys.addaudithook(hook)
    return seen


def main() -> None:
    """Run netpos."""
    descriptor, size, kill_at = (int(a) for a in sys.argv[1:4])
    from netpos import cli
    from netpos.ingest import corpus
    from netpos.ingest.readers import chunks

    assert corpus.ingest  # imported now, so that B comes after it
    if sys.argv[4] != "ingest":
        from netpos.commands import run as pipeline

        assert pipeline.run
    chunks.CHUNK = size
    sys.argv = ["netpos", *sys.argv[4:]]
    seen = count_changes(kill_at)
    os.write(descriptor, b"B")
    try:
        cli.main()
    except SystemExit as end:
        if end.code:
            raise
    os.write(descriptor, f"E{seen[0]}".encode())


if __name__ == "__main__":
    main()
