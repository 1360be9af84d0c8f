"""Install Debian's chromium for the browser tests where that is missing and permitted.

Says what it did in one line and never fails: without a browser the tests skip and say why.
On continuous integration (CI=true) the tests fail instead of skipping.
"""

import os
import shutil
import subprocess
import sys


def main() -> None:
    """Look for chromium; install it as root on a system with apt-get."""
    if shutil.which("chromium"):
        return
    if not shutil.which("apt-get") or os.geteuid() != 0:
        sys.stderr.write("chromium is missing: browser tests will be skipped; install chromium\n")
        return
    sys.stderr.write("installing chromium for the browser tests\n")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"]):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.stderr.write(f"{' '.join(command)} failed: {done.stderr.strip()[-300:]}\n")
            return


if __name__ == "__main__":
    main()
