"""One value per country or organisation, technology and period. Pure functions, no files."""
