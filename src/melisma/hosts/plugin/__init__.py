"""The plug-ins for DAWs: VST3, CLAP and LV2, put where hosts look."""
