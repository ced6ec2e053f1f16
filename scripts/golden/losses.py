"""Writes test/fixtures/loss_options.json: losses of torch.nn.functional with their options, values and gradients.

Shapes and options are drawn from a seed. Run from the root of the repository: python3 scripts/golden/losses.py (needs
PyTorch; 1.13.0 made the file).
"""

import json
import random

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.manual_seed(14)
draw = random.Random(14)


def some(shape, scale=1.0):
    """Random numbers of few digits."""
    return (torch.randn(shape) * scale * 1e3).round() / 1e3


def probabilities(shape):
    return (torch.rand(shape) * 998 + 1).round() / 1e3


def stored(t):
    return {"shape": list(t.shape), "data": t.detach().reshape(-1).tolist()}


def case(loss, function, x, y, options, arrays=(), differentiable=True):
    """`arrays` are options that are tensors, `options` all others; both by PyTorch's names."""
    x = x.clone().requires_grad_()
    y = y.clone().requires_grad_() if differentiable else y
    out = function(x, y, **options, **dict(arrays))
    dout = some(out.shape) if out.dim() else torch.tensor(0.75)
    out.backward(dout)
    expected = {"out": stored(out), "dx": stored(x.grad)}
    if differentiable:
        expected["dy"] = stored(y.grad)
    return {
        "loss": loss,
        "x": stored(x),
        "y": {**stored(y), "labels": not differentiable},
        "options": options,
        "arrays": {name: stored(value) for name, value in arrays},
        "dout": stored(dout),
        "expected": expected,
    }


REDUCTIONS = ["mean", "sum", "none"]
# 32 pixels and more fill vectors as they are; the scores of fewer are put beside those of the other examples.
SCORES = [(7, 4), (5,), (2, 3, 4), (2, 3, 2, 3), (1, 2, 5, 7), (2, 2, 33), (17, 2)]


def labels_for(shape, ignored):
    C = shape[0] if len(shape) == 1 else shape[1]
    grid = shape[:1] + shape[2:] if len(shape) > 1 else ()
    y = torch.randint(0, C, grid)
    if ignored is not None:
        y[torch.rand(grid) < 0.3] = ignored
        y.view(-1)[0] = 1
    return y, C


def cross_entropies():
    for i in range(25):
        shape = SCORES[i % len(SCORES)]
        ignored = draw.choice([None, -100, 0, -1])
        y, C = labels_for(shape, ignored)
        options = {"reduction": REDUCTIONS[i % 3], "label_smoothing": draw.choice([0.0, 0.1, 0.6])}
        if ignored is not None:
            options["ignore_index"] = ignored
        arrays = [("weight", probabilities((C,)))] if draw.random() < 0.5 else []
        yield case("cross_entropy", F.cross_entropy, some(shape, 2), y, options, arrays, differentiable=False)
    for i in range(10):
        shape = SCORES[i % len(SCORES)]
        axis = 0 if len(shape) == 1 else 1
        y = torch.softmax(some(shape), axis)
        options = {"reduction": REDUCTIONS[i % 3], "label_smoothing": draw.choice([0.0, 0.1, 0.6])}
        arrays = [("weight", probabilities((shape[axis],)))] if i % 2 else []
        yield case("cross_entropy", F.cross_entropy, some(shape, 2), y, options, arrays)


def likelihoods():
    for i, shape in enumerate(SCORES):
        ignored = draw.choice([None, -100, 2])
        y, C = labels_for(shape, ignored)
        options = {"reduction": REDUCTIONS[i % 3]}
        if ignored is not None:
            options["ignore_index"] = ignored
        arrays = [("weight", probabilities((C,)))] if i % 2 else []
        yield case("nll_loss", F.nll_loss, some(shape), y, options, arrays, differentiable=False)


def margins():
    for reduction in REDUCTIONS:
        x, y = some((5, 4)), torch.randint(0, 4, (5,))
        # cs231n's loss is not divided by the number of classes.
        yield case(
            "svm_loss",
            lambda x, y, reduction: 4 * F.multi_margin_loss(x, y, reduction=reduction),
            x,
            y,
            {"reduction": reduction},
            differentiable=False,
        )


SHAPES = [(7,), (3, 4), (2, 3, 5), ()]


def numbers():
    for name, function, options in [
        ("mse_loss", F.mse_loss, {}),
        ("l1_loss", F.l1_loss, {}),
        ("smooth_l1_loss", F.smooth_l1_loss, {"beta": 0.3}),
        ("smooth_l1_loss", F.smooth_l1_loss, {"beta": 0.0}),
        ("smooth_l1_loss", F.smooth_l1_loss, {}),
        ("huber_loss", F.huber_loss, {"delta": 0.7}),
        ("huber_loss", F.huber_loss, {}),
    ]:
        for i, reduction in enumerate(REDUCTIONS):
            shape = SHAPES[(i + len(name)) % len(SHAPES)]
            yield case(name, function, some(shape), some(shape), {"reduction": reduction, **options})


def binaries():
    for i in range(8):
        shape = SHAPES[i % 4]
        options = {"reduction": REDUCTIONS[i % 3]}
        arrays = [("weight", probabilities(shape[-1:] if i % 4 == 1 else shape))] if i % 2 else []
        inputs = probabilities(shape), probabilities(shape)
        yield case("binary_cross_entropy", F.binary_cross_entropy, *inputs, options, arrays)
    edges = torch.tensor([0.0, 1.0, 0.0, 1.0, 1e-60, 0.5])
    targets = torch.tensor([0.0, 1.0, 1.0, 0.0, 1.0, 1.0])
    options = {"reduction": "sum"}
    yield case("binary_cross_entropy", F.binary_cross_entropy, edges, targets, options, differentiable=False)
    for i in range(12):
        shape = SHAPES[i % 4]
        options = {"reduction": REDUCTIONS[i % 3]}
        arrays = [("weight", probabilities(shape))] if i % 2 else []
        if i % 4 > 1:
            arrays.append(("pos_weight", probabilities(shape[-1:]) * 3))
        y = probabilities(shape) if i % 3 else probabilities(shape).round()
        function = F.binary_cross_entropy_with_logits
        yield case("binary_cross_entropy_with_logits", function, some(shape, 10 ** (i % 3)), y, options, arrays)


def divergences():
    for i in range(8):
        shape = SHAPES[i % 3]
        options = {"reduction": [*REDUCTIONS, "batchmean"][i % 4], "log_target": i >= 4}
        y = some(shape) - 1 if i >= 4 else probabilities(shape)
        # Low enough that the terms of a sum do not cancel.
        yield case("kl_div", F.kl_div, some(shape) - 4, y, options)


if __name__ == "__main__":
    groups = [cross_entropies, likelihoods, margins, numbers, binaries, divergences]
    cases = [json.dumps(c, allow_nan=False) for group in groups for c in group()]
    with open("test/fixtures/loss_options.json", "w", encoding="utf-8") as file:
        file.write('{"cases": [\n' + ",\n".join(cases) + "\n]}\n")
