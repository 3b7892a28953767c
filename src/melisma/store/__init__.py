"""Models by name and by address."""

DEFAULT = "strings"  # the model that plays when none is named
