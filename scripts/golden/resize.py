"""Writes test/fixtures/resize.json: images resized by torch.nn.functional.interpolate with antialiasing, in float64.

Run from the root of the repository: python3 scripts/golden/resize.py (needs PyTorch; 1.13.0 made the file).
"""

import json

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)


def picture(height, width, channels):
    """Bytes that look irregular: the test computes the same ones."""
    i = torch.arange(height * width * channels)
    return ((i * i * 7 + i * 13) % 251).reshape(height, width, channels)


def resized(image, height, width):
    x = image.permute(2, 0, 1)[None].double()
    return F.interpolate(x, (height, width), mode="bilinear", antialias=True, align_corners=False)[0]


def shorter_side(image, size):
    """torchvision.transforms.Resize(size) and CenterCrop(size)."""
    height, width = image.shape[:2]
    if height < width:
        x = resized(image, size, int(size * width / height))
    else:
        x = resized(image, int(size * height / width), size)
    top = int(round((x.shape[1] - size) / 2.0))
    left = int(round((x.shape[2] - size) / 2.0))
    return x[:, top : top + size, left : left + size]


CASES = [
    ((9, 13, 3), (4, 5)),
    ((13, 9, 1), (5, 9)),
    ((6, 5, 4), (6, 11)),
    ((4, 7, 3), (9, 3)),
    ((31, 2, 1), (2, 3)),
    ((1, 1, 3), (2, 2)),
    ((40, 60, 3), (1, 1)),
    ((50, 37, 3), (8, 8)),
    ((64, 48, 1), (16, 12)),
    ((15, 22, 3), 5),
    ((22, 15, 3), 6),
    ((10, 10, 1), 7),
    ((7, 12, 1), 7),
    ((3, 8, 3), 5),
]

cases = []
for shape, size in CASES:
    image = picture(*shape)
    out = shorter_side(image, size) if isinstance(size, int) else resized(image, *size)
    cases.append({"shape": shape, "size": size, "out": {"shape": list(out.shape), "data": out.reshape(-1).tolist()}})

with open("test/fixtures/resize.json", "w") as file:
    json.dump({"cases": cases}, file)
    file.write("\n")
