"""Writes test/fixtures/optimizers.json: parameters after each of 20 steps of PyTorch's optimizers in float64, the
learning rates and momenta of its schedules, and what its clipping makes of gradients.

Run from the root of the repository: python3 scripts/golden/optimizers.py (needs torch; 1.13.0 made the file).
"""

import json
import random

import torch
from torch import optim

STEPS = 20
SHAPES = [[3, 4], [5]]
FIXTURE = "test/fixtures/optimizers.json"

# Options under the names that the library has for them; torch_options() turns them into PyTorch's.
OPTIMIZERS = {
    "SGD": [
        {"lr": 0.1},
        {"lr": 0.1, "weightDecay": 0.05},
        {"lr": 0.1, "momentum": 0.9},
        {"lr": 0.1, "momentum": 0.9, "dampening": 0.4},
        {"lr": 0.1, "momentum": 0.8, "dampening": 0.3, "weightDecay": 0.05},
        {"lr": 0.1, "momentum": 0.9, "nesterov": True},
        {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weightDecay": 0.05},
    ],
    "Adam": [
        {},
        {"lr": 0.05, "betas": [0.8, 0.95], "eps": 1e-3},
        {"lr": 0.05, "weightDecay": 0.1},
        {"lr": 0.05, "betas": [0.8, 0.9], "amsgrad": True},
        {"lr": 0.05, "betas": [0.8, 0.9], "amsgrad": True, "weightDecay": 0.1},
    ],
    "AdamW": [
        {},
        {"lr": 0.05, "weightDecay": 0.1},
        {"lr": 0.05, "weightDecay": 0},
        {"lr": 0.05, "betas": [0.8, 0.9], "eps": 1e-3, "weightDecay": 0.1, "amsgrad": True},
    ],
    "RMSprop": [
        {},
        {"lr": 0.05, "alpha": 0.9, "eps": 1e-3, "weightDecay": 0.1},
        {"lr": 0.05, "momentum": 0.9},
        {"lr": 0.05, "centered": True},
        {"lr": 0.05, "alpha": 0.9, "weightDecay": 0.1, "momentum": 0.8, "centered": True},
    ],
    "Adagrad": [
        {},
        {"lr": 0.1, "lrDecay": 0.1, "weightDecay": 0.05},
        {"lr": 0.1, "initialAccumulatorValue": 0.5, "eps": 1e-3},
    ],
}

SCHEDULES = {
    "StepLR": [({"stepSize": 4}, 20), ({"stepSize": 1, "gamma": 0.9}, 20)],
    "CosineAnnealingLR": [({"TMax": 10}, 45), ({"TMax": 7, "etaMin": 0.01}, 30), ({"TMax": 1}, 6)],
    "OneCycleLR": [
        ({"maxLr": 0.1, "totalSteps": 20}, 20),
        ({"maxLr": 0.1, "epochs": 4, "stepsPerEpoch": 5, "annealStrategy": "linear"}, 20),
        (
            {"maxLr": 0.3, "totalSteps": 24, "pctStart": 0.4, "threePhase": True, "divFactor": 10.0,
             "finalDivFactor": 100.0},
            24,
        ),
        ({"maxLr": 0.1, "totalSteps": 13, "pctStart": 0.25, "baseMomentum": 0.7, "maxMomentum": 0.9}, 13),
        ({"maxLr": 0.1, "totalSteps": 9, "cycleMomentum": False}, 9),
        ({"maxLr": 0.1, "totalSteps": 8, "pctStart": 0.0}, 8),
    ],
}

NAMES = {
    "weightDecay": "weight_decay",
    "lrDecay": "lr_decay",
    "initialAccumulatorValue": "initial_accumulator_value",
    "stepSize": "step_size",
    "TMax": "T_max",
    "etaMin": "eta_min",
    "maxLr": "max_lr",
    "totalSteps": "total_steps",
    "stepsPerEpoch": "steps_per_epoch",
    "pctStart": "pct_start",
    "annealStrategy": "anneal_strategy",
    "cycleMomentum": "cycle_momentum",
    "baseMomentum": "base_momentum",
    "maxMomentum": "max_momentum",
    "divFactor": "div_factor",
    "finalDivFactor": "final_div_factor",
    "threePhase": "three_phase",
}


def torch_options(cls, options):
    named = {NAMES.get(name, name): tuple(v) if isinstance(v, list) else v for name, v in options.items()}
    if cls == "SGD":
        named.setdefault("lr", 1e-3)
    return named


def draw(source, shape):
    size = torch.Size(shape).numel()
    return torch.tensor([round(source.gauss(0, 1), 6) for _ in range(size)], dtype=torch.float64).reshape(shape)


SOURCE = random.Random(231)
INITIAL = [draw(SOURCE, shape) for shape in SHAPES]
# One weight has a gradient of zero all along, one a constant gradient.
GRADS = [[draw(SOURCE, shape) for shape in SHAPES] for _ in range(STEPS)]
for grads in GRADS:
    grads[1][0] = 0.0
    grads[1][1] = -0.5


def fresh(count=len(SHAPES)):
    return [torch.nn.Parameter(values.clone()) for values in INITIAL[:count]]


def optimizer_case(cls, options):
    params = fresh()
    optimizer = getattr(optim, cls)(params, **torch_options(cls, options))
    steps = [[] for _ in params]
    for grads in GRADS:
        for param, grad, values in zip(params, grads, steps):
            param.grad = grad.clone()
        optimizer.step()
        for param, values in zip(params, steps):
            values.append(param.detach().flatten().tolist())
    return {"optimizer": cls, "options": options, "steps": steps}


def groups_case():
    """Two groups: the second has its own learning rate, and its parameter no gradient in every third step."""
    options, own = {"lr": 0.1, "momentum": 0.9, "dampening": 0.5}, {"lr": 0.01, "weightDecay": 0.1}
    params = fresh()
    second = {"params": [params[1]], **torch_options("SGD", own)}
    optimizer = optim.SGD([{"params": [params[0]]}, second], **torch_options("SGD", options))
    steps = [[] for _ in params]
    for t, grads in enumerate(GRADS):
        params[0].grad = grads[0].clone()
        params[1].grad = None if t % 3 == 0 else grads[1].clone()
        optimizer.step()
        for param, values in zip(params, steps):
            values.append(param.detach().flatten().tolist())
    return {"options": options, "own": own, "steps": steps}


def schedule_case(cls, options, count, optimizer_cls, optimizer_options):
    optimizer = getattr(optim, optimizer_cls)(fresh(1), **torch_options(optimizer_cls, optimizer_options))
    schedule = getattr(optim.lr_scheduler, cls)(optimizer, **torch_options(cls, options))
    rates, momenta = [], []
    for t in range(count + 1):
        group = optimizer.param_groups[0]
        rates.append(schedule.get_last_lr()[0])
        momenta.append(group["betas"][0] if "betas" in group else group["momentum"])
        optimizer.step()
        if t < count:
            schedule.step()
    case = {"schedule": cls, "options": options, "optimizer": optimizer_cls, "optimizerOptions": optimizer_options}
    return {**case, "rates": rates, "momenta": momenta}


def chained_case():
    """Two schedules of one optimizer."""
    optimizer = optim.SGD(fresh(1), lr=0.5)
    cosine = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=6)
    step = optim.lr_scheduler.StepLR(optimizer, step_size=3, gamma=0.5)
    rates = []
    for _ in range(15):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        cosine.step()
        step.step()
    return {"lr": 0.5, "cosine": {"TMax": 6}, "step": {"stepSize": 3, "gamma": 0.5}, "rates": rates}


def clip_case(kind, bound, norm_type=2.0):
    params = fresh()
    for param, grad in zip(params, GRADS[0]):
        param.grad = grad.clone()
    if kind == "value":
        torch.nn.utils.clip_grad_value_(params, bound)
        norm = None
    else:
        norm = torch.nn.utils.clip_grad_norm_(params, bound, norm_type).item()
    clipped = [param.grad.flatten().tolist() for param in params]
    name = "Infinity" if norm_type == float("inf") else norm_type
    return {"kind": kind, "bound": bound, "normType": name, "norm": norm, "clipped": clipped}


def main():
    schedules = []
    for cls, cases in SCHEDULES.items():
        for options, count in cases:
            schedules.append(schedule_case(cls, options, count, "SGD", {"lr": 0.5, "momentum": 0.9}))
            if cls == "OneCycleLR":
                schedules.append(schedule_case(cls, options, count, "Adam", {"lr": 0.5}))
    clips = [clip_case("norm", 1.5, n) for n in (2.0, 1.0, float("inf"))]
    clips += [clip_case("norm", 100.0), clip_case("norm", 0.0), clip_case("value", 0.4)]
    fixture = {
        "torch": torch.__version__,
        "shapes": SHAPES,
        "initial": [values.flatten().tolist() for values in INITIAL],
        "grads": [[grad.flatten().tolist() for grad in grads] for grads in GRADS],
        "optimizers": [optimizer_case(cls, options) for cls, cases in OPTIMIZERS.items() for options in cases],
        "groups": groups_case(),
        "schedules": schedules,
        "chained": chained_case(),
        "clips": clips,
    }
    with open(FIXTURE, "w", encoding="utf-8") as file:
        file.write(json.dumps(fixture).replace("}, {", "},\n{").replace(', "', ',\n"') + "\n")


if __name__ == "__main__":
    main()
