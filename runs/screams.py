"""The screams model: `python runs/screams.py [--minutes 44] [--part P]`, see recipe.py."""

from domain import STARTED, Domain
from recipe import main

DOMAIN = Domain(
    name="screams",
    licence="GPL-2+ (OpenArena, Nexuiz, Wesnoth), GPL-2 (some of UFO: Alien Invasion)",
    about="""Cries of people, orcs, trolls and beasts from four free games: dying, hurt, falling, leaping. They were recorded
(or made, for the beasts) for the games; some have effects on them. Each is used as it is and, in training only, played a
fourth lower and a minor third higher, which the licence table lists as derived. Held out are whole characters, unchanged.""",
    cannot="""There are few minutes, of sounds shorter than a second as a rule: long steady screams are guessed from short
ones. Speech becomes shouting without words. Quiet, breathy or pure tones have no counterpart here and come out rough. Who
lent a voice to two characters may be in training and in the held-out part: the packages do not tell.""",
    **STARTED,
)

if __name__ == "__main__":
    main(DOMAIN)
