"""Tables to files that a person opens."""
