import { describe, expect, test } from 'vitest';
import {
  allReduceTime,
  fastestRanks,
  halfEfficientRanks,
  networkOf,
  partsOf,
  speedup,
  stepTime,
  weakEfficiency,
} from '../../scripts/scaling/model.js';

const net = { batch: 64, compute: 64e-3, own: 1e-3, bytes: 1e6 };
const network = { latency: 1e-4, bandwidth: 1e9 };

describe('a step', () => {
  test('by hand', () => {
    expect(allReduceTime(1e6, network, 1)).toBe(0);
    expect(allReduceTime(1e6, network, 2)).toBeCloseTo(1e-4 + 1e-3, 12);
    expect(allReduceTime(1e6, network, 8)).toBeCloseTo(3e-4 + 1.75e-3, 12);
    expect(stepTime(net, network, 8)).toBeCloseTo(8e-3 + 1e-3 + 2.05e-3, 12);
    expect(speedup(net, network, 8)).toBeCloseTo(65 / 11.05, 9);
    expect(weakEfficiency(net, network, 8)).toBeCloseTo(65 / 67.05, 9);
    expect([speedup(net, network, 1), weakEfficiency(net, network, 1)]).toEqual([1, 1]);
  });

  test('is fastest where one rank more costs more than it saves', () => {
    expect(fastestRanks(net, { latency: 0, bandwidth: 1e15 })).toBe(64);
    expect(fastestRanks(net, { latency: 10, bandwidth: 1e15 })).toBe(1);
    const slow = { latency: 5e-3, bandwidth: 1e15 };
    const best = fastestRanks(net, slow);
    // d/dp (C/p + L log2 p) = 0 at p = C ln 2 / L.
    expect(Math.abs(best - (64 * Math.LN2) / 5)).toBeLessThan(1);
    for (const other of [best - 1, best + 1]) {
      expect(stepTime(net, slow, other)).toBeGreaterThanOrEqual(stepTime(net, slow, best));
    }
  });
});

test('ranks are used well where a step is half as many times as fast as there are ranks', () => {
  const slow = { latency: 5e-3, bandwidth: 1e15 };
  const ranks = halfEfficientRanks(net, slow);
  expect(speedup(net, slow, ranks)).toBeGreaterThanOrEqual(ranks / 2);
  expect(speedup(net, slow, ranks + 1)).toBeLessThan((ranks + 1) / 2);
  expect(halfEfficientRanks(net, { latency: 10, bandwidth: 1e15 })).toBe(1);
  expect(halfEfficientRanks({ ...net, own: 0 }, { latency: 0, bandwidth: 1e15 })).toBe(64);
});

test('the parts of a step from those of a batch and half of it', () => {
  expect(partsOf(10, 6)).toEqual({ compute: 8, own: 2 });
  expect(partsOf(10, 11)).toEqual({ compute: 0, own: 10 });
  expect(partsOf(10, 4)).toEqual({ compute: 10, own: 0 });
});

test('a network from times', () => {
  const times = [1e3, 1e5, 1e7].map((bytes) => ({ bytes, seconds: 2e-5 + bytes / 3e9 }));
  const found = networkOf(times);
  expect(found.latency).toBeCloseTo(2e-5, 12);
  expect(found.bandwidth / 3e9).toBeCloseTo(1, 9);
});
