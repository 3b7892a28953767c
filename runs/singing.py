"""The singing model: `python runs/singing.py [--minutes 44] [--part P]`, see recipe.py."""

from domain import STARTED, Domain
from recipe import main

DOMAIN = Domain(
    name="singing",
    licence="MIT (vocobox, FluidR3), GPL-2 and GPL-2+ (KDE Edu, Tux Paint, Fillets, Nexuiz: speech made to sing)",
    about="""Little of this is real singing, as no freely licensed corpus of it was found: one man's notes (vocobox) and the
sampled choirs of a soundfont, with lines and chords put together from them. The most is real speech made to sing: its
syllables stretched, its pitch replaced by a melody with slides and vibrato (WORLD vocoder, pyworld). The licence table says
which is which, to the minute. Held out are pitches of the real notes, and whole speakers of the speech.""",
    cannot="""Most of its voices never sang: the timbre of a trained voice (its formant near 3 kHz, its breath, its change
of register) is hardly there, and vowels can have the vocoder's buzz. Words are not understood. High female voices above
about 700 Hz come from the choirs alone.""",
    **STARTED,
)

if __name__ == "__main__":
    main(DOMAIN)
