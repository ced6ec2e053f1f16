import { describe, expect, test } from 'vitest';
import { defaultGenerator } from '../../src/autograd/index.js';
import { F, FullyConnectedNet, manualSeed, models, nn, type Tensor, type TensorLike } from '../../src/index.js';
import { openTask } from '../../src/runs/index.js';
import { checkStepMemory } from '../../src/runs/step-memory.js';
import { tinyConfig, tinyImages } from '../helpers/runs.js';

const GB = 2 ** 30;
const asked = (batchSize: number) => ({ fn: 'train', arg: 'batchSize', batchSize, inputShape: [3, 32, 32] });

describe('a batch that does not fit into memory', () => {
  test('is refused with what it would take, and the largest that fits, which does', () => {
    const model = models.convnet6();
    let most = 0;
    expect(() => {
      try {
        checkStepMemory(model, asked(4096), GB);
      } catch (error) {
        most = Number(/at most (\d+)/.exec((error as Error).message)?.[1]);
        throw error;
      }
    }).toThrow(/^train: batchSize is 4096: a step would take about 57\d\d\.\d MiB, expected at most 7\d\d, for the 10/);
    checkStepMemory(model, asked(most), GB);
    expect(() => checkStepMemory(model, asked(most + 1), GB)).toThrow(RangeError);
  });

  test('of a model of which not one example fits: a smaller one', () => {
    const message = 'expected a smaller model: one example does not fit in the 1.0 MiB that there are for it';
    expect(() => checkStepMemory(models.convnet6(), asked(1), 2 ** 20)).toThrow(message);
  });

  test('of a classifier', () => {
    const model = new FullyConnectedNet([1000, 1000], { inputDim: 3072 });
    expect(() => checkStepMemory(model, asked(200_000), GB)).toThrow(/expected at most \d{5}, for the 1024\.0 MiB/);
    checkStepMemory(model, asked(20_000), GB);
  });

  test('does not count what comes before the first layer that is trained', () => {
    const layers = Array.from({ length: 20 }, (_, i) => new nn.Conv2d(i === 0 ? 3 : 16, 16, 1));
    const model = new nn.Sequential(...layers, new nn.Flatten(), new nn.Linear(16 * 1024, 10));
    expect(() => checkStepMemory(model, asked(2000), GB)).toThrow(RangeError);
    for (const layer of layers) for (const parameter of layer.parameters()) parameter.requiresGrad = false;
    checkStepMemory(model, asked(2000), GB);
  });

  test('is one process’s share of it', () => {
    const [batchSize, examples] = [4096, 2048];
    expect(() => checkStepMemory(models.convnet6(), { ...asked(batchSize), examples }, GB)).toThrow(
      'batchSize is 4096 (2048 examples here): a step would take about 28',
    );
    checkStepMemory(models.convnet6(), { ...asked(batchSize), examples: 512 }, GB);
  });

  test('is found without drawing anything that the run draws', () => {
    class Noisy extends nn.Module {
      override forward(x: TensorLike): Tensor {
        return F.dropout(F.sum(x, 1), 0.5);
      }
    }
    manualSeed(3);
    const expected = defaultGenerator().stateDict();
    checkStepMemory(new Noisy(), asked(4096), GB);
    expect(defaultGenerator().stateDict()).toEqual(expected);
  });

  test('is nobody’s business where the model cannot be asked', () => {
    class Broken extends nn.Module {
      override forward(): Tensor {
        throw new Error('not of zeros');
      }
    }
    checkStepMemory(new Broken(), asked(1e9), GB);
    checkStepMemory({ loss: () => ({}) } as never, asked(1e9), GB);
  });

  test('is refused by a run before its first step, which counts no more examples than there are', async () => {
    const config = await tinyConfig('convnet6', tinyImages(), ['batchSize=1000000']);
    await expect((await openTask(config)).train({ verbose: false })).resolves.toMatchObject({ epoch: 2 });
  });

  test('is refused when a run is opened, before it has a folder', async () => {
    const config = await tinyConfig('twolayer', tinyImages(), ['batchSize=100000000']);
    await expect(openTask(config)).rejects.toThrow(
      /^openTask: training\.batchSize is 100000000: a step would take about/,
    );
  });
});
