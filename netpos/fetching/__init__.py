"""Fetch records from the Lens API with the user's token: the one room that goes online.

Nothing here was run against the live service; what is known of it stands in
`netpos.docs_path("data.md")`.
"""
