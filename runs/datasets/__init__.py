"""The datasets of the published models, made from packages: one module a set, see `runs/sources.py`.

packages     fetching and unpacking; licences as debian/copyright gives them
cleaning     trimming, levelling, deduplication         provenance   licences and figures of a set's files
phrases      notes → lines and chords                   gather       recordings of people and things → train and held
strings, screams, singing, speech, varied               the sets
bells, birds, drums          three folders that no published model has heard, for runs/own_folders.py
elsewhere                    a few sounds of each domain from sources that nothing is ever trained on
score                        lines of notes → MIDI → a soundfont or patches that play them
"""
