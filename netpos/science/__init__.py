"""Publications: output, citations and specialisation of a country by technology."""
