import { describe, expect, test } from 'vitest';
import { hostValues } from '../../src/arrays/index.js';
import { allCases, arraysOf, casesOf, expectGolden, expectPrinted, isPlain, labels, stored } from './fixtures.js';

/** How many cases of each op the tests of layers, rules and classifiers run. */
const RUN: Readonly<Record<string, number>> = {
  affine: 6,
  affine_relu: 2,
  elu: 4,
  fully_connected_net: 6,
  gelu: 3,
  gelu_tanh: 2,
  hardsigmoid: 2,
  hardswish: 2,
  leaky_relu: 4,
  log_softmax: 4,
  relu: 4,
  relu6: 2,
  sigmoid: 3,
  silu: 2,
  softmax_loss: 5,
  softmax: 4,
  softplus: 4,
  svm_loss: 4,
  tanh: 3,
  two_layer_net: 6,
  update_rule: 17,
};

/** Ops of layers that are not there yet. */
const LATER = ['conv_relu', 'conv_relu_pool'];

describe('the fixtures', () => {
  test.each(Object.entries(RUN))('have the cases of %s that are run', (op, count) => {
    expect(casesOf(op).filter(isPlain)).toHaveLength(count);
  });

  test('have no op that nobody runs, but for layers to come', () => {
    const ops = new Set(allCases.map(({ op }) => op));
    expect([...ops].sort()).toEqual([...Object.keys(RUN), ...LATER].sort());
  });

  test('tell plain nets from those with normalization or dropout', () => {
    const left = casesOf('fully_connected_net').filter((c) => !isPlain(c));
    expect(left).toHaveLength(10);
    expect(left.every(({ name }) => /norm|dropout/.test(name))).toBe(true);
  });
});

describe('reading them', () => {
  const c = {
    name: 'made up',
    op: 'none',
    config: {},
    inputs: { x: { shape: [2, 1], data: [0.1, 0.2] }, y: { shape: [2], data: [1, 0] }, t: 3 },
    params: {},
    expected: { out: { shape: [2, 1], data: [1, 2] }, loss: 0.5 },
    tolerance: { rtol: 0, atol: 1e-9 },
    tolerance_f32: { out: { rtol: 0, atol: 1e-5 }, loss: { rtol: 0, atol: 1e-5 } },
    printed: { loss: { value: 0.5, decimals: 2 } },
  };

  test('gives arrays in the format asked for, and labels', () => {
    const x = stored(c.inputs.x, 'float32');
    expect(x.shape).toEqual([2, 1]);
    expect(hostValues(x)).toEqual(Float32Array.of(0.1, 0.2));
    expect(hostValues(arraysOf({ x: c.inputs.x }, 'float64').x)).toEqual(Float64Array.of(0.1, 0.2));
    expect(labels(c.inputs.y)).toEqual(Int32Array.of(1, 0));
    expect(() => stored(c.inputs.t, 'float32')).toThrow('the fixture has 3 where an array is asked for');
  });

  test('holds results to the tolerance of their format, to all names, and to the format', () => {
    const right = stored(c.expected.out, 'float64');
    const single = stored(c.expected.out, 'float32');
    const near = stored({ shape: [2, 1], data: [1, 2.000005] }, 'float64');
    expectGolden(c, { out: right, loss: 0.5 }, 'float64');
    expectGolden(c, { out: single, loss: 0.500001 }, 'float32');
    expect(() => expectGolden(c, { out: near, loss: 0.5 }, 'float64')).toThrow('worst of 2 elements at flat index 1');
    expect(() => expectGolden(c, { out: right, loss: 0.500001 }, 'float64')).toThrow('worst of 1 elements');
    expect(() => expectGolden(c, { out: single, loss: 0.50002 }, 'float32')).toThrow('worst of 1 elements');
    expect(() => expectGolden(c, { out: right }, 'float64')).toThrow();
    expect(() => expectGolden(c, { out: single, loss: 0.5 }, 'float64')).toThrow('float32');
  });

  test('compares with what is printed to the last digit', () => {
    expectPrinted(c, { loss: 0.5049 });
    expect(() => expectPrinted(c, { loss: 0.506 })).toThrow('worst of 1 elements');
    expect(() => expectPrinted(c, {})).toThrow();
  });
});
