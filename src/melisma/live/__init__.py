"""A model on the machine's own sound card and MIDI ports."""
