"""netpos: read a country's technology position from patent citations."""

__version__ = "0.1.0"
