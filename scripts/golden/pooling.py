"""Writes test/fixtures/pooling_options.json: poolings with every option, adaptive poolings and padding of
torch.nn.functional on random shapes, with their gradients, in float64.

Run from the root of the repository: python3 scripts/golden/pooling.py (needs PyTorch; 1.13.0 made the file).
"""

import json
import random

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
random.seed(14)
torch.manual_seed(14)


def values(shape):
    """In sixteenths: few digits, and ties among the values of a window."""
    return torch.randint(-40, 41, shape) / 16


def stored(t):
    return {"shape": list(t.shape), "data": t.detach().reshape(-1).tolist()}


def case(op, function, shape, config):
    x = values(shape).requires_grad_()
    out = function(x)
    dout = values(out.shape)
    out.backward(dout)
    return {
        "op": op,
        "config": config,
        "inputs": {"x": stored(x), "dout": stored(dout)},
        "expected": {"out": stored(out), "dx": stored(x.grad)},
    }


def axis(dilated):
    size = random.randint(1, 4)
    padding = random.randint(0, size // 2)
    dilation = random.randint(1, 2) if dilated else 1
    stride = random.randint(1, 3)
    # At least one place of every window is in the image: PyTorch reads beyond its memory otherwise.
    length = max((size - 1) * dilation + 1 - 2 * padding, dilation) + random.randint(0, 6)
    return size, padding, dilation, stride, length


def pooling(op):
    (kh, ph, dh, sh, H), (kw, pw, dw, sw, W) = axis(op == "max_pool2d"), axis(op == "max_pool2d")
    shape = random.choice([(1, 2, H, W), (2, 1, H, W), (2, H, W)])
    config = {"kernel_size": [kh, kw], "stride": [sh, sw], "padding": [ph, pw], "ceil_mode": random.random() < 0.5}
    if op == "max_pool2d":
        config["dilation"] = [dh, dw]
    else:
        config["count_include_pad"] = random.random() < 0.5
        config["divisor_override"] = random.choice([None, None, 3])
    return case(op, lambda x: getattr(F, op)(x, **config), shape, config)


def adaptive(op, shape, size):
    return case(op, lambda x: getattr(F, op)(x, size), shape, {"output_size": size})


def pad(shape, amounts, mode, value=0.0):
    config = {"pad": amounts, "mode": mode}
    if mode == "constant":
        config["value"] = value
    return case("pad", lambda x: F.pad(x, amounts, mode, value if mode == "constant" else None), shape, config)


cases = [pooling(op) for op in ["max_pool2d", "avg_pool2d"] for _ in range(32)]
cases += [
    adaptive(op, shape, size)
    for op in ["adaptive_max_pool2d", "adaptive_avg_pool2d"]
    for shape, size in [
        ((2, 2, 7, 5), [3, 2]),
        ((1, 2, 4, 6), [5, None]),
        ((2, 5, 4), [None, None]),
        ((1, 1, 6, 3), 4),
    ]
]
cases += [
    pad((2, 3), [1, 2], "constant", 0.5),
    pad((2, 3, 4), [1, 0, 0, 2, 2, 1], "constant", -1.0),
    pad((1, 2, 4, 5), [-1, 2, 1, -2], "constant"),
    pad((2, 1, 3, 4), [2, 3, 2, 1], "reflect"),
    pad((1, 3, 5), [3, 4], "reflect"),
    pad((2, 3, 4), [1, 2, 2, 0], "reflect"),
    pad((2, 1, 3, 2), [3, 0, 1, 4], "replicate"),
    pad((1, 3, 2), [1, 5], "replicate"),
    pad((1, 2, 3), [2, 1, 0, 3], "replicate"),
    pad((1, 2, 3, 4), [4, 1, 0, 3], "circular"),
    pad((1, 2, 4), [2, 3], "circular"),
]

with open("test/fixtures/pooling_options.json", "w") as file:
    content = {"source": f"torch {torch.__version__}, scripts/golden/pooling.py", "cases": cases}
    json.dump(content, file, separators=(",", ":"))
    file.write("\n")
