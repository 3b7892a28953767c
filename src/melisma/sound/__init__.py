"""Sounds: files in and out, levels, rates."""
