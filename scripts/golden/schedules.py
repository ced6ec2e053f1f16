"""Writes test/fixtures/schedules.json: the rates of torch.optim.lr_scheduler, and the parameters that SGD gets.

Two groups with rates of their own; the gradient of step t is sin(t + 1) and cos(t + 1). Run from the root of the
repository: python3 scripts/golden/schedules.py (needs PyTorch; 1.13.0 made the file).
"""

import json
import math
import re
import warnings

import torch
from torch import optim

warnings.filterwarnings("ignore")
torch.set_default_dtype(torch.float64)

STEPS = 24
LOSSES = [1.0, 0.8, 0.81, 0.8, 0.79999, 0.7, 0.7, 0.7, 0.7, 0.69, 0.72, 0.9,
          0.69, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.49999, 0.6]
LOSSES += [0.6, 0.6, 0.1]
ACCURACIES = [1 - loss for loss in LOSSES]

CASES = [
    ("MultiStepLR", {"milestones": [3, 7, 7, 20], "gamma": 0.5}),
    ("MultiStepLR", {"milestones": [12, 2]}),
    ("ExponentialLR", {"gamma": 0.9}),
    ("LinearLR", {}),
    ("LinearLR", {"startFactor": 0.1, "endFactor": 0.7, "totalIters": 9}),
    ("LinearLR", {"startFactor": 1.0, "endFactor": 0.0, "totalIters": 20}),
    ("ConstantLR", {}),
    ("ConstantLR", {"factor": 0.2, "totalIters": 9}),
    ("CosineAnnealingWarmRestarts", {"T0": 5}),
    ("CosineAnnealingWarmRestarts", {"T0": 3, "TMult": 2, "etaMin": 0.01}),
    ("ReduceLROnPlateau", {"patience": 2}),
    ("ReduceLROnPlateau", {"patience": 0, "factor": 0.5, "cooldown": 2, "minLr": 0.02}),
    ("ReduceLROnPlateau", {"patience": 1, "threshold": 0.05, "thresholdMode": "abs", "minLr": [0.1, 0.001]}),
    ("ReduceLROnPlateau", {"mode": "max", "patience": 1, "factor": 0.3, "threshold": 0.01}),
    ("ReduceLROnPlateau", {"mode": "max", "patience": 3, "threshold": 0.02, "thresholdMode": "abs", "eps": 0.01}),
    ("ReduceLROnPlateau", {"patience": 1, "factor": 0.0, "cooldown": 1}),
]
SEQUENCES = [
    ([("LinearLR", {"startFactor": 0.1, "totalIters": 4}), ("ExponentialLR", {"gamma": 0.9})], [5]),
    (
        [
            ("ConstantLR", {"factor": 0.5, "totalIters": 30}),
            ("CosineAnnealingLR", {"TMax": 6}),
            ("StepLR", {"stepSize": 3}),
        ],
        [4, 10],
    ),
    ([("MultiStepLR", {"milestones": [2, 4]}), ("CosineAnnealingWarmRestarts", {"T0": 4, "TMult": 2})], [7]),
]

# T_0, T_mult and T_max begin with a capital.
SPECIAL = {"T0": "T_0", "TMult": "T_mult", "TMax": "T_max"}


def torch_options(options):
    return {SPECIAL.get(name, re.sub(r"([A-Z])", lambda m: "_" + m[1].lower(), name)): v for name, v in options.items()}


def run(make, metrics=None):
    params = [torch.tensor([1.0], requires_grad=True), torch.tensor([-2.0], requires_grad=True)]
    groups = [{"params": [params[0]], "lr": 0.5}, {"params": [params[1]], "lr": 0.05, "momentum": 0.5}]
    optimizer = optim.SGD(groups, lr=1, momentum=0.9)
    schedule = make(optimizer)
    rates, values = [[group["lr"] for group in optimizer.param_groups]], []
    for t in range(STEPS):
        params[0].grad = torch.tensor([math.sin(t + 1)])
        params[1].grad = torch.tensor([math.cos(t + 1)])
        optimizer.step()
        schedule.step(*([] if metrics is None else [metrics[t]]))
        rates.append([group["lr"] for group in optimizer.param_groups])
        values.append([p.item() for p in params])
    return {"rates": rates, "values": values}


def made(name, options, optimizer):
    return getattr(optim.lr_scheduler, name)(optimizer, **torch_options(options))


def cases():
    for name, options in CASES:
        metrics = None
        if name == "ReduceLROnPlateau":
            metrics = ACCURACIES if options.get("mode") == "max" else LOSSES
        result = run(lambda optimizer: made(name, options, optimizer), metrics)
        yield {"schedule": name, "options": options, "metrics": metrics, **result}


def sequences():
    for parts, milestones in SEQUENCES:
        def sequence(optimizer):
            schedulers = [made(name, options, optimizer) for name, options in parts]
            return optim.lr_scheduler.SequentialLR(optimizer, schedulers, milestones)

        yield {"parts": [{"schedule": n, "options": o} for n, o in parts], "milestones": milestones, **run(sequence)}


if __name__ == "__main__":
    def block(items):
        return "[\n" + ",\n".join(json.dumps(item, allow_nan=False) for item in items) + "\n]"

    with open("test/fixtures/schedules.json", "w", encoding="utf-8") as file:
        file.write(f'{{"cases": {block(cases())}, "sequences": {block(sequences())}}}\n')
