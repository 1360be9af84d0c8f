"""Commands in a Python from which what only Linux has is taken away.

``python -m tests.portable.elsewhere COMMANDS`` runs commands given as a JSON list of lists, one
after the other, in a process that

- lacks functions, flags, signals and modules that Windows or macOS lack,
- cannot start processes, nor open anything in ``/proc``, ``/dev`` and ``/sys``,
- refuses names that Windows refuses, and to replace or remove a file that is still open,
- ends where netpos opens a text without naming its encoding, or writes one with line ends that
  depend on the system.
"""

from __future__ import annotations

import builtins
import importlib
import io
import json
import os
import signal
import sys
import time
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

FUNCTIONS = (
    *("sched_getaffinity", "sched_setaffinity", "fork", "forkpty", "register_at_fork", "getuid"),
    *("geteuid", "getgid", "getegid", "getpgid", "setsid", "setpgid", "killpg", "mkfifo", "mknod"),
    *("chown", "lchown", "fchown", "fchmod", "uname", "statvfs", "fstatvfs", "sysconf", "nice"),
    *("getloadavg", "pread", "pwrite", "preadv", "pwritev", "posix_fadvise", "posix_fallocate"),
    *("sendfile", "lockf", "memfd_create", "wait4", "waitid", "openpty", "ttyname", "ctermid"),
    *("fdatasync", "sync", "confstr", "getgroups", "getpriority", "setpriority", "pipe2"),
    *("posix_spawn", "posix_spawnp", "copy_file_range", "splice", "getrandom", "process_cpu_count"),
)
FLAGS = (
    *("O_NOFOLLOW", "O_CLOEXEC", "O_DIRECTORY", "O_NONBLOCK", "O_DSYNC", "O_SYNC", "O_TMPFILE"),
    *("O_NOATIME", "O_PATH", "O_NOCTTY", "O_NDELAY"),
)
SIGNALS = ("SIGHUP", "SIGKILL", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGPIPE", "SIGCHLD", "SIGQUIT")
MODULES = ("fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "syslog", "_posixshmem")
#: Made for this system, as others are for theirs; they are loaded before.
LIBRARIES = ("numpy", "scipy.sparse.csgraph", "polars", "pyarrow.parquet", "igraph", "vl_convert")
CLOSED = ("/proc", "/dev", "/sys")
REFUSED = set('<>:"|?*\\') | {chr(n) for n in range(32)}
DEVICES = {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(10))}


def bad_name(path: str) -> bool:
    """Whether Windows refuses a path, or takes a part of it for something else."""
    return any(
        set(part) & REFUSED or part[-1:] in (".", " ") or part.split(".")[0].lower() in DEVICES
        for part in Path(path).parts
        if part not in ("/", "..")
    )


def is_open(path: str) -> bool:
    """Whether this process has a file open, or mapped into its memory."""
    wanted = os.path.realpath(path)
    held = set()
    for link in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # the one by which this folder was read is gone
            held.add(str(link.readlink()))
    return wanted in held or (Path(path).is_file() and wanted in _mapped())


def _mapped() -> set[str]:
    with _open("/proc/self/maps", encoding="utf-8") as maps:
        return {line.split(maxsplit=5)[5].strip() for line in maps if line.count("/")}


_open = io.open
_busy = [False]


def refuse(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse what other systems refuse; an audit hook."""
    if _busy[0] or event not in WATCHED:
        return
    _busy[0] = True
    try:
        WATCHED[event](arguments)
    finally:
        _busy[0] = False


def _process(arguments: tuple[Any, ...]) -> None:
    raise PermissionError(f"a process was to be started: {arguments[:1]}")


def _opened(arguments: tuple[Any, ...]) -> None:
    path, _, flags = arguments
    if not isinstance(path, str | os.PathLike):
        return
    name = os.fspath(path)
    if isinstance(name, str) and name.startswith(CLOSED):
        raise FileNotFoundError(2, "no such file on this system", name)
    makes = isinstance(flags, int) and flags & os.O_CREAT
    if makes and isinstance(name, str) and bad_name(name):
        raise OSError(22, "invalid name on this system", name)


def _made(arguments: tuple[Any, ...]) -> None:
    if bad_name(os.fspath(arguments[0])):
        raise OSError(22, "invalid name on this system", arguments[0])


def _moved(arguments: tuple[Any, ...]) -> None:
    for path in map(os.fspath, arguments[:2]):
        if bad_name(path):
            raise OSError(22, "invalid name on this system", path)
        if is_open(path):
            raise PermissionError(13, "it is open", path)


def _removed(arguments: tuple[Any, ...]) -> None:
    if is_open(os.fspath(arguments[0])):
        raise PermissionError(13, "it is open", arguments[0])


WATCHED = {
    "os.fork": _process,
    "os.forkpty": _process,
    "os.posix_spawn": _process,
    "subprocess.Popen": _process,
    "open": _opened,
    "os.mkdir": _made,
    "os.rename": _moved,
    "os.remove": _removed,
}


def checked_open(file: Any, mode: str = "r", *rest: Any, **named: Any) -> Any:
    """Open a file; netpos may not write a text with the line ends of the system."""
    newline = named.get("newline", rest[3] if len(rest) > 3 else None)
    if set(mode) & set("wax") and "b" not in mode and newline is None and _by_netpos():
        raise AssertionError(f"line ends depend on the system: {file}")
    return _open(file, mode, *rest, **named)


def _by_netpos() -> bool:
    frame = sys._getframe(2)
    for _ in range(4):
        if frame is None:
            break
        name = frame.f_globals.get("__name__", "")
        if name == "netpos" or name.startswith("netpos."):
            return True
        if name != "pathlib":
            return False
        frame = frame.f_back
    return False


def take_away() -> None:
    """Make this process one of a poorer system."""
    for name in (*FUNCTIONS, *FLAGS):
        if hasattr(os, name):
            delattr(os, name)
    for name in SIGNALS:
        if hasattr(signal, name):
            delattr(signal, name)
    if hasattr(time, "tzset"):
        del time.tzset
    for name in MODULES:
        sys.modules[name] = None
    builtins.open = io.open = checked_open
    warnings.filterwarnings("error", category=EncodingWarning, module=r"netpos(\.|$)")
    sys.addaudithook(refuse)


def main() -> None:
    """Run the commands; end with the first exit code that is not 0."""
    commands = json.loads(sys.argv[1])
    for library in LIBRARIES:
        importlib.import_module(library)
    take_away()
    from netpos import cli

    for command in commands:
        sys.argv = ["netpos", *command]
        try:
            cli.main()
        except SystemExit as end:
            if end.code:
                raise


if __name__ == "__main__":
    main()
