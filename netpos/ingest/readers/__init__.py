"""A reader for each form of export: bytes to columns, see `netpos.ingest.records`."""
