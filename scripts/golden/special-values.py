"""Writes test/fixtures/special_values.json: PyTorch's results for signed zeros, infinities, NaN and the ends of a
dtype.

Run from the root of the repository: python3 scripts/golden/special-values.py (needs PyTorch; 1.13.0 made the file).

Numbers are strings that JavaScript's Number reads, as JSON has no NaN. Every function is applied to all its values at
once and at every place of a vector: where PyTorch's answer depends on the place, it has none, and the script stops.
"""

import json
import math

import torch
import torch.nn.functional as F

VALUES = ["0", "-0", "Infinity", "-Infinity", "NaN", "1", "-1", "0.25", "-0.25", "2", "-3", "1e25", "-1e25", "1.5e38",
          "-1.5e38", "6e-45", "-6e-45"]
UPSTREAM = ["1", "-2", "0", "-0", "NaN", "Infinity", "-Infinity"]
EXPONENTS = ["NaN", "Infinity", "-Infinity", "0", "-0", "0.5", "-0.5", "1", "-1", "2", "-2", "3", "-3", "1.5", "-1.5"]
ROWS = [["Infinity", "0"], ["0", "Infinity"], ["Infinity", "Infinity"], ["-Infinity", "0"], ["-Infinity", "-Infinity"],
        ["NaN", "0"], ["0", "NaN"], ["1e38", "-1e38"], ["-0", "0"], ["0", "-0"], ["Infinity", "-Infinity"],
        ["NaN", "Infinity"]]
WINDOWS = [["0", "-0", "-0", "0"], ["-0", "0", "0", "0"], ["-1", "0", "-0", "-1"], ["-1", "-0", "0", "-1"],
           ["-1", "-1", "-0", "0"], ["NaN", "1", "2", "3"], ["1", "Infinity", "NaN", "2"], ["1", "2", "3", "NaN"],
           ["-Infinity", "-Infinity", "-Infinity", "-Infinity"], ["-2e-45", "-0", "0", "2e-45"]]

UNARY = {
    "relu": F.relu,
    "leakyRelu": lambda x: F.leaky_relu(x, 0.01),
    "prelu": lambda x: F.prelu(x, torch.tensor([0.25], dtype=x.dtype)),
    "elu": F.elu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "gelu": F.gelu,
    "abs": torch.abs,
    "neg": torch.neg,
    "exp": torch.exp,
    "log": torch.log,
    "sqrt": torch.sqrt,
    **{f"pow {e}": lambda x, e=float(e): torch.pow(x, e) for e in EXPONENTS},
}
BINARY = {"add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div, "maximum": torch.maximum,
          "minimum": torch.minimum}
BY_ROW = {
    "softmax": lambda x: torch.softmax(x, 1),
    "logSoftmax": lambda x: torch.log_softmax(x, 1),
    "logsumexp": lambda x: torch.logsumexp(x, 1),
    "max": lambda x: torch.max(x, 1).values,
    "crossEntropy": lambda x: F.cross_entropy(x, torch.zeros(len(x), dtype=torch.long), reduction="none"),
}


def text(number):
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    return repr(number)


def tensor(values, dtype):
    return torch.tensor([float(v) for v in values], dtype=dtype)


def same_everywhere(t, copies, name):
    parts = [[text(v) for v in part.flatten().tolist()] for part in t.chunk(copies)]
    if any(part != parts[0] for part in parts):
        raise SystemExit(f"{name}: the answer depends on the place")
    return parts[0]


def gradient(f, inputs, dout, copies, name):
    """The value of f and the gradients of its inputs, the same for every copy."""
    leaves = [x.repeat([copies] + [1] * (x.dim() - 1)).requires_grad_() for x in inputs]
    out = f(*leaves)
    out.backward(dout.repeat([copies] + [1] * (dout.dim() - 1)).reshape(out.shape))
    return [same_everywhere(t.detach(), copies, name) for t in [out, *(leaf.grad for leaf in leaves)]]


def table(dtype):
    torch.set_num_threads(1)
    # Its GELU of float32 has other zeros than the formula, which float64 goes by.
    torch.backends.mkldnn.set_flags(False)
    xs = [x for x in VALUES for _ in UPSTREAM]
    ds = [d for _ in VALUES for d in UPSTREAM]
    unary = {name: dict(zip(["out", "dx"], gradient(f, [tensor(xs, dtype)], tensor(ds, dtype), 3, name)))
             for name, f in UNARY.items()}
    a, b = [x for x in VALUES for _ in VALUES], [y for _ in VALUES for y in VALUES]
    binary = {}
    for name, f in BINARY.items():
        # The sign of the larger of two zeros depends on the place.
        places = [i for i in range(len(a)) if not (name in ("maximum", "minimum") and {a[i], b[i]} == {"0", "-0"})]
        pick = lambda values: tensor([values[i] for i in places], dtype)
        parts = gradient(f, [pick(a), pick(b)], torch.ones(len(places), dtype=dtype), 3, name)
        binary[name] = {"places": places, **dict(zip(["out", "da", "db"], parts))}
    rows = torch.stack([tensor(row, dtype) for row in ROWS])
    by_row = {}
    for name, f in BY_ROW.items():
        upstream = [1.0, 2.0] if name in ("softmax", "logSoftmax") else [1.0]
        dout = torch.tensor(upstream * len(ROWS), dtype=dtype)
        by_row[name] = dict(zip(["out", "dx"], gradient(f, [rows], dout.reshape(len(ROWS), -1), 3, name)))
    windows = torch.stack([tensor(window, dtype) for window in WINDOWS]).reshape(-1, 1, 2, 2)
    ones = torch.ones(len(WINDOWS), 1, 1, 1, dtype=dtype)
    pool = gradient(lambda x: F.max_pool2d(x, 2), [windows], ones, 3, "maxPool")
    return {"unary": unary, "binary": binary, "byRow": by_row, "maxPool": dict(zip(["out", "dx"], pool))}


if __name__ == "__main__":
    tables = {
        "torch": torch.__version__,
        "values": VALUES,
        "upstream": UPSTREAM,
        "rows": ROWS,
        "windows": WINDOWS,
        "float32": table(torch.float32),
        "float64": table(torch.float64),
    }
    with open("test/fixtures/special_values.json", "w", encoding="utf-8") as file:
        file.write(json.dumps(tables).replace('}, "', '},\n"') + "\n")
