"""Safetensors files, written by hand after the format's text, for test/formats/safetensors.test.ts.

    /usr/bin/python3 scripts/golden/files.py

writes test/fixtures/files/every-dtype.safetensors, with an array of each dtype, its numbers by NumPy and PyTorch, and
beside it every-dtype.json with the values that they stand for. The arrays stand in another order in the header than in
the file, and some begin at odd addresses.
"""

import json
import os
import struct

import numpy as np
import torch

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "test", "fixtures", "files")


def short_float(code, exponent, mantissa, infinities):
    """The value of a float of 8 bits, from its definition in arXiv:2209.05433."""
    sign = -1.0 if code >> (exponent + mantissa) else 1.0
    e = (code >> mantissa) & (2**exponent - 1)
    m = code & (2**mantissa - 1)
    bias = 2 ** (exponent - 1) - 1
    if infinities and e == 2**exponent - 1:
        return sign * float("inf") if m == 0 else float("nan")
    if e == 2**exponent - 1 and m == 2**mantissa - 1:
        return float("nan")
    if e == 0:
        return sign * m / 2**mantissa * 2.0 ** (1 - bias)
    return sign * (1 + m / 2**mantissa) * 2.0 ** (e - bias)


def text(value):
    """A number as text that JavaScript's Number reads."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    return "-0" if value == 0 and str(value).startswith("-") else repr(value)


def arrays():
    """For each name: dtype, shape, bytes, values."""
    special = [0.0, -0.0, 1.5, -2.0, 1e-3, float("inf"), float("-inf"), float("nan")]
    codes = np.arange(0, 65536, 129, dtype="<u2")
    with np.errstate(invalid="ignore"):
        half = codes.view("<f2").astype("f4")
    # PyTorch 1.13 makes no tensor of bfloat16 from bits, so the bits are those of a float32, cut off.
    brain = torch.from_numpy((codes.astype("<u4") << 16).view("<f4").copy()).to(torch.bfloat16)
    octets = bytes(range(256))
    yield "bool", "BOOL", [3], bytes([1, 0, 1]), [1, 0, 1]
    yield "f64", "F64", [2, 4], np.array(special, "<f8").tobytes(), special
    yield "f32", "F32", [4, 2], np.array(special, "<f4").tobytes(), np.array(special, "f4").astype("f8").tolist()
    yield "f16", "F16", [len(codes)], codes.tobytes(), [float(v) for v in half]
    yield "bf16", "BF16", [len(codes)], codes.tobytes(), brain.to(torch.float64).tolist()
    yield "f8_e4m3", "F8_E4M3", [256], octets, [short_float(c, 4, 3, False) for c in range(256)]
    yield "f8_e5m2", "F8_E5M2", [16, 16], octets, [short_float(c, 5, 2, True) for c in range(256)]
    yield "f8_e8m0", "F8_E8M0", [4], bytes([0, 127, 254, 255]), [2.0**-127, 1.0, 2.0**127, float("nan")]
    for name, kind in [("i64", "<i8"), ("i32", "<i4"), ("i16", "<i2"), ("i8", "<i1")]:
        bits = int(kind[2]) * 8
        edge = min(2 ** (bits - 1) - 1, 2**53 - 1)
        low = -edge if bits == 64 else -edge - 1
        yield name, name.upper(), [4], np.array([0, 1, edge, low], kind).tobytes(), [0, 1, edge, low]
    for name, kind in [("u64", "<u8"), ("u32", "<u4"), ("u16", "<u2"), ("u8", "<u1")]:
        edge = min(2 ** (int(kind[2]) * 8) - 1, 2**53 - 1)
        yield name, name.upper(), [2], np.array([1, edge], kind).tobytes(), [1, edge]
    yield "scalar", "I64", [], struct.pack("<q", 7), [7]
    yield "empty", "F32", [0, 3], b"", []
    yield "größe ∑ 名前 😀", "F32", [1], struct.pack("<f", 1.0), [1.0]
    yield "__proto__", "F32", [1], struct.pack("<f", 2.0), [2.0]


def main():
    header, numbers, expected = [], b"", []
    for name, dtype, shape, data, values in arrays():
        offsets = [len(numbers), len(numbers) + len(data)]
        header.append((name, {"dtype": dtype, "shape": shape, "data_offsets": offsets}))
        expected.append({"name": name, "dtype": dtype, "shape": shape, "data": [text(v) for v in values]})
        numbers += data
    header.append(("__metadata__", {"format": "pt", "größe": "∑"}))
    content = json.dumps(dict(reversed(header))).encode()
    content += b" " * (-len(content) % 8)
    os.makedirs(FOLDER, exist_ok=True)
    with open(os.path.join(FOLDER, "every-dtype.safetensors"), "wb") as file:
        file.write(struct.pack("<Q", len(content)) + content + numbers)
    with open(os.path.join(FOLDER, "every-dtype.json"), "w") as file:
        json.dump(expected, file, ensure_ascii=False, separators=(",", ":"))


main()
