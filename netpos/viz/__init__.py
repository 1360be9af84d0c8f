"""Tables to files that a person opens: maps, charts, the report, the workbook, graph files."""
