"""The one exception that a user of Melisma should ever meet."""


class MelismaError(ValueError):
    """Something given to Melisma cannot be used: one sentence that names the culprit and the remedy."""
