"""Build what is published, and see that each file is what its name says.

    python scripts/release.py [--into dist] [--only linux-x86_64,none]

Builds the source distribution, from it a wheel for each system of `TARGETS` in hatch_build.py and
one of Python alone. Every file is checked by ``twine check``, Linux wheels by ``auditwheel``; of
each wheel the tag, the binary format, the machine and the symbols of its scanner. The source
distribution and this machine's wheel are then installed into empty environments by the tests marked
``wheel``; wheels of other systems are not run anywhere: they are listed as untested.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: Compiled libraries without their ending, and the module that says which functions each has.
NATIVE = {
    "netpos/ingest/native/lens_scan": "netpos/ingest/compiled.py",
    "netpos/graph/native/sums": "netpos/graph/compiled.py",
    "netpos/indicators/native/draws": "netpos/indicators/compiled.py",
}
#: Endings of the names of wheels, the system each is for, and what its libraries must be.
WHEELS = {
    "manylinux_2_17_x86_64.manylinux2014_x86_64": ("linux-x86_64", "ELF x86-64"),
    "manylinux_2_17_aarch64.manylinux2014_aarch64": ("linux-aarch64", "ELF aarch64"),
    "macosx_11_0_x86_64": ("macos-x86_64", "Mach-O x86-64"),
    "macosx_11_0_arm64": ("macos-arm64", "Mach-O arm64"),
    "win_amd64": ("windows-x86_64", "PE x86-64"),
    "any": ("none", ""),
}


def binary_format(content: bytes) -> str:
    """Say what kind of shared library some bytes are, from their head.

    Raises
    ------
    ValueError
        They are none of those that netpos is built as.

    Examples
    --------
    >>> binary_format(bytes.fromhex("cffaedfe 0c000001 00000000 06000000"))
    'Mach-O arm64'
    """
    if content[:6] == b"\x7fELF\x02\x01":  # 64 bits, little end first
        kind, machine = struct.unpack_from("<2H", content, 16)
        if kind == 3:  # a shared object
            return f"ELF { {62: 'x86-64', 183: 'aarch64'}[machine] }"
    elif content[:4] == b"\xcf\xfa\xed\xfe":
        machine, _, kind = struct.unpack_from("<3I", content, 4)
        if kind == 6:  # MH_DYLIB
            return f"Mach-O { {0x01000007: 'x86-64', 0x0100000C: 'arm64'}[machine] }"
    elif content[:2] == b"MZ":
        (head,) = struct.unpack_from("<I", content, 60)
        (machine,) = struct.unpack_from("<H", content, head + 4)
        (flags,) = struct.unpack_from("<H", content, head + 22)
        if content[head : head + 4] == b"PE\0\0" and flags & 0x2000:  # a library
            return f"PE { {0x8664: 'x86-64', 0xAA64: 'arm64'}[machine] }"
    raise ValueError("no shared library of a kind that netpos is built as")


def signed(content: bytes) -> bool:
    """Whether a Mach-O library has a signature; without one an arm64 macOS does not load it."""
    (commands,) = struct.unpack_from("<I", content, 16)
    at = 32
    for _ in range(commands):
        command, size = struct.unpack_from("<2I", content, at)
        if command == 0x1D:  # LC_CODE_SIGNATURE
            return True
        at += size
    return False


def problems(wheel: Path) -> list[str]:
    """Say what is wrong with a wheel: its tag, its libraries, what it holds."""
    version, tag = wheel.name.split("-")[1], wheel.name.removesuffix(".whl").split("-", 4)[4]
    if tag not in WHEELS:
        return [f"the tag {tag} is none that is published"]
    _, expected = WHEELS[tag]
    found = []
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        said = archive.read(f"netpos-{version}.dist-info/WHEEL").decode()
        tags = {line.removeprefix("Tag: ") for line in said.splitlines() if line.startswith("Tag:")}
        if tags != {f"py3-none-{part}" for part in tag.split(".")}:
            found.append(f"the tags inside are {sorted(tags)}")
        if f"Root-Is-Purelib: {str(not expected).lower()}" not in said:
            found.append("pure and platform are mixed up")
        init = archive.read("netpos/__init__.py").decode()
        if f'__version__ = "{version}"' not in init:
            found.append("the package has another version than the wheel")
        libraries = [n for n in names if n.endswith((".so", ".dylib", ".dll"))]
        if not expected:
            return found + [f"{n} is in a wheel for every system" for n in libraries]
        suffix = {"ELF": ".so", "Mach-O": ".dylib", "PE": ".dll"}[expected.split()[0]]
        if sorted(libraries) != sorted(path + suffix for path in NATIVE):
            return [*found, f"compiled libraries: {libraries}"]
        contents = {path: archive.read(path + suffix) for path in NATIVE}
    for path, content in contents.items():
        name = path.rpartition("/")[2]
        if binary_format(content) != expected:
            found.append(f"{name} is {binary_format(content)}, not {expected}")
        if (
            expected == "Mach-O arm64"
            and content[:4] == b"\xcf\xfa\xed\xfe"
            and not signed(content)
        ):
            found.append(f"{name} has no signature")
        compiled = (ROOT / NATIVE[path]).read_text(encoding="utf-8")
        symbols = re.findall(r'"(netpos_\w+)":', compiled)
        (number,) = re.findall(r"^LAYOUT = (\d+)$", compiled, re.MULTILINE)
        symbols += [n + number for n in re.findall(r'f"(netpos_\w*layout_)\{LAYOUT\}"', compiled)]
        found += [f"no symbol {s}" for s in symbols if s.encode() not in content]
    return found


def build(into: Path, systems: list[str]) -> list[Path]:
    """Build the source distribution, and the wheels from it."""
    into.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(into)]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([*command, "--sdist", str(ROOT)], check=True)
        (sdist,) = into.glob("*.tar.gz")
        with tarfile.open(sdist) as archive:
            archive.extractall(folder, filter="data")
        (unpacked,) = Path(folder).iterdir()
        for system in systems:
            environment = os.environ | {"NETPOS_TARGET": system}
            subprocess.run([*command, "--wheel", str(unpacked)], env=environment, check=True)
    return [sdist, *sorted(into.glob("*.whl"))]


def native() -> str:
    """Return the system that this machine is."""
    machine = platform.machine().lower().replace("amd64", "x86_64")
    name = {"linux": "linux", "darwin": "macos", "win32": "windows"}[sys.platform]
    return f"{name}-{machine.replace('arm64', 'aarch64') if name == 'linux' else machine}"


def main() -> int:
    """Build, check, install, report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--into", type=Path, default=ROOT / "dist")
    parser.add_argument("--only", help="systems, by comma; default: all")
    parser.add_argument("--no-install", action="store_true", help="do not install and run")
    options = parser.parse_args()
    systems = options.only.split(",") if options.only else [s for s, _ in WHEELS.values()]
    shutil.rmtree(options.into, ignore_errors=True)
    files = build(options.into, systems)
    wheels = {w: w.name.removesuffix(".whl").split("-", 4)[4] for w in files[1:]}
    wrong = [f"{wheel.name}: {problem}" for wheel in wheels for problem in problems(wheel)]
    wrong += [] if len(wheels) == len(systems) else [f"{len(wheels)} wheels of {len(systems)}"]
    checks = [["twine", "check", "--strict", *map(str, files)]]
    checks += [["auditwheel", "show", str(w)] for w, tag in wheels.items() if "manylinux" in tag]
    for check in checks:
        done = subprocess.run(
            [sys.executable, "-m", *check], capture_output=True, text=True, check=False
        )
        print(done.stdout.strip())
        if done.returncode:
            wrong.append(f"{' '.join(check[:2])}: {done.stderr.strip() or done.stdout.strip()}")
        if check[0] == "auditwheel" and "manylinux_2_17" not in done.stdout:
            wrong.append(f"{Path(check[2]).name}: needs more than its tag promises")
    own = [w for w, tag in wheels.items() if WHEELS[tag][0] == native()]
    if not options.no_install and not wrong:
        environment = os.environ | {"NETPOS_DIST": str(options.into.resolve())}
        command = [sys.executable, "-m", "pytest", "-q", "-m", "wheel", str(ROOT / "tests")]
        if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode:
            wrong.append("the installed package does not work, see above")
    print(f"\n{len(files)} files in {options.into}:")
    for file in files:
        tested = file.suffix == ".gz" or file in own
        done_here = tested and not options.no_install and not wrong
        mark = "installed and run here" if done_here else "untested; tag, format, symbols checked"
        print(f"  {file.name}: {mark}")
    for problem in wrong:
        print(f"WRONG: {problem}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
