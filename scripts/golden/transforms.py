"""Writes test/fixtures/transforms.json: transforms of images as torchvision defines them, in float64.

torchvision is not needed: its functions on tensors are written here by torch.nn.functional.

Run from the root of the repository: python3 scripts/golden/transforms.py (needs PyTorch; 1.13.0 made the file).
"""

import json
import math

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
generator = torch.Generator().manual_seed(0)


def images(shape):
    """Whole numbers from 0 to 255."""
    return torch.randint(0, 256, shape, generator=generator).to(torch.float64)


def stored(t):
    return {"shape": list(t.shape), "data": t.reshape(-1).tolist()}


def case(name, op, args, x, out):
    return {"name": name, "op": op, "args": args, "x": stored(x), "out": stored(out)}


def resizes():
    for H, W, h, w in [(7, 9, 3, 4), (7, 9, 7, 9), (5, 6, 11, 13), (12, 5, 4, 8), (40, 3, 3, 3), (1, 1, 4, 2),
                       (9, 8, 1, 1)]:
        x = images((1, 2, H, W))
        out = F.interpolate(x, (h, w), mode="bilinear", antialias=True, align_corners=False)
        yield case(f"{H}x{W} to {h}x{w}", "resize", [[h, w]], x, out)
    x = images((2, 1, 8, 11))
    yield case("shorter side", "resize", [5], x, F.interpolate(x, (5, 6), mode="bilinear", antialias=True))


def rotations():
    for H, W, degrees, fill in [(6, 6, 90, 0), (5, 7, 30, 0), (6, 9, -77.5, 8), (4, 4, 180, 0), (5, 8, 0, 3),
                                (6, 5, 400, -2)]:
        x = images((1, 2, H, W))
        # _get_inverse_affine_matrix of torchvision's rotate, which takes -degrees.
        angle = math.radians(-degrees)
        theta = torch.tensor([[math.cos(angle), math.sin(angle), 0.0], [-math.sin(angle), math.cos(angle), 0.0]])
        base = torch.empty(1, H, W, 3)
        base[..., 0] = torch.linspace(-W * 0.5 + 0.5, W * 0.5 - 0.5, W)
        base[..., 1] = torch.linspace(-H * 0.5 + 0.5, H * 0.5 - 0.5, H).unsqueeze(-1)
        base[..., 2] = 1
        grid = base.view(1, H * W, 3) @ (theta.t() / torch.tensor([0.5 * W, 0.5 * H]))
        grid = grid.view(1, H, W, 2)
        sample = lambda t: F.grid_sample(t, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
        mask = sample(torch.ones_like(x))
        out = sample(x) + (1 - mask) * fill
        yield case(f"{H}x{W} by {degrees}", "randomRotation", [[degrees, degrees], {"fill": fill}], x, out)


def grey(x):
    r, g, b = x.unbind(-3)
    return (0.2989 * r + 0.587 * g + 0.114 * b).unsqueeze(-3)


def blend(a, b, ratio, most):
    return (ratio * a + (1 - ratio) * b).clamp(0, most)


def hue(x, shift):
    """rgb to hsv and back, as torchvision.transforms.functional_tensor has it; x in [0, 1]."""
    r, g, b = x.unbind(-3)
    high, low = x.max(-3).values, x.min(-3).values
    same = high == low
    delta = high - low
    s = delta / torch.where(same, torch.ones_like(high), high)
    divisor = torch.where(same, torch.ones_like(high), delta)
    rc, gc, bc = (high - r) / divisor, (high - g) / divisor, (high - b) / divisor
    hr = (high == r) * (bc - gc)
    hg = ((high == g) & (high != r)) * (2.0 + rc - bc)
    hb = ((high != g) & (high != r)) * (4.0 + gc - rc)
    h = torch.fmod((hr + hg + hb) / 6.0 + 1.0, 1.0)
    h = (h + shift) % 1.0
    i = torch.floor(h * 6.0)
    f = h * 6.0 - i
    i = i.to(torch.int64) % 6
    p = (high * (1 - s)).clamp(0, 1)
    q = (high * (1 - s * f)).clamp(0, 1)
    t = (high * (1 - s * (1 - f))).clamp(0, 1)
    mask = i.unsqueeze(-3) == torch.arange(6).view(-1, 1, 1)
    parts = [
        torch.stack((high, q, p, p, t, high), -3),
        torch.stack((t, high, high, q, p, p), -3),
        torch.stack((p, p, t, high, high, q), -3),
    ]
    return torch.stack([(mask * part).sum(-3) for part in parts], -3)


def colors():
    for most in (255, 1):
        x = images((1, 3, 3, 4)) / (255 / most)
        x[..., 0, 0] = most / 2  # a grey pixel
        for factor in (0, 0.6, 1.7):
            changed = {
                "brightness": blend(x, torch.zeros_like(x), factor, most),
                "contrast": blend(x, grey(x).mean((-3, -2, -1), keepdim=True), factor, most),
                "saturation": blend(x, grey(x), factor, most),
            }
            for name, out in changed.items():
                yield case(f"{name} {factor} of {most}", "colorJitter", [{name: [factor, factor], "max": most}], x, out)
        for shift in (-0.5, -0.13, 0.3, 0.5):
            out = hue(x / most, shift) * most
            yield case(f"hue {shift} of {most}", "colorJitter", [{"hue": [shift, shift], "max": most}], x, out)
    x = images((1, 1, 3, 4))
    out = blend(x, x.mean((-3, -2, -1), keepdim=True), 0.4, 255)
    yield case("contrast of grey", "colorJitter", [{"contrast": [0.4, 0.4], "hue": 0.5, "saturation": 0.5}], x, out)


def paddings():
    for mode, size in [("reflect", (9, 10)), ("replicate", (9, 10))]:
        x = images((1, 2, 5, 4))
        out = F.pad(x, (3, 3, 2, 2), mode=mode)
        yield case(mode, "randomCrop", [list(size), {"padding": [2, 3], "paddingMode": mode}], x, out)


if __name__ == "__main__":
    cases = [*resizes(), *rotations(), *colors(), *paddings()]
    with open("test/fixtures/transforms.json", "w") as file:
        json.dump({"torch": torch.__version__, "cases": cases}, file)
        file.write("\n")
