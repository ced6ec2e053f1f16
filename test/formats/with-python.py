"""The side of NumPy and PyTorch of with-python.test.ts: `write FOLDER` makes files, `check FOLDER` reads its files."""

import json
import os
import sys

import numpy as np
import torch
from torch import nn

folder = sys.argv[2]
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../scripts"))


def place(name):
    return os.path.join(folder, name)


def write():
    torch.manual_seed(0)
    body = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1, groups=2), nn.BatchNorm2d(4), nn.PReLU())
    model = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.LeakyReLU(0.1), *body,
        nn.MaxPool2d(2), nn.GroupNorm(2, 4), nn.Flatten(), nn.Linear(4 * 4 * 4, 10),
    )
    images = torch.randn(256, 3, 8, 8)
    model(images[:32])  # so that running statistics are not the initial ones
    model.eval()
    scores = model(images).detach()
    torch.save(model.state_dict(), place("state.pt"))
    torch.save({"epoch": 3, "model": model.state_dict(), "X": images, "scores": scores}, place("checkpoint.pth"))
    torch.save(model.double().state_dict(), place("double.pt"))
    np.savez(place("numpy.npz"), x=np.arange(6.0).reshape(2, 3), f=np.asfortranarray(np.eye(3, 2, dtype="f4")))
    np.savez_compressed(place("compressed.npz"), zeros=np.zeros((300, 300), "f4"))
    np.save(place("numpy.npy"), np.arange(-3, 3, dtype=">i4"))


def check():
    import to_pytorch

    results = {"scores": {}, "equal": {}}
    for name in sorted(os.listdir(folder)):
        if not name.startswith("model-") or not name.endswith(".safetensors"):
            continue
        scope = {"__name__": "net"}
        exec(to_pytorch.program(place(name), to_pytorch.read_header(place(name))), scope)
        X = to_pytorch.read_safetensors(place(name.replace("model", "inputs")))
        with torch.no_grad():
            model = scope["load"]()
            results["scores"][name] = model(X["X"]).tolist()
        if name == "model-batchnorm and dropout.safetensors":
            to_pytorch.write_state(place(name), to_pytorch.read_header(place(name)), place("classifier.pt"))
            results["classifier"] = list(model.state_dict())
            model.load_state_dict(torch.load(place("classifier.pt")))
    for name in ("state", "double"):
        before = torch.load(place(f"{name}.pt"))
        ours = place(f"{name}.safetensors")
        to_pytorch.write_state(ours, to_pytorch.read_header(ours), place("back.pt"))
        after, archive = torch.load(place("back.pt")), np.load(place(f"{name}.npz"))
        same = [list(before) == list(after) == list(archive)]
        for key, tensor in before.items():
            same.append(tensor.dtype == after[key].dtype and torch.equal(tensor, after[key]))
            same.append(np.array_equal(tensor.numpy(), archive[key]) and tensor.shape == archive[key].shape)
        results["equal"][name] = all(same)
    a = np.load(place("ours.npy"))
    results["ours.npy"] = {"dtype": a.dtype.str, "shape": a.shape, "data": a.flatten().tolist()}
    print(json.dumps(results))


{"write": write, "check": check}[sys.argv[1]]()
