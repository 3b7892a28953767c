"""The speech model: `python runs/speech.py [--minutes 44] [--part P]`, see recipe.py."""

from domain import STARTED, Domain
from recipe import main

DOMAIN = Domain(
    name="speech",
    licence="GPL-2 (Tux Paint, Fillets), GPL-2+ (KLettres, KTuberling, Nexuiz)",
    about="""Words, syllables, letters and some sentences in some twenty languages, spoken by volunteers into their own
microphones for free software that teaches and plays. All of it is real. At most six minutes are of one voice; pauses longer
than a third of a second are cut. Held out are whole voices, which are never in training.""",
    cannot="""Most files are single words, so the melody of long sentences is rare. Room and microphone are heard with the
voice. Words do not survive the way through 16 latents of another speaker's sound reliably: it gives a voice, not a text.
Chords and drums come out as several people mumbling.""",
    **STARTED,
)

if __name__ == "__main__":
    main(DOMAIN)
