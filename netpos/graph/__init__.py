"""Tables to links, and what the links alone can tell. Pure functions, no files."""
