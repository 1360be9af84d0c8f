"""The command line: parse arguments, call, print, exit code. The only room that prints.

A file here holds the commands of one kind; what they do is in `netpos.commands`. Options of a run
are declared in `netpos.options` alone.
"""

from netpos.cli import making, online, own_tables, questions
from netpos.cli.app import app, main

__all__ = ["app", "main", "making", "online", "own_tables", "questions"]
