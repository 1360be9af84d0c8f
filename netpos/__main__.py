"""``python -m netpos``."""

from netpos.cli import main

main()
