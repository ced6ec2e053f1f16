"""Writes test/fixtures/functional.json: values and gradients of functions of torch.nn.functional, in float64.

Run from the root of the repository: python3 scripts/golden/functional.py (needs PyTorch; 1.13.0 made the file).
"""

import json
import math

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)


def spread(shape, scale=1.0, phase=0.0):
    """Numbers that look irregular and are the same on every machine."""
    count = math.prod(shape)
    values = [round(scale * math.sin(1.7 * i * i + 0.9 * i + phase), 6) for i in range(count)]
    return torch.tensor(values).reshape(shape)


def stored(t):
    return {"shape": list(t.shape), "data": t.detach().reshape(-1).tolist()}


def case(name, op, function, tensors, config, statistics=(), **more):
    """`tensors` get a gradient, `statistics` (running_mean, running_var) are changed in place."""
    leaves = {key: value.clone().requires_grad_() for key, value in tensors.items()}
    before = {key: stored(value) for key, value in statistics}
    out = function(**leaves, **dict(statistics))
    dout = spread(out.shape, phase=3.0)
    out.backward(dout)
    expected = {"out": stored(out)}
    expected.update({"d" + key: stored(leaf.grad) for key, leaf in leaves.items()})
    expected.update({key: stored(value) for key, value in statistics})
    return {
        "name": name,
        "op": op,
        "config": config,
        "inputs": {**{key: stored(value) for key, value in tensors.items()}, **before, "dout": stored(dout), **more},
        "params": {},
        "expected": expected,
        "tolerance": {"rtol": 1e-9, "atol": 1e-12},
        "tolerance_f32": {key: {"rtol": 1e-4, "atol": 2e-5} for key in expected},
    }


def batch_norms():
    for name, shape in [("features", (6, 3)), ("sequences", (4, 3, 5)), ("images", (2, 3, 4, 5))]:
        for training in (True, False):
            options = {"training": training, "momentum": 0.1, "eps": 1e-5}
            yield case(
                f"{name}_{'training' if training else 'evaluation'}",
                "batch_norm",
                lambda x, weight, bias, running_mean, running_var, options=options: F.batch_norm(
                    x, running_mean, running_var, weight, bias, **options
                ),
                {"x": spread(shape, 2.0) + 1, "weight": spread((3,), phase=1.0) + 2, "bias": spread((3,), phase=2.0)},
                options,
                [("running_mean", spread((3,), 0.5)), ("running_var", spread((3,), 0.5) + 1)],
            )
    yield case(
        "images_bare",
        "batch_norm",
        lambda x: F.batch_norm(x, None, None, None, None, training=True, momentum=0.1, eps=1e-3),
        {"x": spread((2, 3, 4, 5), 2.0) + 1},
        {"training": True, "momentum": 0.1, "eps": 1e-3},
    )


def cross_entropies():
    labels = [2, 0, 4, 4, 1, 3]
    for smoothing in (0.0, 0.1, 0.75, 1.0):
        yield case(
            f"smoothing_{smoothing}",
            "cross_entropy",
            lambda x, s=smoothing: F.cross_entropy(x, torch.tensor(labels), label_smoothing=s),
            {"x": spread((6, 5), 3.0)},
            {"label_smoothing": smoothing},
            y={"shape": [6], "data": labels, "dtype": "int32"},
        )


def adaptive_poolings():
    for size in [(1, 1), (2, 3), (3, 4), (7, 5), (9, 11)]:
        yield case(
            f"7x5_to_{size[0]}x{size[1]}",
            "adaptive_avg_pool2d",
            lambda x, size=size: F.adaptive_avg_pool2d(x, size),
            {"x": spread((2, 3, 7, 5))},
            {"output_size": list(size)},
        )


def normalizations():
    yield case(
        "over_two_axes",
        "layer_norm",
        lambda x, weight, bias: F.layer_norm(x, (3, 5), weight, bias),
        {"x": spread((2, 4, 3, 5), 2.0), "weight": spread((3, 5), phase=1.0) + 2, "bias": spread((3, 5), phase=2.0)},
        {"normalized_shape": [3, 5]},
    )
    for name, shape in [("features", (5, 6)), ("sequences", (2, 6, 4)), ("volumes", (2, 6, 2, 3, 2))]:
        yield case(
            name,
            "group_norm",
            lambda x, weight, bias: F.group_norm(x, 3, weight, bias),
            {"x": spread(shape, 2.0), "weight": spread((6,), phase=1.0) + 2, "bias": spread((6,), phase=2.0)},
            {"num_groups": 3},
        )


def losses():
    operands = {"input": spread((3, 4), 2.0), "target": spread((3, 4), phase=1.0)}
    yield case("numbers", "mse_loss", F.mse_loss, operands, {})


def linears():
    for name, shape in [("vector", (4,)), ("matrix", (3, 4)), ("stack", (2, 3, 4))]:
        tensors = {"x": spread(shape), "weight": spread((5, 4), phase=1.0), "bias": spread((5,), phase=2.0)}
        yield case(name, "linear", lambda x, weight, bias: F.linear(x, weight, bias), tensors, {})


if __name__ == "__main__":
    groups = [batch_norms, cross_entropies, adaptive_poolings, normalizations, losses, linears]
    cases = [json.dumps(c) for group in groups for c in group()]
    with open("test/fixtures/functional.json", "w", encoding="utf-8") as file:
        file.write('{"cases": [\n' + ",\n".join(cases) + "\n]}\n")
