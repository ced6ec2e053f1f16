"""Writes test/fixtures/convolution_options.json: convolutions in groups, dilated, padded and strided, in float64.

Run from the root of the repository: python3 scripts/golden/convolution.py (needs PyTorch; 1.13.0 made the file).
"""

import json
import random
import warnings

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
# PyTorch says that "same" for even kernels copies the images.
warnings.simplefilter("ignore")

RANDOM_CASES = 40


def drawn(shape):
    """Whole numbers: their sums of products are exact, and short in JSON."""
    return torch.randint(-9, 10, shape).double()


def stored(t):
    return {"shape": list(t.shape), "data": t.detach().long().reshape(-1).tolist()}


def case(name, x, weight, padding=0, stride=1, dilation=1, groups=1):
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    tensors = {"x": drawn(x), "weight": drawn(weight), "bias": drawn(weight[:1])}
    leaves = {key: value.clone().requires_grad_() for key, value in tensors.items()}
    out = F.conv2d(leaves["x"], leaves["weight"], leaves["bias"], **options)
    dout = drawn(out.shape)
    out.backward(dout)
    expected = {"out": stored(out), **{"d" + key: stored(leaf.grad) for key, leaf in leaves.items()}}
    largest = {key: max(map(abs, value["data"])) for key, value in expected.items()}
    return {
        "name": name,
        "op": "conv2d_options",
        "config": options,
        "inputs": {**{key: stored(value) for key, value in tensors.items()}, "dout": stored(dout)},
        "params": {},
        "expected": expected,
        "tolerance": {"rtol": 0, "atol": 1e-10 * max(1, *largest.values())},
        "tolerance_f32": {key: {"rtol": 0, "atol": 1e-5 * max(1, value)} for key, value in largest.items()},
    }


def random_cases():
    """Small convolutions of every kind, from a seed."""
    draw = random.Random(14)
    for i in range(RANDOM_CASES):
        groups = draw.randint(1, 4)
        channels, filters = draw.choice([1, 1, 2]), draw.choice([1, 1, 2, 3])
        axes = []
        for _ in range(2):
            size, dilation, pad = draw.randint(1, 4), draw.randint(1, 3), draw.randint(0, 2)
            length = max(1, dilation * (size - 1) + 1 - 2 * pad) + draw.randint(0, 4)
            axes.append((length, size, draw.randint(1, 3), dilation, pad))
        (H, HH, *rows), (W, WW, *columns) = axes
        stride, dilation, padding = ([a, b] for a, b in zip(rows, columns))
        x, w = (draw.randint(1, 2), groups * channels, H, W), (groups * filters, channels, HH, WW)
        yield case(f"random_{i}", x, w, padding, stride, dilation, groups)


def same_cases():
    """The padding 'same' of kernels of even and odd size."""
    for kernel, dilation in (((2, 2), 1), ((4, 3), 1), ((3, 2), [1, 3]), ((2, 4), [3, 2]), ((5, 5), 1), ((1, 6), 1)):
        name = "same_" + "_".join(map(str, (*kernel, dilation)))
        yield case(name, (2, 2, 5, 6), (4, 1, *kernel), "same", 1, dilation, 2)
    yield case("same_smaller_than_the_kernel", (1, 1, 2, 3), (1, 1, 4, 6), "same")
    yield case("valid", (1, 2, 5, 6), (2, 2, 2, 3), "valid", 2)


torch.manual_seed(14)
CASES = [
    case("depthwise", (2, 5, 9, 7), (5, 1, 3, 3), 1, 1, 1, 5),
    case("depthwise_strided", (2, 3, 9, 8), (3, 1, 5, 5), 2, 2, 1, 3),
    case("depthwise_multiplied", (1, 3, 6, 6), (6, 1, 3, 3), 1, [2, 1], 1, 3),
    case("dilated", (1, 3, 9, 9), (4, 3, 3, 3), 2, 1, 2, 1),
    case("in_groups", (2, 6, 6, 5), (9, 2, 3, 3), 1, 1, 1, 3),
    *same_cases(),
    *random_cases(),
]

with open("test/fixtures/convolution_options.json", "w") as file:
    json.dump({"torch": torch.__version__, "cases": CASES}, file, separators=(",", ":"))
    file.write("\n")
