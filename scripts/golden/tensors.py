"""Writes test/fixtures/tensors.json: values and gradients of functions of tensors, by PyTorch in float64.

Run from the root of the repository: /usr/bin/python3 scripts/golden/tensors.py (needs PyTorch; 1.13.0 made the file).

Each case is a call of the function `fn` of `F` with `args`, where "$0" stands for the first of `inputs`, and what
PyTorch gives for `out` and for the gradients of the inputs, where the upstream gradient is `dout`.
"""

import json
import math

import torch

torch.set_default_dtype(torch.float64)
GENERATOR = torch.Generator().manual_seed(231)
SPECIAL = {math.inf: "Infinity", -math.inf: "-Infinity"}


def random(*shape):
    return torch.round(torch.randn(shape, generator=GENERATOR), decimals=3)


def number(value):
    return "NaN" if math.isnan(value) else SPECIAL.get(value, value)


def stored(t):
    t = t.detach().to(torch.float64)
    return {"shape": list(t.shape), "data": [number(value) for value in t.reshape(-1).tolist()]}


def case(fn, args, inputs, function, pick=None):
    """`pick` is the part of the result that is compared: a name, or a place in a list."""
    leaves = [value.clone().requires_grad_() for value in inputs]
    out = function(*leaves)
    made = {"fn": fn, "args": args, "inputs": [stored(value) for value in inputs], "out": stored(out)}
    if pick is not None:
        made["pick"] = pick
    if out.requires_grad:
        dout = random(*out.shape)
        made["dout"] = stored(dout)
        gradients = torch.autograd.grad(out, leaves, dout, allow_unused=True)
        made["gradients"] = [None if g is None else stored(g) for g in gradients]
    return made


TIES = torch.tensor([[3.0, 1.0, 3.0, 2.0], [0.0, 0.0, -1.0, -1.0], [5.0, 5.0, 5.0, 5.0]])


def reductions():
    x = random(2, 3, 4)
    for axis in (None, 1, [0, 2], -1):
        for keep in (False, True) if axis == 1 else (False,):
            dim = [0, 1, 2] if axis is None else axis
            shown = "undefined" if axis is None else axis
            yield case("amax", ["$0", shown, keep], [x], lambda t: t.amax(dim, keep))
            yield case("amin", ["$0", shown, keep], [x], lambda t: t.amin(dim, keep))
            for unbiased in (True, False):
                options = {"unbiased": unbiased, "keepdims": keep}
                yield case("var", ["$0", shown, options], [x], lambda t: t.var(dim, unbiased, keep))
                yield case("std", ["$0", shown, options], [x], lambda t: t.std(dim, unbiased, keep))
    yield case("amax", ["$0", 1], [TIES], lambda t: t.amax(1))
    yield case("amin", ["$0", 0], [TIES], lambda t: t.amin(0))
    yield case("var", ["$0", 1], [TIES], lambda t: t.var(1))
    yield case("std", ["$0", 1], [TIES], lambda t: t.std(1))
    sparse = torch.tensor([[1.5, 0.0, -2.0, 2.0], [0.0, 0.0, 0.0, 0.0], [-0.5, 3.0, 0.0, 1.0]])
    for p in (0, 0.5, 1, 1.5, 2, 3, math.inf, -math.inf):
        yield case("norm", ["$0", number(p), -1], [sparse], lambda t: t.norm(p, -1))
    yield case("norm", ["$0"], [x], lambda t: t.norm())
    yield case("norm", ["$0", 3, [0, 1], True], [x], lambda t: t.norm(3, [0, 1], True))


def extremes():
    x = random(3, 4, 2)
    for t in (x, TIES):
        for name in ("max", "min"):
            yield case(name, ["$0"], [t], lambda v: getattr(v, name)())
            for axis in range(t.dim()):
                yield case(name, ["$0", axis], [t], lambda v: getattr(v, name)(axis)[0], "values")
                yield case(name, ["$0", axis, True], [t], lambda v: getattr(v, name)(axis, True)[0], "values")
    for name in ("argmax", "argmin"):
        yield case(name, ["$0"], [x], lambda t: getattr(t, name)())
        yield case(name, ["$0", 1], [x], lambda t: getattr(t, name)(1))
        yield case(name, ["$0", -3, True], [x], lambda t: getattr(t, name)(-3, True))
    for axis in (0, 1, -1):
        for largest in (True, False):
            k = 2
            options = {"axis": axis, "largest": largest}
            for i, pick in enumerate(("values", "indices")):
                yield case("topk", ["$0", k, options], [x], lambda t: t.topk(k, axis, largest)[i], pick)


def selections():
    x = random(3, 4, 2)
    for axis, shape in ((0, (5, 4, 2)), (1, (2, 6, 1)), (-1, (3, 3, 2))):
        index = torch.randint(0, x.shape[axis], shape, generator=GENERATOR)
        yield case("gather", ["$0", axis, stored(index)], [x], lambda t: t.gather(axis, index))
    condition = (random(3, 1) > 0).double()
    yield case(
        "where",
        [stored(condition), "$0", "$1"],
        [random(3, 4), random(2, 3, 4)],
        lambda a, b: torch.where(condition != 0, a, b),
    )
    edges = torch.tensor([-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, math.nan, math.inf, -math.inf])
    for low, high in ((-1, 1), (None, 0.5), (0, None), (1, -1)):
        yield case("clamp", ["$0", low, high], [edges], lambda t: t.clamp(low, high))
    labels = torch.tensor([[2, 0], [1, 3]])
    yield case("oneHot", [stored(labels), 5], [], lambda: torch.nn.functional.one_hot(labels, 5))
    yield case("oneHot", [stored(labels)], [], lambda: torch.nn.functional.one_hot(labels))
    a = torch.tensor([[1.0, 2.0, math.nan], [0.0, -0.0, math.inf]])
    b = torch.tensor([1.0, 0.0, math.inf])
    for name in ("eq", "ne", "lt", "le", "gt", "ge"):
        yield case(name, [stored(a), stored(b)], [], lambda: getattr(a, name)(b))
        yield case(name, [stored(a), 1], [], lambda: getattr(a, name)(1))


def powers():
    bases = torch.tensor([0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, math.inf, -math.inf, math.nan]).reshape(-1, 1)
    exponents = torch.tensor([0.0, 1.0, -1.0, 2.0, 3.0, 0.5, -0.5, math.inf, -math.inf, math.nan])
    yield case("pow", ["$0", "$1"], [random(2, 1, 3).abs() + 0.1, random(4, 1)], lambda a, b: a.pow(b))
    grid = [t.contiguous() for t in torch.broadcast_tensors(bases, exponents)]
    yield case("pow", ["$0", "$1"], grid, lambda a, b: a.pow(b))
    for base in (2.5, 0, -1.5, 1):
        yield case("pow", [base, "$0"], [exponents], lambda t: torch.pow(base, t))
    for exponent in (0, 2, -1, 1.7):
        yield case("pow", ["$0", exponent], [bases], lambda t: t.pow(exponent))


def shapes():
    x = random(2, 1, 3, 1)
    yield case("squeeze", ["$0"], [x], lambda t: t.squeeze())
    yield case("squeeze", ["$0", 1], [x], lambda t: t.squeeze(1))
    yield case("squeeze", ["$0", 0], [x], lambda t: t.squeeze(0))
    yield case("squeeze", ["$0", -1], [x], lambda t: t.squeeze(-1))
    y = random(2, 3, 4)
    yield case("view", ["$0", [4, -1]], [y], lambda t: t.view(4, -1))
    for axis in (0, 1, -1, -4):
        yield case("unsqueeze", ["$0", axis], [y], lambda t: t.unsqueeze(axis))
    yield case("transpose", ["$0", 0, -1], [y], lambda t: t.transpose(0, -1))
    yield case("permute", ["$0", [2, 0, 1]], [y], lambda t: t.permute(2, 0, 1))
    yield case("flatten", ["$0", 0], [y], lambda t: t.flatten())
    yield case("flatten", ["$0", 0, 1], [y], lambda t: t.flatten(0, 1))
    yield case("expand", ["$0", [5, 2, 4, -1, 2]], [x], lambda t: t.expand(5, 2, 4, -1, 2))
    for i in range(2):
        yield case("split", ["$0", 2, 1], [y], lambda t: t.split(2, 1)[i], i)
        yield case("split", ["$0", [3, 1], -1], [y], lambda t: t.split([3, 1], -1)[i], i)
        yield case("chunk", ["$0", 3, -1], [y], lambda t: t.chunk(3, -1)[i], i)
    yield case("clone", ["$0"], [y], lambda t: t.clone())
    yield case("to", ["$0", "float32"], [y], lambda t: t.to(torch.float32).to(torch.float64))


if __name__ == "__main__":
    groups = [reductions, extremes, selections, powers, shapes]
    cases = [json.dumps(c) for group in groups for c in group()]
    with open("test/fixtures/tensors.json", "w", encoding="utf-8") as file:
        file.write('{"cases": [\n' + ",\n".join(cases) + "\n]}\n")
