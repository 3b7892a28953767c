"""The command `melisma`, a file a subject."""
