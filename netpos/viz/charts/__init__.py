"""The figures of the report, each as SVG and the CSV of its numbers."""
