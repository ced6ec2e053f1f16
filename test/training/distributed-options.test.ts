import { describe, expect, test, vi } from 'vitest';
import { singleProcess } from '../../src/distributed/index.js';
import { DataLoader, type FitHistory, type FitOptions, fit, fitAsync, manualSeed, nn, optim } from '../../src/index.js';
import { Telling } from '../../src/training/parallel/index.js';
import { blobs } from '../helpers/nets.js';
import { twinRanks } from '../helpers/twin-ranks.js';

const { XTrain: X, yTrain: y, XVal, yVal } = blobs(40, 4, 3, 1);

function make(options: Partial<FitOptions> = {}) {
  manualSeed(2);
  const model = new nn.Sequential(new nn.Linear(4, 8), new nn.BatchNorm1d(8), new nn.Dropout(0.2), new nn.Linear(8, 3));
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
  const loader = new DataLoader({ X, y }, { batchSize: 8, shuffle: true, seed: 1 });
  const valLoader = new DataLoader({ X: XVal, y: yVal }, { batchSize: 4 });
  return { model, loader, options: { optimizer, epochs: 2, valLoader, verbose: false, ...options } };
}

function trained(given: Partial<FitOptions> = {}) {
  const { model, loader, options } = make(given);
  const { secondsHistory: _, ...history } = fit(model, loader, options);
  return { history, weights: Object.values(model.stateDict()).map(({ data }) => Array.from(data)) };
}

describe('options of processes that share batches', () => {
  test('a job of one process has the bits of fit without', () => {
    expect(trained({ distributed: singleProcess(), syncBatchnorm: true, verify: 1 })).toEqual(trained());
  });

  test.each([
    [
      { distributed: {} as never },
      'fit: distributed is an object, expected a communicator, as mpi() and singleProcess() of layerwise/distributed ' +
        'make',
    ],
    [{ distributed: 2 as never }, 'fit: distributed is 2, expected a communicator'],
    [{ verify: 0 }, 'fit: verify is 0, expected'],
    [{ syncBatchnorm: 1 as never }, 'fit: syncBatchnorm is 1, expected true or false'],
  ])('%o', (options, message) => {
    expect(() => trained(options)).toThrow(message);
  });
});

describe('what rank 0 tells the others', () => {
  test('another learning rate, and that the run ends', () => {
    const rates: number[] = [];
    const telling = new Telling(twinRanks(), (rate) => rates.push(rate));
    expect(telling.isPending).toBe(false);
    telling.setRate(0.1);
    expect([telling.isPending, rates]).toEqual([true, []]);
    telling.pass();
    expect([telling.isPending, rates, telling.isLeaving]).toEqual([false, [0.1], false]);
    telling.stop();
    expect(telling.answer(true)).toBe(true);
    expect([telling.leaves(), rates]).toEqual([true, [0.1]]);
  });

  test('the error that ends it', () => {
    const telling = new Telling(twinRanks(), () => {});
    telling.abort(new RangeError('too long'));
    telling.pass();
    expect(() => telling.leaves()).toThrow(new RangeError('too long'));
  });

  test('of what others say nothing counts', () => {
    const telling = new Telling(twinRanks(1), () => {});
    telling.stop();
    telling.setRate(1);
    expect(telling.isPending).toBe(false);
  });
});

test('a run of twins ends after onEpoch has said so, and after the step that follows on a signal', async () => {
  const { history } = trained({ distributed: twinRanks(), onEpoch: ({ epoch }) => epoch < 1 });
  expect(history.epoch).toBe(1);
  const stop = new AbortController();
  const seen = vi.fn<(history: FitHistory) => void>(({ iteration }) => {
    if (iteration === 2) stop.abort(new Error('enough'));
  });
  const { model, loader, options } = make({ distributed: twinRanks(), onStep: seen });
  await expect(fitAsync(model, loader, { ...options, signal: stop.signal })).rejects.toThrow('enough');
  expect(seen).toHaveBeenCalledTimes(3);
});
