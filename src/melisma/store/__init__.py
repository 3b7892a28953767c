"""Models by name and by address."""
