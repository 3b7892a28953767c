"""The patches, written by hand as sheets: one module for each, and parts.py with what several have."""
