"""Written by `make generate` from core/include/melisma.h: do not edit."""

# ruff: noqa: E501
# fmt: off

import ctypes
from ctypes import POINTER, c_char_p, c_float, c_int, c_int32, c_int64, c_size_t, c_uint32, c_void_p

VERSION = 2


class Info(ctypes.Structure):
    """melisma_info: see melisma.h."""

    _fields_ = [
        ("name", c_char_p),
        ("vocoder", c_char_p),
        ("kernels", c_char_p),
        ("sample_rate", c_int32),
        ("frame", c_int32),
        ("hop", c_int32),
        ("bands", c_int32),
        ("latents", c_int32),
        ("encoder_latents", c_int32),
        ("latency", c_int32),
        ("delay", c_int32),
        ("percentiles", POINTER(c_float)),
        ("golden_samples", c_int64),
        ("golden_input", POINTER(c_float)),
        ("golden_output", POINTER(c_float)),
        ("weight_bytes", c_int64),
        ("unusable", c_char_p),
    ]


class Parameter(ctypes.Structure):
    """melisma_parameter: see melisma.h."""

    _fields_ = [
        ("name", c_char_p),
        ("unit", c_char_p),
        ("summary", c_char_p),
        ("minimum", c_float),
        ("maximum", c_float),
        ("default_value", c_float),
        ("whole", c_int32),
    ]


class LoopSettings(ctypes.Structure):
    """melisma_loop_settings: see melisma.h."""

    _fields_ = [
        ("frequency", c_float),
        ("q", c_float),
        ("gain", c_float),
        ("breath", c_float),
    ]


# name without melisma_ → result, arguments
FUNCTIONS = {
    "open": (c_void_p, [c_char_p, c_char_p, c_char_p, c_size_t]),
    "open_memory": (c_void_p, [c_char_p, c_size_t, c_char_p, c_char_p, c_size_t]),
    "close": (None, [c_void_p]),
    "describe": (None, [c_void_p, POINTER(Info), c_size_t]),
    "version": (c_int, []),
    "parameter_count": (c_int, [c_void_p]),
    "parameter_at": (POINTER(Parameter), [c_void_p, c_int]),
    "parameter_find": (c_int, [c_void_p, c_char_p]),
    "set": (None, [c_void_p, c_int, c_float]),
    "get": (c_float, [c_void_p, c_int]),
    "stream_new": (c_void_p, [c_void_p, c_int, c_char_p, c_size_t]),
    "stream_free": (None, [c_void_p]),
    "reset": (None, [c_void_p]),
    "latency": (c_int, [c_void_p]),
    "process": (None, [c_void_p, c_void_p, c_void_p, c_int64]),
    "last_frame": (c_int64, [c_void_p, c_void_p, c_void_p, c_void_p]),
    "stream_new_channels": (c_void_p, [c_void_p, c_int, c_int, c_char_p, c_size_t]),
    "channels": (c_int, [c_void_p]),
    "process_channels": (None, [c_void_p, POINTER(c_void_p), POINTER(c_void_p), c_int64]),
    "encode": (c_int64, [c_void_p, c_void_p, c_int64, c_void_p, c_void_p]),
    "analyse": (c_int64, [c_void_p, c_void_p, c_int64, c_void_p, c_void_p]),
    "posterior": (c_int64, [c_void_p, c_void_p, c_int64, c_void_p, c_void_p]),
    "decode": (None, [c_void_p, c_void_p, c_void_p, c_int64, c_void_p]),
    "decode_mel": (None, [c_void_p, c_void_p, c_void_p, c_int64, c_void_p]),
    "synthesize": (None, [c_void_p, c_void_p, c_int64, c_void_p]),
    "encode_layers": (c_int64, [c_void_p, c_void_p, c_int64, c_void_p, c_void_p, c_void_p]),
    "decode_layers": (None, [c_void_p, c_void_p, c_void_p, c_void_p, c_float, c_float, c_int64, c_void_p, c_void_p]),
    "decode_heard": (None, [c_void_p, POINTER(c_void_p), POINTER(c_void_p), POINTER(c_void_p), c_float, c_float, POINTER(c_void_p), c_void_p, c_float, c_int64, POINTER(c_void_p)]),
    "keep_layers": (None, [c_void_p, c_void_p, c_void_p, c_void_p, c_void_p, c_int64, c_void_p]),
    "encode_signals": (None, [c_void_p, c_void_p, POINTER(c_void_p), c_int64]),
    "decode_signals": (None, [c_void_p, POINTER(c_void_p), c_void_p, c_int64]),
    "slot_new": (c_void_p, [c_int]),
    "slot_free": (None, [c_void_p]),
    "slot_put": (c_int, [c_void_p, c_void_p]),
    "slot_stream": (c_void_p, [c_void_p]),
    "slot_retired": (c_void_p, [c_void_p]),
    "slot_waiting": (c_int, [c_void_p]),
    "slot_reset": (None, [c_void_p]),
    "slot_process": (None, [c_void_p, c_void_p, c_void_p, c_int64]),
    "slot_process_channels": (None, [c_void_p, c_int, POINTER(c_void_p), POINTER(c_void_p), c_int64]),
    "slot_encode_signals": (None, [c_void_p, c_void_p, POINTER(c_void_p), c_int, c_int64]),
    "slot_decode_signals": (None, [c_void_p, POINTER(c_void_p), c_int, c_void_p, c_int64]),
    "loop_new": (c_void_p, [c_int]),
    "loop_free": (None, [c_void_p]),
    "loop_reset": (None, [c_void_p, c_uint32]),
    "loop_process": (None, [c_void_p, POINTER(LoopSettings), c_void_p, c_void_p, c_int64]),
    "exciter_new": (c_void_p, [c_int]),
    "exciter_free": (None, [c_void_p]),
    "exciter_parameter_count": (c_int, []),
    "exciter_parameter_at": (POINTER(Parameter), [c_int]),
    "exciter_reset": (None, [c_void_p]),
    "exciter_set": (None, [c_void_p, c_char_p, c_float]),
    "exciter_get": (c_float, [c_void_p, c_char_p]),
    "exciter_note_on": (None, [c_void_p, c_int, c_int, c_float]),
    "exciter_note_off": (None, [c_void_p, c_int, c_int]),
    "exciter_bend": (None, [c_void_p, c_int, c_float]),
    "exciter_pressure": (None, [c_void_p, c_int, c_int, c_float]),
    "exciter_midi": (None, [c_void_p, c_void_p, c_int]),
    "exciter_process": (None, [c_void_p, c_void_p, c_int64]),
}
