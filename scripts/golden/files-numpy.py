"""Writes test/fixtures/files_numpy.json: .npy files of every dtype that is read or refused, .npz stored and compressed.

Run from the root of the repository: python3 scripts/golden/files-numpy.py (needs NumPy; 1.24.2 made the file).
"""

import base64
import io
import json

import numpy as np

VALUES = [0, 1, 2, 3, 100, 7]
DTYPES = ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"]


def npy(a, version=None, allow_pickle=False):
    file = io.BytesIO()
    np.lib.format.write_array(file, a, version, allow_pickle)
    return file.getvalue()


def npz(save, **arrays):
    file = io.BytesIO()
    save(file, **arrays)
    return file.getvalue()


def text(data):
    return base64.b64encode(data).decode()


def case(name, a, version=None):
    values = [float(v) for v in a.flatten(order="C")]
    return {"name": name, "file": text(npy(a, version)), "shape": list(a.shape), "data": values}


plain = np.array(VALUES).reshape(2, 3)
arrays = [case(f"{order}{t}", plain.astype(order + t)) for t in DTYPES for order in ("<", ">")]
arrays += [
    case("bool", np.array([[True, False], [False, True]])),
    case("negative", np.array([-1.5, -0.0, 65504, 2.0**-24, -(2.0**-14)], "<f2")),
    case("integers below zero", np.array([-1, -128, 127], "i1")),
    case("the largest integers", np.array([2**53 - 1, -(2**53 - 1)], "i8")),
    case("Fortran order", np.asfortranarray(np.arange(24, dtype="<f4").reshape(2, 3, 4))),
    case("no axes", np.array(2.5)),
    case("one axis", np.array([1.0, 2.0])),
    case("no numbers", np.zeros((3, 0, 2), "<f4")),
    case("version 2.0", plain.astype("<f4"), (2, 0)),
    case("version 3.0", plain.astype("<f4"), (3, 0)),
]
refused = {
    "complex numbers": npy(np.array([1 + 2j])),
    "strings": npy(np.array(["abc"])),
    "strings of bytes": npy(np.array([b"abc"])),
    "Python objects": npy(np.array([{}], dtype=object), allow_pickle=True),
    "a structured dtype": npy(np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f4")])),
    "long doubles": npy(np.array([1], dtype=np.longdouble)),
    "dates": npy(np.array(["2020-01-01"], dtype="M8[D]")),
    "raw bytes": npy(np.array([b"ab"], dtype="V2")),
    "number 1": npy(np.array([1, 2**53], dtype="u8")),
}
state = {"0.weight": plain.astype("<f4"), "folder/a": np.array(2.5), "é": np.asfortranarray(plain.astype("<i8"))}
archives = [
    {
        "name": save.__name__,
        "file": text(npz(save, **state)),
        "arrays": {n: {"shape": list(a.shape), "data": a.flatten().tolist()} for n, a in state.items()},
    }
    for save in (np.savez, np.savez_compressed)
]
fixture = {
    "made_by": f"numpy {np.__version__}",
    "arrays": arrays,
    "refused": {name: text(data) for name, data in refused.items()},
    "archives": archives,
}
with open("test/fixtures/files_numpy.json", "w") as file:
    json.dump(fixture, file, ensure_ascii=False)
    file.write("\n")
