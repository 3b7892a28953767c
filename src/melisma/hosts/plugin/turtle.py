"""What LV2 hosts read of the plug-ins before they open them: manifest.ttl and a file for each.

The ports' order is that of hosts/plugin/src/lv2.cpp.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ... import __version__
from ...store import DEFAULT
from .parameters import STATUS, Row

_PREFIXES = """@prefix atom: <http://lv2plug.in/ns/ext/atom#> .
@prefix doap: <http://usefulinc.com/ns/doap#> .
@prefix lv2: <http://lv2plug.in/ns/lv2core#> .
@prefix midi: <http://lv2plug.in/ns/ext/midi#> .
@prefix patch: <http://lv2plug.in/ns/ext/patch#> .
@prefix pg: <http://lv2plug.in/ns/ext/port-groups#> .
@prefix pprop: <http://lv2plug.in/ns/ext/port-props#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix rsz: <http://lv2plug.in/ns/ext/resize-port#> .
@prefix state: <http://lv2plug.in/ns/ext/state#> .
@prefix ui: <http://lv2plug.in/ns/extensions/ui#> .
@prefix units: <http://lv2plug.in/ns/extensions/units#> .
@prefix urid: <http://lv2plug.in/ns/ext/urid#> .
"""
_UNITS = {"dB": "units:db", "Hz": "units:hz", "s": "units:s", "×": "units:coef"}
_UNITS |= {"cents": "units:cent", "semitones": "units:semitone12TET"}


def manifest(uris: dict[str, str], suffix: str, windows: Collection[str] = ()) -> str:
    """uris: each plug-in's file name without its suffix → its URI. windows: those whose binary has a window, too."""
    text = _PREFIXES
    for name, uri in uris.items():
        shown = f"    ui:ui <{uri}#window> ;\n" if name in windows else ""
        text += f"\n<{uri}>\n    a lv2:Plugin ;\n    lv2:binary <{name}{suffix}> ;\n{shown}    rdfs:seeAlso <{name}.ttl> .\n"
        if name in windows:
            kind = "WindowsUI" if suffix == ".dll" else "X11UI"
            text += f"\n<{uri}#window>\n    a ui:{kind} ;\n    lv2:binary <{name}{suffix}> ;\n"
            text += "    lv2:requiredFeature <http://lv2plug.in/ns/ext/instance-access> , ui:idleInterface ;\n"
            text += "    lv2:optionalFeature ui:parent , ui:resize , ui:touch ;\n"
            text += "    lv2:extensionData ui:idleInterface , ui:resize .\n"
    return text


def plugin(uri: str, title: str, rows: list[Row], models: Sequence[str], instrument: bool) -> str:
    """The plug-in's own file. models: their names, from choice 1 on."""
    ports: list[str] = []

    def port(kinds: str, symbol: str, name: str, *more: str) -> None:
        lines = [f"a {kinds}", f"lv2:index {len(ports)}", f'lv2:symbol "{symbol}"', f"lv2:name {_quoted(name)}", *more]
        ports.append("[\n        " + " ;\n        ".join(lines) + "\n    ]")

    for kind, word in (("Output", "out"),) if instrument else (("Input", "in"), ("Output", "out")):
        for side in ("Left", "Right"):
            more = (f"lv2:designation pg:{side.lower()}", f"pg:group <{uri}#{word}>")
            port(f"lv2:AudioPort , lv2:{kind}Port", f"{word}_{side.lower()}", f"{side} {word.capitalize()}", *more)
    atoms = ("atom:bufferType atom:Sequence", "lv2:portProperty lv2:connectionOptional", "rsz:minimumSize 8192")
    control = (*atoms, "atom:supports patch:Message , midi:MidiEvent", "lv2:designation lv2:control")
    port("atom:AtomPort , lv2:InputPort", "control", "Control", *control)
    port("atom:AtomPort , lv2:OutputPort", "notify", "Notify", *atoms, "atom:supports patch:Message")
    latency = ("lv2:portProperty lv2:reportsLatency , lv2:integer", "lv2:designation lv2:latency", "units:unit units:frame")
    port("lv2:ControlPort , lv2:OutputPort", "latency", "Latency", "lv2:minimum 0", "lv2:maximum 400000", *latency)
    wheel = (*_range(0, 1, 0), "lv2:designation lv2:freeWheeling", "lv2:portProperty lv2:toggled , pprop:notOnGUI")
    port("lv2:ControlPort , lv2:InputPort", "freewheel", "Freewheel", *wheel)
    for row in rows:
        port(*_control(row, models))

    kind = "lv2:InstrumentPlugin" if instrument else "lv2:SpectralPlugin"
    groups = [("out", "pg:OutputGroup", "Output")] + ([] if instrument else [("in", "pg:InputGroup", "Input")])
    body = [f"<{uri}>", f"    a lv2:Plugin , {kind} ;", f"    doap:name {_quoted(title)} ;"]
    body += ["    doap:license <http://opensource.org/licenses/MIT> ;"]
    body += [f"    lv2:minorVersion {__version__.split('.')[1]} ;", f"    lv2:microVersion {__version__.split('.')[2]} ;"]
    body += ["    lv2:optionalFeature lv2:hardRTCapable , urid:map , state:threadSafeRestore ;"]
    body += ["    lv2:extensionData state:interface ;", f"    patch:writable <{_FILE}> ;"]
    body += [f"    lv2:port {' , '.join(ports)} ."]
    text = _PREFIXES + "\n" + "\n".join(body) + "\n"
    for name, kinds, label in groups:
        text += f'\n<{uri}#{name}>\n    a pg:StereoGroup , {kinds} ;\n    lv2:symbol "{name}" ;\n    lv2:name "{label}" .\n'
    return text + f'\n<{_FILE}>\n    a lv2:Parameter ;\n    rdfs:label "Model File" ;\n    rdfs:range atom:Path .\n'


_FILE = "urn:melisma:file"


def _range(minimum: float, maximum: float, default: float) -> tuple[str, ...]:
    return f"lv2:default {default:g}", f"lv2:minimum {minimum:g}", f"lv2:maximum {maximum:.9g}"


def _control(row: Row, models: Sequence[str]) -> tuple[str, ...]:
    if row.symbol == "bypass":
        says = ("lv2:designation lv2:enabled", "lv2:portProperty lv2:toggled")
        return "lv2:ControlPort , lv2:InputPort", "enabled", "Enabled", *_range(0, 1, 1), *says
    properties, more = [], [f"rdfs:comment {_quoted(row.summary)}"]
    minimum, maximum, default = row.minimum, row.maximum, row.default
    if row.symbol == "model":
        default = models.index(DEFAULT) + 1 if DEFAULT in models else min(1, len(models))
        properties, more = ["lv2:integer", "lv2:enumeration"], [*more, _points(["(your own file)", *models])]
    elif row.symbol == "status":
        properties, more = ["lv2:integer", "lv2:enumeration"], [*more, _points(STATUS)]
    elif row.whole:
        properties = ["lv2:toggled" if (minimum, maximum) == (0, 1) else "lv2:integer"]
    if row.logarithmic:
        properties.append("pprop:logarithmic")
    if properties:
        more.append(f"lv2:portProperty {' , '.join(properties)}")
    if row.unit in _UNITS:
        more.append(f"units:unit {_UNITS[row.unit]}")
    elif row.unit:
        label = f'a units:Unit ; rdfs:label "{row.unit}" ; units:symbol "{row.unit}" ; units:render "%.2f {row.unit}"'
        more.append(f"units:unit [ {label} ]")
    kind = "Output" if row.symbol == "status" else "Input"
    return f"lv2:ControlPort , lv2:{kind}Port", row.symbol, row.label, *_range(minimum, maximum, default), *more


def _points(labels: Sequence[str]) -> str:
    return "lv2:scalePoint " + " , ".join(f"[ rdfs:label {_quoted(label)} ; rdf:value {i} ]" for i, label in enumerate(labels))


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
