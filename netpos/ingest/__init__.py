"""Exports in, tables out. The only loop over records lives here."""
