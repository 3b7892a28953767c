"""Bringing Melisma to where musicians are: what is installed into other programs."""
