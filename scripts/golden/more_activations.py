"""Writes test/fixtures/more_activations.json: activations of torch.nn.functional and their modules, in float64.

Run from the root of the repository: python3 scripts/golden/more_activations.py (needs PyTorch; 1.13.0 made the file).

Inputs are drawn at random, some of them far out; none is at a kink.
"""

import json

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(14)
torch.set_default_dtype(torch.float64)

# The operation, its config by PyTorch's names, and the function.
FUNCTIONS = [
    ("relu6", {}, F.relu6),
    ("silu", {}, F.silu),
    ("hardswish", {}, F.hardswish),
    # torch 1.13's own gradient has 1/6 in float32.
    ("hardsigmoid", {}, lambda x: F.relu6(x + 3) / 6),
    ("softplus", {}, F.softplus),
    ("softplus", {"beta": 2.5, "threshold": 4.0}, F.softplus),
    ("softmax", {"dim": 1}, F.softmax),
    ("softmax", {"dim": -1}, F.softmax),
    ("log_softmax", {"dim": 1}, F.log_softmax),
    ("log_softmax", {"dim": 0}, F.log_softmax),
    ("gelu_tanh", {}, lambda x: F.gelu(x, approximate="tanh")),
]
SHAPES = [(6, 9), (2, 3, 4, 2)]



class Shift(nn.Module):
    def __init__(self, by):
        super().__init__()
        self.by = by

    def forward(self, x):
        return x + self.by


class Scale(nn.Module):
    def __init__(self, by):
        super().__init__()
        self.by = by

    def forward(self, x):
        return x * self.by


# A name, the arguments in TypeScript, PyTorch's module, and the shape of its input.
MODULES = [
    ("ReLU6", [], nn.ReLU6(), (2, 5)),
    ("SiLU", [], nn.SiLU(), (2, 5)),
    ("Hardswish", [], nn.Hardswish(), (2, 5)),
    ("Hardsigmoid", [], nn.Sequential(Shift(3), nn.ReLU6(), Scale(1 / 6)), (2, 5)),
    ("Softplus", [], nn.Softplus(), (2, 5)),
    ("Softplus", [{"beta": 0.5, "threshold": 1}], nn.Softplus(0.5, 1), (2, 5)),
    ("Softmax", [], nn.Softmax(dim=-1), (2, 5)),
    ("Softmax", [{"dim": 1}], nn.Softmax(dim=1), (2, 3, 2, 2)),
    ("LogSoftmax", [1], nn.LogSoftmax(dim=1), (2, 3, 2)),
    ("GELU", [{"approximate": "tanh"}], nn.GELU(approximate="tanh"), (2, 5)),
]


def drawn(shape, scale):
    return torch.randn(shape).mul(100 * scale).round().div(100).add(0.0013)


def stored(t):
    return {"shape": list(t.shape), "data": t.detach().reshape(-1).tolist()}


def case(op, config, function, shape):
    x = drawn(shape, 4.0)
    x.view(-1)[:4] = torch.tensor([-40.0, 40.0, -1e-3, 1e-3])
    x.requires_grad_()
    dout = drawn(shape, 1.0)
    out = function(x, **config)
    out.backward(dout)
    numbers = "_".join(str(value) for value in config.values())
    return {
        "name": "_".join(part for part in [op, numbers, f"{len(shape)}d"] if part),
        "op": op,
        "config": config,
        "inputs": {"x": stored(x), "dout": stored(dout)},
        "params": {},
        "expected": {"out": stored(out), "dx": stored(x.grad)},
        "tolerance": {"rtol": 1e-12, "atol": 1e-13},
        "tolerance_f32": {name: {"rtol": 1e-5, "atol": 1e-6} for name in ("out", "dx")},
    }


def module_case(name, args, module, shape):
    x = drawn(shape, 2.0).requires_grad_()
    out = module(x)
    dout = drawn(out.shape, 1.0)
    out.backward(dout)
    entry = {"module": name, "args": args, "state": {}, "x": stored(x), "dout": stored(dout), "out": stored(out)}
    return {**entry, "dx": stored(x.grad), "grads": {}, "after": {}, "evalOut": stored(module.eval()(x))}


if __name__ == "__main__":
    cases = [case(*entry, shape) for entry in FUNCTIONS for shape in SHAPES]
    modules = [module_case(*entry) for entry in MODULES]
    with open("test/fixtures/more_activations.json", "w", encoding="utf-8") as file:
        file.write(f'{{ "torch": "{torch.__version__}", "cases": [\n')
        file.write(",\n".join(json.dumps(entry) for entry in cases) + '\n], "modules": [\n')
        file.write(",\n".join(json.dumps(entry) for entry in modules) + "\n] }\n")
