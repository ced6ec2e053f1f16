"""Writes test/fixtures/modules.json: PyTorch's modules with their state dicts, before and after a training step.

Run from the root of the repository: python3 scripts/golden/modules.py (needs torch; 1.13.0 made the file).
"""

import json
import warnings

import torch
from torch import nn

warnings.filterwarnings("ignore")
torch.manual_seed(7)
torch.set_default_dtype(torch.float64)

# A name, the arguments in TypeScript, PyTorch's module, and the shape of its input.
CASES = [
    ("Linear", [4, 3], nn.Linear(4, 3), (5, 4)),
    ("Linear", [4, 3, {"bias": False}], nn.Linear(4, 3, bias=False), (2, 3, 4)),
    ("Linear", [4, 3], nn.Linear(4, 3), (4,)),
    ("Conv2d", [2, 3, 3], nn.Conv2d(2, 3, 3), (2, 2, 5, 4)),
    (
        "Conv2d",
        [2, 3, [3, 2], {"stride": [2, 1], "padding": [1, 0], "bias": False}],
        nn.Conv2d(2, 3, (3, 2), stride=(2, 1), padding=(1, 0), bias=False),
        (2, 2, 5, 4),
    ),
    ("Conv2d", [1, 2, [3, 5], {"padding": "same"}], nn.Conv2d(1, 2, (3, 5), padding="same"), (1, 1, 4, 5)),
    ("BatchNorm2d", [3], nn.BatchNorm2d(3), (2, 3, 2, 3)),
    (
        "BatchNorm2d",
        [2, {"eps": 0.1, "momentum": 0.3, "affine": False}],
        nn.BatchNorm2d(2, eps=0.1, momentum=0.3, affine=False),
        (2, 2, 2, 2),
    ),
    ("BatchNorm2d", [2, {"momentum": None}], nn.BatchNorm2d(2, momentum=None), (2, 2, 2, 2)),
    ("BatchNorm2d", [2, {"trackRunningStats": False}], nn.BatchNorm2d(2, track_running_stats=False), (2, 2, 2, 2)),
    ("BatchNorm1d", [3], nn.BatchNorm1d(3), (4, 3)),
    ("BatchNorm1d", [3], nn.BatchNorm1d(3), (2, 3, 4)),
    ("LayerNorm", [4], nn.LayerNorm(4), (3, 4)),
    ("LayerNorm", [[3, 4], {"eps": 0.01}], nn.LayerNorm((3, 4), eps=0.01), (2, 2, 3, 4)),
    ("LayerNorm", [4, {"elementwiseAffine": False}], nn.LayerNorm(4, elementwise_affine=False), (3, 4)),
    ("GroupNorm", [2, 4], nn.GroupNorm(2, 4), (2, 4, 2, 2)),
    ("GroupNorm", [2, 4, {"eps": 0.01, "affine": False}], nn.GroupNorm(2, 4, eps=0.01, affine=False), (3, 4)),
    ("GroupNorm", [1, 2], nn.GroupNorm(1, 2), (2, 2, 3)),
    ("ReLU", [], nn.ReLU(), (2, 3)),
    ("LeakyReLU", [], nn.LeakyReLU(), (2, 3)),
    ("LeakyReLU", [0.2], nn.LeakyReLU(0.2), (2, 3)),
    ("PReLU", [], nn.PReLU(), (2, 3)),
    ("PReLU", [{"numParameters": 2, "init": 0.1}], nn.PReLU(2, 0.1), (2, 2, 2, 2)),
    ("ELU", [], nn.ELU(), (2, 3)),
    ("ELU", [{"alpha": 0.5}], nn.ELU(alpha=0.5), (2, 3)),
    ("GELU", [], nn.GELU(), (2, 3)),
    ("Sigmoid", [], nn.Sigmoid(), (2, 3)),
    ("Tanh", [], nn.Tanh(), (2, 3)),
    ("MaxPool2d", [2], nn.MaxPool2d(2), (1, 2, 5, 4)),
    ("MaxPool2d", [[3, 2], {"stride": 1}], nn.MaxPool2d((3, 2), stride=1), (1, 2, 4, 4)),
    ("AvgPool2d", [2], nn.AvgPool2d(2), (1, 2, 5, 4)),
    ("AvgPool2d", [3, [1, 2]], nn.AvgPool2d(3, (1, 2)), (1, 1, 4, 5)),
    ("AdaptiveAvgPool2d", [1], nn.AdaptiveAvgPool2d(1), (2, 2, 3, 3)),
    ("AdaptiveAvgPool2d", [[2, 3]], nn.AdaptiveAvgPool2d((2, 3)), (1, 2, 5, 4)),
    ("MaxPool2d", [3, {"padding": 1, "ceilMode": True}], nn.MaxPool2d(3, padding=1, ceil_mode=True), (1, 2, 6, 4)),
    (
        "AvgPool2d",
        [2, {"padding": 1, "countIncludePad": False}],
        nn.AvgPool2d(2, padding=1, count_include_pad=False),
        (1, 1, 4, 5),
    ),
    ("AdaptiveMaxPool2d", [[2, None]], nn.AdaptiveMaxPool2d((2, None)), (1, 2, 5, 3)),
    ("ZeroPad2d", [1], nn.ZeroPad2d(1), (1, 2, 2, 3)),
    ("ConstantPad2d", [[1, 0, -1, 2], 0.5], nn.ConstantPad2d((1, 0, -1, 2), 0.5), (1, 2, 3, 2)),
    ("ReflectionPad2d", [[2, 1, 0, 1]], nn.ReflectionPad2d((2, 1, 0, 1)), (1, 2, 2, 3)),
    ("ReplicationPad2d", [2], nn.ReplicationPad2d(2), (1, 2, 2, 3)),
    ("Flatten", [], nn.Flatten(), (2, 2, 1, 3)),
    ("Flatten", [2], nn.Flatten(2), (2, 1, 2, 2)),
    ("Identity", [], nn.Identity(), (2, 2)),
]

# Modules whose first state is not drawn at random.
FIXED = {"BatchNorm1d", "BatchNorm2d", "LayerNorm", "GroupNorm", "PReLU"}


def stored(tensor):
    return {"shape": list(tensor.shape), "data": [round(v, 15) for v in tensor.detach().double().flatten().tolist()]}


def state_of(module):
    return {name: stored(tensor) for name, tensor in module.state_dict().items()}


def case(name, args, module, shape):
    entry = {"module": name, "args": args}
    if name in FIXED:
        entry["initial"] = state_of(module)
    with torch.no_grad():
        for name, tensor in module.state_dict().items():
            if tensor.is_floating_point():
                tensor.copy_(torch.rand_like(tensor).mul(100).round().div(100).add(0.5))
    x = torch.randn(shape).mul(100).round().div(100).requires_grad_()
    entry["state"] = state_of(module)
    out = module(x)
    dout = torch.randn(out.shape).mul(100).round().div(100)
    out.backward(dout)
    entry.update(x=stored(x), dout=stored(dout), out=stored(out), dx=stored(x.grad))
    entry["grads"] = {name: stored(parameter.grad) for name, parameter in module.named_parameters()}
    entry["after"] = state_of(module)
    entry["evalOut"] = stored(module.eval()(x))
    return entry


with open("test/fixtures/modules.json", "w") as file:
    lines = ",\n".join(json.dumps(case(*c)) for c in CASES)
    file.write(f'{{ "torch": "{torch.__version__}", "cases": [\n{lines}\n] }}\n')
