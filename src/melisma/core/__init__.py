"""The binding to the real-time core (core/include/melisma.h) and what is made of it alone."""
