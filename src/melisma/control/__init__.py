"""Control from outside, the same for every host of Python's: one table of names and addresses, OSC, the MIDI map, the state."""
