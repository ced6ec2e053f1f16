"""Prints a PyTorch program that builds the network of a safetensors file of layerwise and loads its weights.

    python3 scripts/to_pytorch.py model.safetensors > net.py
    python3 net.py                                  # builds it, loads the weights, prints the module
    python3 net.py --scores inputs.safetensors      # scores of the tensor X in that file, as JSON
    python3 scripts/to_pytorch.py model.safetensors --state model.pt   # only the state dict, by torch.save

`save('model.safetensors', model)` writes such a file. Classifiers become an nn.Sequential too: their weights are
transposed, as PyTorch's are out × in. Printing needs nothing but Python 3; --state and the program need PyTorch.
"""

import argparse
import inspect
import io
import json
import os
import re
import struct
import sys

MOST_HEADER = 100_000_000


class Refused(Exception):
    """What is wrong with the file, in words."""


# What is printed: the reader, the classes that PyTorch does not have and the command line.

DTYPES = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U8": "uint8",
    "BOOL": "bool",
}


def read_safetensors(file):
    """The tensors of a safetensors file by name."""
    import torch

    with open(file, "rb") as opened:
        data = bytearray(opened.read())
    start = 8 + struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:start].decode())
    header.pop("__metadata__", None)
    state = {}
    for name, entry in header.items():
        (begin, end), dtype = entry["data_offsets"], getattr(torch, DTYPES[entry["dtype"]])
        flat = torch.tensor([], dtype=dtype)
        if end > begin:  # a copy, since it may begin at any byte of the file
            flat = torch.frombuffer(data[start + begin : start + end], dtype=dtype)
        state[name] = flat.reshape(entry["shape"])
    return state


CLASSES = {
    "Residual": '''class Residual(nn.Module):
    """body(x) + shortcut(x)"""

    def __init__(self, body, shortcut):
        super().__init__()
        self.body = body
        self.shortcut = shortcut

    def forward(self, x):
        return self.body(x) + self.shortcut(x)
''',
    "DenseBlock": '''class DenseBlock(nn.Sequential):
    """Each module takes the channels of the input and of all modules before it."""

    def forward(self, x):
        for module in self:
            x = torch.cat([x, module(x)], dim=0 if x.dim() == 3 else 1)
        return x
''',
    "LayerNormWithoutBias": '''class LayerNormWithoutBias(nn.LayerNorm):
    """nn.LayerNorm(…, bias=False), which PyTorch has since 2.1."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.register_parameter("bias", None)
''',
    "Maxout": '''class Maxout(nn.Module):
    """The largest of each `pieces` neighbouring features."""

    def __init__(self, pieces):
        super().__init__()
        self.pieces = pieces

    def forward(self, x):
        return x.reshape(x.shape[0], -1, self.pieces).amax(2)
''',
    "Scale": '''class Scale(nn.Module):
    """Multiplies by a constant."""

    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def forward(self, x):
        return x * self.factor
''',
    "ZeroFilledShortcut": '''class ZeroFilledShortcut(nn.Module):
    """Every second pixel of each row and column, and channels of zeros behind those of the input."""

    def __init__(self, new_channels):
        super().__init__()
        self.new_channels = new_channels

    def forward(self, x):
        return nn.functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 0, self.new_channels))
''',
}

MAIN = '''def load(file=FILE):
    """The network with the weights of a file, for scores: dropout is off, statistics are fixed."""
    model = build()
    model.load_state_dict(state_dict(file))
    return model.eval()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("file", nargs="?", default=FILE, help="the safetensors file with the weights")
    parser.add_argument("--scores", metavar="INPUTS", help="prints the scores of the tensor X in a safetensors file")
    args = parser.parse_args()
    model = load(args.file)
    if args.scores is None:
        print(model)
    else:
        with torch.no_grad():
            print(json.dumps(model(read_safetensors(args.scores)["X"]).tolist()))
'''

# Names that differ: those of the classifiers.
RENAMED = '''NAMES = {names}


def state_dict(file):
    """The tensors under the names of build(). Weight matrices are out × in here, in × out in the file."""
    return renamed(read_safetensors(file), NAMES)
'''

SAME = '''def state_dict(file):
    """The tensors under the names of build()."""
    return read_safetensors(file)
'''


def renamed(tensors, names):
    """The tensors of a classifier under the names of an nn.Sequential, its weight matrices transposed."""
    import torch

    state = {}
    for name, source in names.items():
        tensor = tensors[source]
        state[name] = tensor.t().contiguous() if source.startswith("W") and tensor.dim() == 2 else tensor
        if name.endswith("running_var"):
            state[name.replace("running_var", "num_batches_tracked")] = torch.tensor(0)
    return state


# Modules: most options have PyTorch's names, in camelCase.

PLAIN = set(
    "ReLU ReLU6 LeakyReLU ELU GELU SiLU Hardswish Hardsigmoid Sigmoid Tanh Softplus PReLU Softmax LogSoftmax "
    "Linear Conv2d BatchNorm1d BatchNorm2d GroupNorm LayerNorm MaxPool2d AvgPool2d AdaptiveAvgPool2d "
    "AdaptiveMaxPool2d Dropout Dropout2d Flatten Identity ConstantPad2d ZeroPad2d ReflectionPad2d ReplicationPad2d "
    "Sequential".split()
)


# What a parameter or buffer that a module does without is called in PyTorch's constructor.
WITHOUT = {
    ("Linear", "bias"): "bias",
    ("Conv2d", "bias"): "bias",
    ("BatchNorm1d", "weight"): "affine",
    ("BatchNorm2d", "weight"): "affine",
    ("BatchNorm1d", "running_mean"): "track_running_stats",
    ("BatchNorm2d", "running_mean"): "track_running_stats",
    ("GroupNorm", "weight"): "affine",
    ("LayerNorm", "weight"): "elementwise_affine",
}
TENSORS = {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"}
DEFAULTS = {"dilation": (1, 1), "groups": 1, "ceil_mode": False, "count_include_pad": True, "divisor_override": None}
FIRST = {
    "Linear": ["in_features", "out_features"],
    "Conv2d": ["in_channels", "out_channels", "kernel_size"],
    "BatchNorm1d": ["num_features"],
    "BatchNorm2d": ["num_features"],
    "GroupNorm": ["num_groups", "num_channels"],
    "LayerNorm": ["normalized_shape"],
    "LayerNormWithoutBias": ["normalized_shape"],
    "MaxPool2d": ["kernel_size"],
    "AvgPool2d": ["kernel_size"],
    "AdaptiveAvgPool2d": ["output_size"],
    "AdaptiveMaxPool2d": ["output_size"],
    "ConstantPad2d": ["padding", "value"],
    "ZeroPad2d": ["padding"],
    "ReflectionPad2d": ["padding"],
    "ReplicationPad2d": ["padding"],
    "Dropout": ["p"],
    "Dropout2d": ["p"],
    "LeakyReLU": ["negative_slope"],
    "ELU": ["alpha"],
    "PReLU": ["num_parameters"],
    "Maxout": ["pieces"],
    "Scale": ["factor"],
    "ZeroFilledShortcut": ["new_channels"],
}


def snake(name):
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def literal(value):
    """A value of JSON as Python."""
    if isinstance(value, list):
        return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
    if value in ("Infinity", "-Infinity", "NaN"):
        return f"float('{value.replace('Infinity', 'inf').lower()}')"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        value = int(value)
    if isinstance(value, dict):
        raise Refused(f"has an option that is none: {value!r}")
    return repr(value)


def call(kind, options):
    """`nn.Conv2d(3, 32, (3, 3), padding=(1, 1))`"""
    given = {}
    for key, value in options.items():
        name = snake(key)
        if not name.isidentifier():
            raise Refused(f"has an option of {kind} that is none: {key!r}")
        if value is None and (kind, name) in WITHOUT:
            given[WITHOUT[kind, name]] = False
        elif name not in TENSORS and not (name in DEFAULTS and literal(value) == repr(DEFAULTS[name])):
            given[name] = value
    positional = [literal(given.pop(name)) for name in FIRST.get(kind, []) if name in given]
    named = [f"{name}={literal(value)}" for name, value in given.items()]
    return f"{'' if kind in CLASSES else 'nn.'}{kind}({', '.join(positional + named)})"


def difference(kind, options, children):
    """What shows that a module is of a class that only has the name of one of the library, or None."""
    lacking = [name for name in FIRST.get(kind, []) if name not in options]
    if lacking:
        return f"lacks {', '.join(lacking)}"
    names = []
    if kind == "Residual":
        names = ["body", "shortcut"][: max(1, len(children))]
    elif kind in ("Sequential", "DenseBlock"):
        names = [str(i) for i in range(len(children))]
    return None if sorted(children) == sorted(names) else f"has the modules {', '.join(children) or 'none'}"


def expression(module, indent, used, path="model"):
    """The lines that build a module; the classes that they need are added to `used`."""
    kind, children, options = module["class"], module["children"], module["options"]
    if kind not in PLAIN and kind not in CLASSES:
        raise Refused(
            f"{path} is of the class {kind}, which has no counterpart that could be printed: write it in Python as an "
            "nn.Module with the same names, and load the weights with --state"
        )
    differing = difference(kind, [snake(name) for name in options], [child["name"] for child in children])
    if differing is not None:
        raise Refused(f"{path} {differing}, unlike the library's {kind}: give a class of your own another name")
    if kind == "LayerNorm" and options.get("bias", 0) is None and options.get("weight", 0) is not None:
        kind = "LayerNormWithoutBias"
    if kind in CLASSES:
        used.add(kind)
    if not children:
        return call(kind, options)
    inner = indent + "    "
    parts = [expression(child, inner, used, f"{path}.{child['name']}") for child in children]
    if kind == "Residual":
        named = {child["name"]: part for child, part in zip(children, parts)}
        parts = [named["body"], named.get("shortcut", "nn.Identity()")]
    name = kind if kind in CLASSES else f"nn.{kind}"
    lines = "".join(f"{inner}{part},\n" for part in parts)
    return f"{name}(\n{lines}{indent})"


# Classifiers: the layers of an nn.Sequential, and what each parameter of it is called in the file.


def count(value):
    """A size, which is printed."""
    if type(value) is not int:
        raise Refused(f"has a size that is none: {value!r}")
    return value


def two_layer_net(options):
    sizes = [options["inputDim"], options["hiddenDim"], options["numClasses"]]
    return fully_connected(sizes, None, 1)


def fully_connected_net(options):
    sizes = [options["inputDim"], *options["hiddenDims"], options["numClasses"]]
    return fully_connected(sizes, options["normalization"], options["dropout"], options.get("batchnormEps"))


def fully_connected(sizes, normalization, keep, epsilons=None):
    layers, names = ["nn.Flatten()"], {}
    sizes = [count(size) for size in sizes]
    for i, (inputs, outputs) in enumerate(zip(sizes, sizes[1:]), start=1):
        names.update({f"{len(layers)}.weight": f"W{i}", f"{len(layers)}.bias": f"b{i}"})
        layers.append(f"nn.Linear({inputs}, {outputs})")
        if i == len(sizes) - 1:
            break
        if normalization is not None:
            names.update({f"{len(layers)}.weight": f"gamma{i}", f"{len(layers)}.bias": f"beta{i}"})
        if normalization == "batchnorm":
            names.update({f"{len(layers)}.running_mean": f"runningMean{i}"})
            names.update({f"{len(layers)}.running_var": f"runningVar{i}"})
            # Here momentum weighs the old value: 0.9 is PyTorch's 0.1.
            eps = 1e-5 if epsilons is None else float(epsilons[i - 1])
            layers.append(f"nn.BatchNorm1d({outputs}, eps={eps!r}, momentum=0.1)")
        elif normalization == "layernorm":
            layers.append(f"nn.LayerNorm({outputs}, eps=1e-05)")
        layers.append("nn.ReLU()")
        if keep < 1:
            # Here p is the probability of keeping a unit.
            layers.append(f"nn.Dropout({round(1 - keep, 12)})")
    return layers, names


def three_layer_conv_net(options):
    channels, height, width = map(count, options["inputDim"])
    filters, size, hidden = (count(options[name]) for name in ("numFilters", "filterSize", "hiddenDim"))
    layers = [
        f"nn.Conv2d({channels}, {filters}, {size}, padding={(size - 1) // 2})",
        "nn.ReLU()",
        "nn.MaxPool2d(2)",
        "nn.Flatten()",
        f"nn.Linear({filters * (height // 2) * (width // 2)}, {hidden})",
        "nn.ReLU()",
        f"nn.Linear({hidden}, {count(options['numClasses'])})",
    ]
    modules = enumerate([0, 4, 6], start=1)
    names = {f"{at}.{long}": f"{short}{i}" for i, at in modules for long, short in (("weight", "W"), ("bias", "b"))}
    return layers, names


CLASSIFIERS = {
    "TwoLayerNet": two_layer_net,
    "FullyConnectedNet": fully_connected_net,
    "ThreeLayerConvNet": three_layer_conv_net,
}


def read_header(file):
    """The header of a safetensors file."""
    try:
        with open(file, "rb") as opened:
            length = struct.unpack("<Q", opened.read(8))[0]
            if length > MOST_HEADER:
                raise Refused("is no safetensors file")
            return json.loads(opened.read(length).decode())
    except OSError as error:
        raise Refused(f"cannot be read: {error.strerror}") from error
    except (struct.error, ValueError) as error:
        raise Refused("is no safetensors file") from error


def dtypes_of(header):
    """The dtypes of a file's tensors."""
    dtypes = {entry["dtype"] for name, entry in header.items() if name != "__metadata__"}
    unread = sorted(dtypes - set(DTYPES))
    if unread:
        raise Refused(f"has tensors of {', '.join(unread)}, which are not read here")
    return dtypes


def program(file, header):
    """The text of the program, for a file with this header."""
    metadata = header.get("__metadata__", {})
    dtypes = dtypes_of(header)
    if "layerwise" not in metadata:
        raise Refused(
            "does not say what it is made of: write it with save(file, model), where model is a module or a classifier"
        )
    said = json.loads(metadata["layerwise"])
    if said.get("version") != 1:
        raise Refused(f"is of version {said.get('version')} of layerwise's metadata, and this program reads version 1")
    model = said["model"]
    used = set()
    if model["class"] in CLASSIFIERS:
        layers, names = CLASSIFIERS[model["class"]](model["options"])
        lines = "".join(f"        {layer},\n" for layer in layers)
        built = f"nn.Sequential(\n{lines}    )"
        rows = "".join(f"    {json.dumps(name)}: {json.dumps(source)},\n" for name, source in names.items())
        mapping = f"{inspect.getsource(renamed)}\n\n" + RENAMED.replace("{names}", "{\n" + rows + "}")
    else:
        built = expression(model, "    ", used)
        mapping = SAME
    double = ".double()" if "F64" in dtypes and "F32" not in dtypes else ""
    parts = [
        f'"""{model["class"]}, printed by scripts/to_pytorch.py of layerwise."""\n',
        "import argparse\nimport json\nimport struct\n\nimport torch\nfrom torch import nn\n",
        f"FILE = {os.path.abspath(file)!r}\n",
        *(f"\n{CLASSES[name]}" for name in CLASSES if name in used),
        f'\ndef build():\n    """The network, with new random weights."""\n    return {built}{double}\n',
        f"\nDTYPES = {json.dumps(DTYPES, indent=4)}\n",
        f"\n{inspect.getsource(read_safetensors)}",
        f"\n{mapping}",
        f"\n{MAIN}",
    ]
    return "\n".join(parts)


def write_state(file, header, out):
    """Writes the state dict by torch.save: of a classifier under the names of the program, else as it stands."""
    import torch

    dtypes_of(header)
    state = read_safetensors(file)
    model = json.loads(header.get("__metadata__", {}).get("layerwise", "{}")).get("model", {})
    if model.get("class") in CLASSIFIERS:
        state = renamed(state, CLASSIFIERS[model["class"]](model["options"])[1])
    packed = io.BytesIO()
    torch.save(state, packed)
    try:
        with open(out, "wb") as opened:
            opened.write(packed.getbuffer())
    except OSError as error:
        raise Refused(f"{out} cannot be written: {error.strerror}") from error


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", metavar="MODEL.safetensors")
    parser.add_argument("--state", metavar="OUT.pt", help="writes the state dict by torch.save and prints nothing")
    args = parser.parse_args()
    try:
        header = read_header(args.file)
        if args.state is None:
            print(program(args.file, header), end="")
        else:
            write_state(args.file, header, args.state)
    except Refused as refused:
        print(f"to_pytorch: {args.file}: {refused}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
