"""The figures of the report, each as SVG, PNG and the CSV of its numbers."""
