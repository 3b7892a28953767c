"""Writes the page's side of the protocol: `python -m melisma.studio.typescript > studio/src/lib/protocol.ts`."""

from __future__ import annotations

import inspect
import typing

import msgspec.inspect as types

from . import document, protocol

_SIMPLE = {
    types.StrType: "string", types.IntType: "number", types.FloatType: "number", types.BoolType: "boolean",
    types.NoneType: "null", types.BytesType: "string",  # in base 64
}  # fmt: skip
MOST = ("MOST_STEPS", "MOST_POINTS", "MOST_SNAPSHOTS", "MOST_NAME", "MOST_LANE_NAME")  # what the page must keep to


def module() -> str:
    """The TypeScript module."""
    structs = [
        kind
        for module in (document, protocol)
        for kind in vars(module).values()
        if inspect.isclass(kind) and issubclass(kind, document.Struct) and kind.__module__ == module.__name__
    ]
    structs.remove(document.Struct)
    lines = ["// Written by `python -m melisma.studio.typescript` from document.py and protocol.py: do not edit.", ""]
    lines += [f"export const VERSION = {protocol.VERSION};"]
    lines += [f"export const {name} = {getattr(document, name)};" for name in MOST] + [""]
    for struct in structs:
        lines += [f"/** {' '.join((inspect.getdoc(struct) or '').split())} */", _interface(struct), ""]
    for name, union in protocol.ALIASES.items():
        lines += [f"export type {name} = {' | '.join(kind.__name__ for kind in typing.get_args(union))};", ""]
    return "\n".join(lines)


def _interface(struct: type) -> str:
    info: typing.Any = types.type_info(struct)
    fields = [f"  readonly {info.tag_field}: {_quoted(info.tag)};"] if info.tag_field else []
    fields += [f"  readonly {field.encode_name}: {_type(field.type)};" for field in info.fields]
    return "\n".join([f"export interface {struct.__name__} {{", *fields, "}"])


def _type(info: types.Type) -> str:
    if isinstance(info, types.Metadata):
        return _type(info.type)
    if type(info) in _SIMPLE:
        return _SIMPLE[type(info)]
    if isinstance(info, types.LiteralType):
        return " | ".join(_quoted(value) for value in info.values)
    if isinstance(info, types.UnionType):
        kinds = {part.cls for part in info.types if isinstance(part, types.StructType)}
        known = {frozenset(typing.get_args(union)): name for name, union in protocol.ALIASES.items()}
        rest = [part for part in info.types if not isinstance(part, types.StructType)]
        alias = [known[frozenset(kinds)]] if frozenset(kinds) in known else sorted(kind.__name__ for kind in kinds)
        return " | ".join([*alias, *(_type(part) for part in rest)])
    if isinstance(info, types.StructType):
        return info.cls.__name__
    if isinstance(info, types.VarTupleType):
        return f"readonly {_grouped(_type(info.item_type))}[]"
    if isinstance(info, types.TupleType):
        return f"readonly [{', '.join(_type(item) for item in info.item_types)}]"
    if isinstance(info, types.DictType):
        return f"{{ readonly [name: string]: {_type(info.value_type)} }}"
    raise TypeError(f"no TypeScript for {info}")


def _grouped(text: str) -> str:
    return f"({text})" if " | " in text or text.startswith("readonly") else text


def _quoted(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


if __name__ == "__main__":
    print(module(), end="")
