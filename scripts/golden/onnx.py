"""Writes test/fixtures/onnx.json: small models that PyTorch exports to ONNX, with inputs and outputs.

Run from the root of the repository: python3 scripts/golden/onnx.py (PyTorch 1.13.0 made the file).

With `--random SEED COUNT` it prints the same JSON of random networks instead, for the slow test.
"""

import base64
import io
import json
import random
import sys
import warnings
import zlib

import torch
import torch.nn.functional as F
from torch import nn

warnings.filterwarnings("ignore")
torch.set_num_threads(1)


class Fn(nn.Module):
    """A module of a function, and of the modules that it uses."""

    def __init__(self, fn, *modules):
        super().__init__()
        self.fn = fn
        self.m = nn.ModuleList(modules)

    def forward(self, *xs):
        return self.fn(*self.m, *xs)


class Block(nn.Module):
    """The basic block of a ResNet."""

    def __init__(self, c, out, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(c, out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)
        self.down = nn.Sequential(nn.Conv2d(c, out, 1, stride, bias=False), nn.BatchNorm2d(out))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + self.down(x))


class Inverted(nn.Module):
    """The inverted residual of a MobileNet."""

    def __init__(self, c, t):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(c, c * t, 1, bias=False), nn.BatchNorm2d(c * t), nn.ReLU6(),
            nn.Conv2d(c * t, c * t, 3, 1, 1, groups=c * t, bias=False), nn.BatchNorm2d(c * t), nn.Hardswish(),
            nn.Conv2d(c * t, c, 1, bias=False), nn.BatchNorm2d(c),
        )

    def forward(self, x):
        return x + self.body(x)


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(2, 4, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 5),
    )


def attention(q, k, v, x):
    n, t, d = x.shape
    heads = lambda y: y.view(n, t, 2, d // 2).transpose(1, 2)
    scores = heads(q(x)) @ heads(k(x)).transpose(-2, -1) / (d // 2) ** 0.5
    return (scores.softmax(-1) @ heads(v(x))).transpose(1, 2).reshape(n, t, d)


X4 = (1, 3, 4, 5)
X2 = (3, 5)
# Name, module, shapes of inputs, opsets; what is exported in training form keeps batch normalizations.
CASES = [
    ("linear", lambda: nn.Linear(5, 4), [X2], [7, 13, 17]),
    ("linear without bias, sequences", lambda: nn.Linear(5, 3, bias=False), [(2, 3, 5)], [11, 17]),
    ("linear, sequences", lambda: nn.Linear(5, 3), [(2, 3, 5)], [13]),
    ("conv", lambda: nn.Conv2d(3, 4, 3, stride=(1, 2), padding=(1, 2), dilation=(2, 1)), [X4], [7]),
    ("conv in groups", lambda: nn.Conv2d(4, 6, (2, 3), groups=2, bias=False), [(1, 4, 4, 4)], [11]),
    ("conv1d", lambda: nn.Conv1d(3, 2, 3, stride=2, padding=1), [(2, 3, 8)], [13]),
    ("pads", lambda: nn.Sequential(
        nn.ReflectionPad2d((1, 2, 2, 0)), nn.ReplicationPad2d(1),
        nn.ConstantPad2d((1, -1, 0, 2), 0.5)), [(1, 1, 3, 4)], [9, 17]),
    ("max pools", lambda: Fn(lambda a, b, c, x: (a(x), b(x), c(x)),
        nn.MaxPool2d(2), nn.MaxPool2d(3, 2, 1, ceil_mode=True), nn.MaxPool2d(2, 1, 1, dilation=2)), [X4], [13]),
    ("max pool 1d", lambda: nn.MaxPool1d(2, 2, ceil_mode=True), [(2, 3, 7)], [13]),
    ("average pools", lambda: Fn(lambda a, b, c, x: (a(x), b(x), c(x)),
        nn.AvgPool2d(2), nn.AvgPool2d(3, 2, 1), nn.AvgPool2d(3, 2, 1, count_include_pad=False)), [X4], [9, 13]),
    ("average pool, ceil", lambda: nn.AvgPool2d(2, 2, ceil_mode=True), [X4], [13]),
    ("adaptive pools", lambda: Fn(lambda a, b, c, x: (a(x), b(x), c(x)),
        nn.AdaptiveAvgPool2d(1), nn.AdaptiveMaxPool2d(1), nn.AdaptiveAvgPool2d((2, 5))), [X4], [13]),
    ("batch norm", lambda: nn.Sequential(nn.BatchNorm2d(3), nn.Tanh()), [(2, 3, 2, 2)], [7, 17]),
    ("batch norm 1d", lambda: nn.Sequential(
        nn.BatchNorm1d(5), nn.Linear(5, 2), nn.BatchNorm1d(2, affine=False)), [X2], [13]),
    ("layer norm", lambda: nn.Sequential(nn.LayerNorm(5), nn.LayerNorm((3, 5))), [(2, 3, 5)], [11, 17]),
    ("group norm", lambda: nn.GroupNorm(2, 4), [(2, 4, 3, 3)], [11, 17]),
    ("instance norm", lambda: nn.InstanceNorm2d(3, affine=True), [X4], [13]),
    ("activations", lambda: Fn(
        lambda *m: tuple(f(m[-1]) for f in m[:-1]),
        nn.ReLU(), nn.ReLU6(), nn.LeakyReLU(0.2), nn.ELU(0.7), nn.SELU(), nn.CELU(1.0), nn.Sigmoid(), nn.Tanh(),
        nn.Softplus(), nn.Softsign(), nn.GELU(), nn.SiLU(), nn.Hardtanh(-0.4, 0.6), nn.PReLU()), [(2, 4)], [12, 17]),
    ("hard activations", lambda: Fn(
        lambda *m: tuple(f(m[-1]) for f in m[:-1]), nn.Hardswish(), nn.Hardsigmoid(), nn.GELU("tanh"), nn.Mish()),
        [(2, 4)], [13, 17]),
    ("prelu of channels", lambda: nn.PReLU(3), [X4], [13]),
    ("softmax", lambda: Fn(lambda x: (
        x.softmax(1), x.softmax(-1), x.log_softmax(1), x.log_softmax(-1))), [(2, 3, 2)], [11, 13]),
    ("dropout", lambda: nn.Sequential(nn.Linear(5, 4), nn.Dropout(0.5), nn.Linear(4, 3)), [X2], [11, 13]),
    ("reductions", lambda: Fn(lambda x: (
        x.mean((1, 2)), x.sum(1, keepdim=True), x.mean(), x.amax(-1), x.amin((0, 1)), x.norm(dim=1),
        torch.logsumexp(x, 1), x.argmax(1), x.var(1))), [(2, 2, 3)], [11, 17]),
    ("arithmetic", lambda: Fn(lambda x, y: (
        x + y, x - y, x * y + 2, x / (y.abs() + 1), (x.abs() + 1) ** y, x ** 2, x.exp(), (x.abs() + 0.1).log(),
        (-x).abs().sqrt(), torch.maximum(x, y), torch.minimum(x, y), x.clamp(-0.5), x.clamp(max=0.25),
        torch.where(x > y, x, y * 2), x.erf(), 1 / (x * x + 1), x.sign())), [(2, 3), (3,)], [11, 13]),
    ("shapes", lambda: Fn(lambda x: (
        x.view(x.size(0), -1), x.reshape(-1, x.shape[2] * x.shape[3]), x.permute(0, 2, 3, 1), x.flatten(2),
        x.unsqueeze(1).squeeze(1), x.transpose(1, -1), x[:, 1], x[:, :, 1:, 1:-1:2], x.flip(3),
        torch.cat([x, x * 2], 1), torch.stack([x, -x]), x.chunk(3, 1)[1], x.split([1, 2], 1)[1], x[:, [2, 0]],
        x[:, 0:1].expand(-1, 4, -1, -1), x.repeat(1, 2, 1, 1), x.new_zeros(x.shape[0], 2) + 1, F.pad(x, (1, 2)))),
        [(1, 3, 2, 3)], [11, 17]),
    ("gather", lambda: Fn(lambda x: torch.gather(x, 1, torch.tensor([[0, 4], [2, 2], [1, 0]]))), [X2], [13]),
    ("pixel shuffle", lambda: nn.PixelShuffle(2), [(2, 4, 2, 3)], [13]),
    ("matmul", lambda: Fn(lambda x, y: (x @ y, torch.addmm(x[0], x[0], y[0], beta=0.5, alpha=2))),
        [(2, 3, 3), (2, 3, 3)], [13]),
    ("lenet", lenet, [(1, 1, 10, 10)], [11]),
    ("residual", lambda: nn.Sequential(
        Block(3, 4, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3)), [(1, 3, 4, 4)], [13]),
    ("mobile", lambda: nn.Sequential(Inverted(2, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 3)),
        [(1, 2, 3, 3)], [11, 17]),
    ("attention", lambda: Fn(attention, nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 4)), [(1, 3, 4)], [17]),
    ("double", lambda: nn.Sequential(nn.Linear(5, 4), nn.Sigmoid(), nn.Linear(4, 2)).double(), [X2], [13]),
]
# Those that are exported with their batch normalizations and PyTorch's names too.
KEPT = {"residual", "batch norm", "batch norm 1d", "dropout", "linear"}


def seeded(make, seed):
    """A module in evaluation mode whose running statistics and biases are not those of a new one."""
    torch.manual_seed(seed)
    net = make()
    for name, t in net.named_buffers():
        if t.dtype.is_floating_point:
            t.copy_(torch.rand_like(t) + 0.5)
    for p in net.parameters():
        if p.dim() == 1:
            p.data.add_(torch.randn_like(p) * 0.2)
    return net.eval()


def packed(t):
    kind = {torch.float32: "float32", torch.float64: "float64", torch.int64: "int64"}[t.dtype]
    data = t.double() if kind == "int64" else t
    text = base64.b64encode(data.detach().contiguous().numpy().tobytes()).decode()
    return {"shape": list(t.shape), "dtype": "float64" if kind == "int64" else kind, "data": text}


def exported(name, net, inputs, opset, keep):
    file = io.BytesIO()
    names = [f"x{i}" if i else "x" for i in range(len(inputs))]
    batch = {n: {0: "N"} for n, x in zip(names, inputs) if x.dim() > 1}
    mode = torch.onnx.TrainingMode
    torch.onnx.export(
        net, tuple(inputs), file, opset_version=opset, input_names=names, dynamic_axes=batch,
        training=mode.PRESERVE if keep else mode.EVAL, do_constant_folding=not keep)
    return base64.b64encode(zlib.compress(file.getvalue(), 9)).decode()


def case(name, make, shapes, opset, keep, seed):
    net = seeded(make, seed)
    dtype = next((p.dtype for p in net.parameters()), torch.float32)
    inputs = [torch.randn(shape, dtype=dtype) for shape in shapes]
    with torch.no_grad():
        outputs = net(*inputs)
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    title = f"{name}, opset {opset}" + (", names kept" if keep else "")
    made = {"name": title, "model": exported(name, net, inputs, opset, keep)}
    if keep:
        made["state"] = sorted(k for k in net.state_dict() if not k.endswith("num_batches_tracked"))
    return {**made, "inputs": [packed(t) for t in inputs], "outputs": [packed(t) for t in outputs]}


def random_layer(draw, c, size):
    """A layer for images of `c` channels and of `size` pixels: it, and its channels and pixels."""
    kind = draw.choice(["conv", "conv", "depthwise", "norm", "act", "act", "max", "avg", "pad", "block", "inverted",
                        "group"])
    if kind == "conv":
        out, k, p, s = draw.choice([2, 4, 6]), draw.choice([1, 3]), draw.choice([0, 1]), draw.choice([1, 2])
        if size + 2 * p < k:
            p = 1
        return nn.Conv2d(c, out, k, s, p, bias=draw.random() < 0.5), out, (size + 2 * p - k) // s + 1
    if kind == "depthwise":
        return nn.Conv2d(c, c, 3, padding=1, groups=c), c, size
    if kind == "norm":
        return nn.BatchNorm2d(c), c, size
    if kind == "group":
        return nn.GroupNorm(2, c), c, size
    if kind == "act":
        acts = [nn.ReLU(), nn.ReLU6(), nn.LeakyReLU(0.1), nn.ELU(), nn.GELU(), nn.SiLU(), nn.Hardswish(),
                nn.Hardsigmoid(), nn.Softplus(), nn.Tanh(), nn.Sigmoid(), nn.PReLU(), nn.PReLU(c),
                nn.Dropout(0.3), nn.Dropout2d(0.3),
                nn.Identity()]
        return draw.choice(acts), c, size
    if kind in ("max", "avg"):
        k, s, p, ceil = draw.choice([2, 3]), draw.choice([1, 2]), draw.choice([0, 1]), draw.random() < 0.5
        if size + 2 * p < k:
            return nn.Identity(), c, size
        if kind == "avg":
            pool = nn.AvgPool2d(k, s, p, count_include_pad=draw.random() < 0.5, ceil_mode=ceil and p == 0)
        else:
            pool = nn.MaxPool2d(k, s, p, ceil_mode=ceil)
        return pool, c, pool(torch.zeros(1, c, size, size)).shape[-1]
    if kind == "pad":
        return draw.choice([nn.ZeroPad2d, nn.ReplicationPad2d])(1), c, size + 2
    if kind == "inverted":
        return Inverted(c, 2), c, size
    out = draw.choice([2, 4])
    return Block(c, out, 1), out, size


def random_net(draw):
    size = draw.choice([6, 7, 9])
    c, s, layers = 2, size, []
    for _ in range(draw.randint(2, 7)):
        layer, c, s = random_layer(draw, c, s)
        layers.append(layer)
    head = draw.choice(["gap", "flat", "softmax"])
    layers += [nn.Flatten(), nn.Linear(c * s * s, 4)] if head == "flat" else [
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(c, 4), nn.Softmax(1) if head == "softmax" else nn.Identity()]
    return nn.Sequential(*layers), (2, 2, size, size)


def random_cases(seed, count):
    draw = random.Random(seed)
    for i in range(count):
        torch.manual_seed(i)
        net, shape = random_net(draw)
        yield case(str(net), lambda: net, [shape], draw.choice([11, 13, 16]), draw.random() < 0.5, i)


if len(sys.argv) > 1 and sys.argv[1] == "--random":
    print(json.dumps({"cases": list(random_cases(int(sys.argv[2]), int(sys.argv[3])))}))
else:
    cases = []
    for seed, (name, make, shapes, opsets) in enumerate(CASES):
        for opset in opsets:
            try:
                cases.append(case(name, make, shapes, opset, False, seed))
            except Exception as error:
                print(f"{name}, opset {opset}: {str(error).splitlines()[0]}")
        if name in KEPT:
            cases.append(case(name, make, shapes, opsets[-1], True, seed))
    with open("test/fixtures/onnx.json", "w") as file:
        made = {"torch": torch.__version__.split("a")[0], "cases": cases}
        file.write(json.dumps(made, separators=(",", ":")).replace('{"name"', '\n{"name"') + "\n")
