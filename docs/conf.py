"""Sphinx: `make docs` builds these pages into out/docs; the API's page is made from docstrings."""

import melisma

project, author, release = "Melisma", "the Melisma authors", melisma.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
html_theme, html_title = "furo", "Melisma"
exclude_patterns: list[str] = []
myst_heading_anchors = 3  # so that #titles can be linked
autodoc_member_order = "bysource"
autodoc_typehints = "description"
suppress_warnings = ["myst.xref_missing", "myst.header"]  # links to files of the repository, which the test of the links follows
