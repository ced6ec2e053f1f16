"""Writes test/fixtures/files_pytorch.json: files of torch.save that are read or refused.

Run from the root of the repository: python3 scripts/golden/files-pytorch.py (needs PyTorch; 1.13.0 made the file).
"""

import base64
import io
import json
import warnings

import torch
from torch import nn

warnings.filterwarnings("ignore")
DTYPES = "float64 float32 float16 bfloat16 int64 int32 int16 int8 uint8 bool".split()


def saved(value, **options):
    file = io.BytesIO()
    torch.save(value, file, **options)
    return base64.b64encode(file.getvalue()).decode()


def flat(value, name=""):
    """The tensors below a value, by the keys on the way to them."""
    if isinstance(value, torch.Tensor):
        return {name: value}
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, (list, tuple)) else ()
    tensors = {}
    for key, item in items:
        tensors.update(flat(item, f"{name}.{key}" if name else f"{key}"))
    return tensors


def case(name, value, **options):
    tensors = {n: {"shape": list(t.shape), "data": t.detach().flatten().tolist()} for n, t in flat(value).items()}
    return {"name": name, "file": saved(value, **options), "tensors": tensors}


def script(model):
    file = io.BytesIO()
    torch.jit.save(torch.jit.script(model), file)
    return base64.b64encode(file.getvalue()).decode()


torch.manual_seed(0)
model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(2, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
model(torch.randn(3, 1, 3, 3)).sum().backward()
optimizer.step()
matrix = torch.arange(6.0).reshape(2, 3)
views = {"whole": matrix, "transposed": matrix.t(), "row": matrix[1], "column": matrix[:, 1]}
views["every second"] = matrix[0, ::2]
checkpoint = {
    "epoch": 3,
    "model": model.state_dict(),
    "optimizer": optimizer.state_dict(),
    "history": [0.5, 0.25],
    "best": None,
    "name": "net",
    "seed": 2**70,
    "device": torch.device("cpu"),
    "size": matrix.shape,
    "list": [matrix[0], {"a": torch.tensor(1.5)}],
}
read = [
    case("a state dict", model.state_dict()),
    case("a checkpoint", checkpoint),
    case("every dtype", {name: torch.tensor([0, 1, 100]).to(getattr(torch, name)) for name in DTYPES}),
    case("views of one storage", views),
    case("no axes, no numbers", {"a": torch.tensor(2.5), "b": torch.zeros(3, 0)}),
    case("a parameter", {"a": nn.Parameter(matrix)}),
    case("nothing", {}),
    *(case(f"protocol {p}", {"a": {"b": matrix}, "c": [1, "x", b"y", None]}, pickle_protocol=p) for p in (3, 4, 5)),
]
refused = {
    "legacy": saved({"a": matrix}, _use_new_zipfile_serialization=False),
    "whole model": saved(nn.Linear(1, 1)),
    "TorchScript": script(nn.Linear(1, 1)),
    "complex": saved({"a": torch.complex(matrix, matrix)}),
    "sparse": saved({"a": matrix.to_sparse()}),
    "quantized": saved({"a": torch.quantize_per_tensor(matrix, 0.1, 0, torch.qint8)}),
    "expanded": saved({"a": torch.ones(1).expand(1000)}),
    "no dictionary": saved(matrix),
    "no tensor": saved({"epoch": 3}),
    "large integer": saved({"a": torch.tensor([1, 2**53])}),
    "keys that are no names": saved({(1, 2): matrix}),
    "names that meet": saved({"a.b": matrix, "a": {"b": matrix}}),
}
fixture = {"made_by": f"torch {torch.__version__}", "read": read, "refused": refused}
with open("test/fixtures/files_pytorch.json", "w") as file:
    json.dump(fixture, file)
    file.write("\n")
