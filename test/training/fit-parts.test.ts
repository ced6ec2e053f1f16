import { describe, expect, test } from 'vitest';
import {
  DataLoader,
  F,
  fit,
  manualSeed,
  type NDArray,
  nn,
  optim,
  Random,
  type Tensor,
  workspace,
} from '../../src/index.js';
import { engineMemory } from '../../src/kernels/index.js';
import { describeKernelSets, useKernels } from '../helpers/kernel-sets.js';
import '../helpers/matchers.js';
import { blobs } from '../helpers/nets.js';

const { XTrain: X, yTrain: y } = blobs(80, 4, 3, 1);

class Net extends nn.Module {
  readonly backbone = new nn.Linear(4, 8);
  readonly head = new nn.Linear(8, 3);

  forward(x: Tensor): Tensor {
    return this.head.forward(F.relu(this.backbone.forward(x)));
  }
}

function net(): Net {
  manualSeed(2);
  return new Net();
}

const loader = (): DataLoader => new DataLoader({ X, y }, { batchSize: 20, shuffle: true, seed: 3 });

function expectSame(a: Net, b: Net): void {
  const expected = b.stateDict();
  for (const [name, value] of Object.entries(a.stateDict())) expect(value).toEqualBits(expected[name]);
}

describeKernelSets('fit trains what the optimizer has', () => {
  const silent = { epochs: 3, verbose: false };

  test.each([
    ['not clipped', undefined],
    ['clipped to 0.05', 0.05],
  ])('an optimizer over the head trains it as one with a frozen backbone (%s)', (_, n) => {
    const [model, frozen] = [net(), net()];
    frozen.backbone.requiresGrad_(false);
    for (const each of [model, frozen]) {
      const optimizer = new optim.SGD(each.head.parameters(), { lr: 0.1, momentum: 0.9 });
      const history = fit(each, loader(), { optimizer, ...silent, ...(n === undefined ? {} : { clipGradNorm: n }) });
      expect(history.lossHistory).toHaveLength(9);
    }
    expectSame(model, frozen);
  });

  test('a stepper that steps every second batch adds the gradients of two', () => {
    const model = net();
    const sgd = new optim.SGD(model.parameters(), { lr: 0.1 });
    let batches = 0;
    const optimizer = {
      step: () => void (++batches % 2 === 0 && sgd.step()),
      zeroGrad: () => void (batches % 2 === 0 && sgd.zeroGrad()),
    };
    fit(model, loader(), { optimizer, ...silent });

    const byHand = net();
    const other = new optim.SGD(byHand.parameters(), { lr: 0.1 });
    const batchesByHand = loader();
    let i = 0;
    for (let epoch = 0; epoch < 3; epoch++) {
      for (const [x, labels] of batchesByHand) {
        F.crossEntropy((byHand.forward as (x: NDArray | Tensor) => Tensor)(x), labels).backward();
        if (++i % 2 > 0) continue;
        other.step();
        other.zeroGrad();
      }
    }
    expectSame(model, byHand);
  });

  test('a callback may keep a gradient', () => {
    const model = net();
    const optimizer = new optim.SGD(model.head.parameters(), { lr: 0.1 });
    const kept: Tensor[] = [];
    fit(model, loader(), { optimizer, ...silent, onStep: () => void kept.push(model.backbone.weight.grad as Tensor) });
    for (const grad of kept) expect(grad.data.data.every(Number.isFinite)).toBe(true);
  });
});

describe('fit on WebAssembly', () => {
  useKernels('wasm', 1);

  test('holds one gradient of what the optimizer does not have, however long it trains', () => {
    const model = new nn.Sequential(new nn.Linear(1000, 100), new nn.ReLU(), new nn.Linear(100, 3));
    const optimizer = new optim.SGD(model.at(2).parameters(), { lr: 0.01 });
    const examples = { X: new Random(1).randn([40, 1000]), y: new Array(40).fill(1) };
    const before = workspace(() => engineMemory()!.used);
    const used: number[] = [];
    const onEpoch = (): void => void used.push(engineMemory()!.used - before);
    const batches = new DataLoader(examples, { batchSize: 20 });
    fit(model, batches, { optimizer, epochs: 6, verbose: false, onEpoch });
    expect(used[0]).toBeGreaterThan(100 * 1000 * 4);
    expect(used[0]).toBeLessThan(1.2 * 100 * 1000 * 4);
    expect(new Set(used).size).toBe(1);
  });
});
