import ndarray from 'ndarray';
import { describe, expect, test } from 'vitest';
import {
  F,
  keepsNothing,
  manualSeed,
  type NDArray,
  nn,
  noGrad,
  op,
  Random,
  resident,
  Tensor,
  type TensorLike,
  tensor,
  toNested,
  workspace,
} from '../../src/index.js';
import { engineMemory } from '../../src/kernels/index.js';

const random = new Random(2);
const images = random.randn([8, 3, 16, 16]);

/** A user's module, which may hold what it sees. */
class Holder extends nn.Module {
  seen: Tensor | null = null;

  override forward(x: Tensor): Tensor {
    this.seen = x;
    return F.mul(x, 2);
  }
}

/** A user's module that says of itself that it holds nothing. */
class Doubling extends nn.Module {
  override forward(x: Tensor): Tensor {
    return F.mul(x, 2);
  }
}
keepsNothing(Doubling.prototype.forward);

/** A user's module that returns a part of what it is given. */
class FirstHalf extends nn.Module {
  override forward(x: Tensor): Tensor {
    const [N, ...sizes] = x.shape;
    const half = x.data.data.subarray(0, x.size / 2);
    return new Tensor(ndarray(half, [N / 2, ...sizes]) as NDArray);
  }
}
keepsNothing(FirstHalf.prototype.forward);

function conv(channels = 3): nn.Conv2d {
  return new nn.Conv2d(channels, channels, 3, { padding: 1 });
}

/** The gradients of the parameters and of x for a weighted sum of the outputs. */
function gradients(model: nn.Module, x: NDArray, inWorkspace: boolean, retain = false): unknown {
  const run = (): unknown => {
    model.zeroGrad();
    const out = (model.forward as (x: TensorLike) => Tensor)(x);
    const loss = F.sum(F.mul(out, new Random(5).randn(out.shape)));
    if (retain) {
      loss.backward(null, { retainGraph: true });
      model.zeroGrad();
    }
    loss.backward();
    const result = [toNested(out.data), ...model.parameters().map(({ grad }) => toNested(grad!.data))];
    model.zeroGrad();
    return result;
  };
  return inWorkspace ? workspace(run) : run();
}

const shared = conv();
const models: Record<string, () => nn.Module> = {
  'layers in a row': () =>
    new nn.Sequential(conv(), new nn.ReLU(), conv(), new nn.BatchNorm2d(3), new nn.ReLU(), new nn.MaxPool2d(2), conv()),
  'layers that return their input': () =>
    new nn.Sequential(
      new nn.Identity(),
      conv(),
      new nn.Dropout(0),
      new nn.GELU(),
      new nn.Identity(),
      new nn.Flatten(),
      new nn.Linear(768, 5),
      new nn.ReLU(),
      new nn.Dropout(0),
    ),
  'a view at the end': () => new nn.Sequential(conv(), new nn.ReLU(), new nn.Flatten()),
  'views at the ends of lists in a list': () =>
    new nn.Sequential(
      new nn.Sequential(conv(), new nn.Sigmoid(), new nn.Flatten()),
      new nn.Sequential(new nn.Identity(), new nn.Linear(768, 7)),
      new nn.Sequential(new nn.Tanh(), new nn.Identity()),
    ),
  'ways past': () =>
    new nn.Sequential(
      conv(),
      new nn.Residual(new nn.Sequential(conv(), new nn.ReLU())),
      new nn.Residual(new nn.Identity(), { shortcut: conv() }),
      new nn.Residual(new nn.Identity()),
      new nn.DenseBlock(conv(), new nn.ReLU()),
      conv(12),
    ),
  'a layer that is there twice': () => new nn.Sequential(shared, new nn.ELU(), shared, new nn.LeakyReLU(), shared),
  "users' modules": () => new nn.Sequential(conv(), new Holder(), conv(), new Doubling(), conv(), new Doubling()),
};

describe.each(Object.keys(models))('in a workspace, %s', (name) => {
  manualSeed(1);
  const model = models[name]();

  test('have the gradients that they have without one', () => {
    expect(gradients(model, images, true)).toEqual(gradients(model, images, false));
  });

  test('have the scores that they have without one', () => {
    const scores = (): Tensor => noGrad(() => (model.forward as (x: TensorLike) => Tensor)(images));
    const expected = toNested(scores().data);
    expect(workspace(() => toNested(scores().data))).toEqual(expected);
    // What comes before or behind in the same workspace is not touched.
    const [x, first, second] = workspace(() => {
      const x = F.mul(images, 1);
      return [x, ...[0, 1].map(() => noGrad(() => (model.forward as (x: TensorLike) => Tensor)(x)))];
    });
    expect(toNested(x.data)).toEqual(toNested(images));
    for (const again of [first, second]) expect(toNested(again.data)).toEqual(expected);
  });

  test('and in a second backward pass', () => {
    expect(gradients(model, images, true, true)).toEqual(gradients(model, images, true));
  });
});

test('a part of an input keeps the memory of the whole', () => {
  const model = new nn.Sequential(conv(), new FirstHalf(), new nn.Sigmoid(), new FirstHalf(), conv());
  const past = new nn.Residual(new FirstHalf(), { shortcut: new FirstHalf() });
  const scores = (): unknown => noGrad(() => toNested(past.forward(model.forward(images)).data));
  expect(workspace(scores)).toEqual(scores());
});

test('what a user may hold is there after the backward pass', () => {
  const holder = new Holder();
  const model = new nn.Sequential(conv(), holder, conv(), new nn.ReLU(), new nn.Flatten(), new nn.Identity());
  workspace(() => {
    const x = F.mul(images, 1);
    const out = model.forward(x);
    const before = [x, holder.seen!, out].map(({ data }) => toNested(data));
    F.sum(out).backward();
    expect([x, holder.seen!, out].map(({ data }) => toNested(data))).toEqual(before);
    model.zeroGrad();
  });
});

/** What is in use when the backward pass arrives at the first layer, in arrays of the size of the images. */
function memoryLeft(...layers: nn.Module[]): number {
  const memory = engineMemory()!;
  const x = tensor(random.randn([16, 4, 32, 32]), { requiresGrad: true });
  const before = memory.used;
  let left = Number.NaN;
  const look = op(
    (x: NDArray): [NDArray, null] => [F.mul(x, 1).data, null],
    keepsNothing((dout: NDArray) => {
      left = (memory.used - before) / (4 * x.size);
      return dout;
    }),
  );
  workspace(() => {
    F.sum(new nn.Sequential(...layers).forward(look(x))).backward();
  });
  return left;
}

test('scoring holds no more than what goes into a layer and what comes out', () => {
  const memory = engineMemory()!;
  const x = resident(random.randn([16, 4, 32, 32]));
  const residual = new nn.Residual(new nn.Sequential(conv(4), new nn.BatchNorm2d(4), new nn.ReLU(), conv(4)));
  const model = new nn.Sequential(conv(4), new nn.ReLU(), conv(4), residual, conv(4), conv(4)).eval();
  const score = (): void => workspace(() => void noGrad(() => model.forward(x)));
  score();
  const before = memory.used;
  memory.resetPeak();
  score();
  // Input, output, what goes past, and what a convolution works in; eight if everything were kept.
  expect((memory.peak - before) / (4 * x.size)).toBeLessThan(4.3);
});

test('activations give their memory back as soon as the backward pass is past them', () => {
  const layers = (): nn.Module[] => Array.from({ length: 8 }, () => conv(4));
  // The output, which the caller may hold, that of the first operation, and a gradient.
  expect(memoryLeft(...layers())).toBeLessThan(3.3);
  // Modules that may hold what they see keep their inputs, and what they return.
  expect(memoryLeft(...layers().flatMap((layer) => [layer, new Holder()]))).toBeGreaterThan(16);
});
