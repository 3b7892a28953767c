"""The vocoder and the VAE that the domains start from, trained on all of them and on more (the `varied` set).

    python runs/shared.py [--minutes 24] [--part data|vocoder|vae|publish]

They start from the strings model and share the minutes, beside each other, one core each. Their weights are in
$MELISMA_HOME/runs/shared-vocoder and shared-vae, for the other scripts, and put together in models/start/shared.melisma, which
`melisma train` starts from.
"""

from domain import Domain
from recipe import main

DOMAIN = Domain(
    name="shared",
    data="varied",
    place="models/start",
    licence="GPL-2, GPL-2+, CC-BY 3.0, MIT, CC0: see the table",
    about="""All that the four domains are trained on, instruments of a soundfont, and the sounds of free games and desktops.
Held out is what the domains hold out.""",
    cannot="""It is no domain: it gives back what it hears rather than colouring it. Bells, birds and drums were left out,
so that they can show what starting from it is worth for sounds it has not heard.""",
    minutes=24,
    start="strings",
    parts={"vocoder": 0.5, "vae": 0.5},
    plan={"rates": {"vocoder": 5e-4}},
)

if __name__ == "__main__":
    main(DOMAIN)
