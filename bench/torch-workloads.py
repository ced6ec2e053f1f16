"""The benchmark's workloads in PyTorch, for `npm run bench -- --against torch`.

Reads lines `time WORKLOAD SECONDS`, and answers each by a line of JSON with the fastest and the median step in
milliseconds; and lines `memory WORKLOAD`, and answers each with the peak memory of a step in bytes. The first line it
writes says which versions run. Steps, sizes and settings are those of workloads.ts. Gradients are set to None between
steps, and what is not needed (the gradient of the images, the tape of a scoring pass) is not computed.
"""

import argparse
import json
import statistics
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

F32, F64 = torch.float32, torch.float64
IMAGE = (3, 32, 32)


def block(inputs, outputs):
    return [nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU()]


def part5():
    blocks = []
    for inputs, outputs in ((3, 32), (32, 64), (64, 128)):
        blocks += [*block(inputs, outputs), *block(outputs, outputs), nn.MaxPool2d(2)]
    head = [nn.Flatten(), nn.Linear(128 * 4 * 4, 256), nn.ReLU(), nn.Dropout(0.5), nn.Linear(256, 10)]
    return nn.Sequential(*blocks, *head)


def airbench():
    whitening = nn.Conv2d(3, 24, 2, bias=False).requires_grad_(False)
    layers = [whitening, nn.GELU()]
    for inputs, outputs in ((24, 64), (64, 256), (256, 256)):
        layers += [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.MaxPool2d(2)]
        layers += [nn.BatchNorm2d(outputs), nn.GELU()]
        layers += [nn.Conv2d(outputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.GELU()]
    return nn.Sequential(*layers, nn.MaxPool2d(3), nn.Flatten(), nn.Linear(256, 10, bias=False))


def conv2():
    return nn.Sequential(
        nn.Conv2d(3, 32, 5, padding=2), nn.ReLU(), nn.Conv2d(32, 16, 3, padding=1), nn.ReLU(),
        nn.Flatten(), nn.Linear(16 * 32 * 32, 10),
    )


def convnet3():
    return nn.Sequential(
        nn.Conv2d(3, 32, 7, padding=3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(32 * 16 * 16, 500), nn.ReLU(), nn.Linear(500, 10),
    )


def fully_connected(*hidden, inputs=3 * 32 * 32, batchnorm=False):
    layers = [nn.Flatten()]
    for size in hidden:
        layers += [nn.Linear(inputs, size), *([nn.BatchNorm1d(size)] if batchnorm else []), nn.ReLU()]
        inputs = size
    return nn.Sequential(*layers, nn.Linear(inputs, 10))


def sgd(parameters):
    return torch.optim.SGD(parameters, lr=1e-3)


def nesterov(parameters):
    return torch.optim.SGD(parameters, lr=1e-3, momentum=0.9, nesterov=True)


def adam(parameters):
    return torch.optim.Adam(parameters, lr=1e-3)


def training(model, batch, optimizer, dtype=F32, shape=IMAGE):
    model = model.to(dtype).train()
    optimizer = optimizer(model.parameters())
    x, y = torch.randn(batch, *shape, dtype=dtype), torch.randint(10, (batch,))

    def step():
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()

    return step


def scoring(model, batch):
    model = model.eval()
    x = torch.randn(batch, *IMAGE)

    def step():
        with torch.no_grad():
            model(x)

    return step


def passes(layer, shapes, dtype):
    """Forward without a tape, and backward through a tape that is kept."""
    operands = [torch.randn(*shape, dtype=dtype) for shape in shapes]

    def forward():
        with torch.no_grad():
            layer(*operands)

    tracked = [operand.clone().requires_grad_() for operand in operands]
    out = layer(*tracked)
    dout = torch.randn_like(out)

    def backward():
        torch.autograd.grad(out, tracked, dout, retain_graph=True)

    return forward, backward


def convolution(dtype):
    shapes = ((100, 3, 31, 31), (25, 3, 3, 3), (25,))
    return passes(lambda x, w, b: F.conv2d(x, w, b, stride=2, padding=1), shapes, dtype)


def depthwise():
    shapes = ((64, 64, 32, 32), (64, 1, 3, 3), (64,))
    return passes(lambda x, w, b: F.conv2d(x, w, b, padding=1, groups=64), shapes, F32)


def mobilenet_block(batch, outside=24, inside=144):
    block = nn.Sequential(
        nn.Conv2d(outside, inside, 1, bias=False), nn.BatchNorm2d(inside), nn.ReLU6(),
        nn.Conv2d(inside, inside, 3, padding=1, groups=inside, bias=False), nn.BatchNorm2d(inside), nn.ReLU6(),
        nn.Conv2d(inside, outside, 1, bias=False), nn.BatchNorm2d(outside),
    ).train()
    optimizer = torch.optim.SGD(block.parameters(), lr=1e-3, momentum=0.9)
    x = torch.randn(batch, outside, 32, 32, requires_grad=True)
    dout = torch.randn(x.shape)

    def step():
        (x + block(x)).backward(dout)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        x.grad = None

    return step


def pooling(dtype):
    return passes(lambda x: F.max_pool2d(x, 2), ((100, 3, 32, 32),), dtype)


def product(size, dtype):
    a, b, out = (torch.randn(size, size, dtype=dtype) for _ in range(3))
    return lambda: torch.mm(a, b, out=out)


FIVE = (100,) * 5
WORKLOADS = {
    "two_layer_100_b100_sgd": lambda: training(fully_connected(100), 100, sgd),
    "fc_5x100_b200_adam": lambda: training(fully_connected(*FIVE), 200, adam),
    "fc_5x100_b200_adam_f64": lambda: training(fully_connected(*FIVE), 200, adam, F64),
    "fc_5x100_bn_b50_adam": lambda: training(fully_connected(*FIVE, batchnorm=True), 50, adam),
    "convnet3_b50_adam": lambda: training(convnet3(), 50, adam),
    "two_layer_4000_b64_nesterov": lambda: training(fully_connected(4000), 64, nesterov),
    "conv2_b64_nesterov": lambda: training(conv2(), 64, nesterov),
    "part5_b64_nesterov": lambda: training(part5(), 64, nesterov),
    "airbench_b512_nesterov": lambda: training(airbench(), 512, nesterov),
    "airbench_b1024_nesterov": lambda: training(airbench(), 1024, nesterov),
    "two_layer_10_b10_sgd": lambda: training(fully_connected(10, inputs=10), 10, sgd, shape=(10,)),
    "two_layer_10_b10_nesterov": lambda: training(fully_connected(10, inputs=10), 10, nesterov, shape=(10,)),
    "convnet3_b500_score": lambda: scoring(convnet3(), 500),
    "part5_b500_score": lambda: scoring(part5(), 500),
    "depthwise_fwd_f32": lambda: depthwise()[0],
    "depthwise_bwd_f32": lambda: depthwise()[1],
    "mobilenet_block_b64_sgd": lambda: mobilenet_block(64),
}
for bits, dtype in ((64, F64), (32, F32)):
    for name, layer in (("conv", convolution), ("pool", pooling)):
        for i, direction in enumerate(("fwd", "bwd")):
            WORKLOADS[f"layer_{name}_{direction}_f{bits}"] = lambda layer=layer, dtype=dtype, i=i: layer(dtype)[i]
for size in (256, 512, 1024, 2048):
    WORKLOADS[f"gemm_{size}_f32"] = lambda size=size: product(size, F32)
WORKLOADS["gemm_1024_f64"] = lambda: product(1024, F64)


def measure(step, seconds):
    """Times of the steps of `seconds`, at least five, in milliseconds, after a quarter of that to warm up.

    Zero seconds are one step, cold, for a test that only asks whether it runs.
    """
    times = []
    for limit, least in ((seconds / 4, 3), (seconds, 5)) if seconds > 0 else ((0, 1),):
        times.clear()
        end = time.perf_counter() + limit
        while time.perf_counter() < end or len(times) < least:
            start = time.perf_counter()
            step()
            times.append(1e3 * (time.perf_counter() - start))
    return times


def peak_memory(build):
    """The peak of the bytes in use in PyTorch's allocator during a step, with what was made before it and is in use.

    oneDNN's and OpenBLAS's scratch memory comes from elsewhere and is not counted.
    """
    with torch.profiler.profile(profile_memory=True) as whole:
        step = build()
        step()
        marker = time.time_ns() // 1000
        step()
    held, peak = 0, 0
    for event in sorted(changes(whole), key=lambda event: event.start_us()):
        held += event.nbytes()
        if event.start_us() >= marker:
            peak = max(peak, held)
    return peak


def changes(profile):
    """The allocations, positive, and deallocations, negative, in a profile."""
    events = profile.profiler.kineto_results.events()
    return [event for event in events if event.name() == "[memory]"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=2)
    torch.set_num_threads(parser.parse_args().threads)
    torch.manual_seed(0)
    print(json.dumps({"version": torch.__version__, "threads": torch.get_num_threads()}), flush=True)
    name, step = None, None
    for line in sys.stdin:
        task, asked, *seconds = line.split()
        if task == "memory":
            print(json.dumps({"peak": peak_memory(WORKLOADS[asked])}), flush=True)
            continue
        if asked != name:
            name, step = asked, WORKLOADS[asked]()
        times = measure(step, float(seconds[0]))
        answer = {"workload": name, "ms": statistics.median(times), "min": min(times), "n": len(times)}
        print(json.dumps(answer), flush=True)


main()
