"""The studio: a server on this machine for the page in `studio/`, and the session document that both speak of."""
