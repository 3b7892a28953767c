"""The machine below: folders of the user, files that appear whole or not at all, the terminal."""
