import { describe, expect, test } from 'vitest';
import { zeros } from '../../src/arrays/index.js';
import { FullyConnectedNet, type FullyConnectedNetOptions, TwoLayerNet } from '../../src/classifiers/index.js';
import { parameterTable } from '../../src/classifiers/summary.js';

describe('parameterTable', () => {
  test('lists name, shape, values and bytes, and adds them up', () => {
    const params = { W1: zeros([40, 30]), b1: zeros([30]), alpha: zeros([1], 'float64') };
    expect(parameterTable('A net', params)).toBe(
      [
        'A net',
        'parameter  shape     values   memory',
        '------------------------------------',
        'W1         (40, 30)   1,200  4.7 KiB',
        'b1         (30,)         30    120 B',
        'alpha      (1,)           1      8 B',
        '------------------------------------',
        'total                 1,231  4.8 KiB',
      ].join('\n'),
    );
  });

  test('makes room for long names and large numbers', () => {
    const params = { 'blocks.0.convolution': zeros([64, 32, 3, 3]), w: zeros([1024, 2048]) };
    expect(parameterTable('Another', params)).toBe(
      [
        'Another',
        'parameter             shape              values    memory',
        '---------------------------------------------------------',
        'blocks.0.convolution  (64, 32, 3, 3)     18,432  72.0 KiB',
        'w                     (1024, 2048)    2,097,152   8.0 MiB',
        '---------------------------------------------------------',
        'total                                 2,115,584   8.1 MiB',
      ].join('\n'),
    );
  });

  test.each([
    [[255], '1020 B'],
    [[256], '1.0 KiB'],
    [[131_072], '512.0 KiB'],
    [[262_144], '1.0 MiB'],
  ])('of %j values prints %s', (shape, memory) => {
    expect(parameterTable('', { w: zeros(shape) })).toContain(`  ${memory.padStart(6)}\n`);
  });

  test('has a total of a model without parameters', () => {
    expect(parameterTable('Nothing', {}).split('\n')).toEqual([
      'Nothing',
      'parameter  shape  values  memory',
      '--------------------------------',
      '--------------------------------',
      'total                  0     0 B',
    ]);
  });
});

test('TwoLayerNet.summary has both tables', () => {
  const lines = new TwoLayerNet({ inputDim: 3, hiddenDim: 4, numClasses: 2 }).summary().split('\n');
  expect(lines[0]).toBe('TwoLayerNet, 2 layers');
  expect(lines[3].split(/ {2,}/)).toEqual(['affine – ReLU', '(4,)', '16', '12', '12']);
  expect(lines[4].split(/ {2,}/)).toEqual(['affine', '(2,)', '10', '8', '8']);
  expect(lines.at(-1)?.split(/ {2,}/)).toEqual(['total', '26', '104 B']);
});

describe('FullyConnectedNet.summary', () => {
  test('has a table of its layers and one of all its parameters', () => {
    const options = { inputDim: 7, numClasses: 2, normalization: 'batchnorm', dropout: 0.25 } as const;
    expect(new FullyConnectedNet([5, 3], options).summary()).toBe(
      [
        'FullyConnectedNet, 3 layers, batchnorm, dropout keeping 0.25',
        'layer                                output  parameters  multiplications  additions',
        '-----------------------------------------------------------------------------------',
        'affine – batchnorm – ReLU – dropout  (5,)            50               35         35',
        'affine – batchnorm – ReLU – dropout  (3,)            24               15         15',
        'affine                               (2,)             8                6          6',
        '-----------------------------------------------------------------------------------',
        'total                                                82               56         56',
        '',
        'Parameters',
        'parameter  shape   values  memory',
        '---------------------------------',
        'W1         (7, 5)      35   140 B',
        'b1         (5,)         5    20 B',
        'gamma1     (5,)         5    20 B',
        'beta1      (5,)         5    20 B',
        'W2         (5, 3)      15    60 B',
        'b2         (3,)         3    12 B',
        'gamma2     (3,)         3    12 B',
        'beta2      (3,)         3    12 B',
        'W3         (3, 2)       6    24 B',
        'b3         (2,)         2     8 B',
        '---------------------------------',
        'total                  82   328 B',
      ].join('\n'),
    );
  });

  test('of the default net in float64', () => {
    const net = new FullyConnectedNet([100], { normalization: 'layernorm', dtype: 'float64' });
    expect(net.summary()).toBe(
      [
        'FullyConnectedNet, 2 layers, layernorm',
        'layer                      output  parameters  multiplications  additions',
        '-------------------------------------------------------------------------',
        'affine – layernorm – ReLU  (100,)     307,500          307,200    307,200',
        'affine                     (10,)        1,010            1,000      1,000',
        '-------------------------------------------------------------------------',
        'total                                 308,510          308,200    308,200',
        '',
        'Parameters',
        'parameter  shape         values   memory',
        '----------------------------------------',
        'W1         (3072, 100)  307,200  2.3 MiB',
        'b1         (100,)           100    800 B',
        'gamma1     (100,)           100    800 B',
        'beta1      (100,)           100    800 B',
        'W2         (100, 10)      1,000  7.8 KiB',
        'b2         (10,)             10     80 B',
        '----------------------------------------',
        'total                   308,510  2.4 MiB',
      ].join('\n'),
    );
  });

  test.each<[options: FullyConnectedNetOptions, title: string]>([
    [{}, 'FullyConnectedNet, 4 layers'],
    [{ dropout: 0.5 }, 'FullyConnectedNet, 4 layers, dropout keeping 0.5'],
    [{ normalization: 'batchnorm' }, 'FullyConnectedNet, 4 layers, batchnorm'],
    [{ normalization: 'layernorm', dropout: 0.9 }, 'FullyConnectedNet, 4 layers, layernorm, dropout keeping 0.9'],
  ])('%j says what the net is', (options, title) => {
    const net = new FullyConnectedNet([3, 3, 3], { inputDim: 2, ...options });
    expect(net.summary().split('\n')[0]).toBe(title);
  });

  test('of a class of its own has its name', () => {
    class Deep extends FullyConnectedNet {}
    expect(new Deep([3], { inputDim: 2 }).summary()).toMatch(/^Deep, 2 layers\n/);
  });
});
