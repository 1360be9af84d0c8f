"""The map of a network: its layout, its drawing, its page."""
