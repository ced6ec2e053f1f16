// @module-tag slow

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { NDArray } from '../../src/arrays/index.js';
import { writeModel } from '../../src/cli/export-model.js';
import { decodeSafetensors, load } from '../../src/formats/index.js';
import { Linear, Sequential, Sigmoid, Softmax } from '../../src/nn/index.js';
import { importOnnx } from '../../src/onnx/index.js';
import { openTrained, RunFolder, type Trained } from '../../src/runs/index.js';
import { command } from '../helpers/command.js';
import { useTrainedRun } from '../helpers/trained-run.js';

const made = useTrainedRun();
const exported = (...args: string[]) => command(made.dir, ['export', made.run, ...args]);
const opened = () => openTrained(RunFolder.open(path.join(made.dir, made.run)));

describe('onnx', () => {
  test('gives the probabilities of predict', async () => {
    const { code, out, err } = await exported('onnx', '--softmax');
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^a\.onnx written, [\d.]+ MB: the best weights of runs\/a\n/);
    expect(out).toMatch(/\ninput {3}"input", float32 \(N, 3, 32, 32\): pictures of 32 × 32 pixels, red, green, blue, /);
    expect(out).toMatch(/values 0 to 255, minus the mean image \(3,072 numbers, [\d.]+ on average\)\n/);
    expect(out).toMatch(/\noutput {2}"probabilities", probabilities of disc, ring, /);
    const trained = await opened();
    const X = (await trained.data()).test?.batch([0, 1, 2]) as NDArray;
    const model = importOnnx(path.join(made.dir, 'a.onnx'));
    expect(model.forward(X).data).toBeAllClose(trained.predict(X), { rtol: 1e-5, atol: 1e-7 });
    const text = readFileSync(path.join(made.dir, 'a.onnx'), 'latin1');
    expect(text).toContain('["disc","ring",');
    expect(text).toContain('"kind":"images"');
  });

  test('of another opset, to another file, as JSON', async () => {
    const { out } = await exported('onnx', '--opset', '13', '--out', 'b.onnx', '--json');
    expect(JSON.parse(out)).toMatchObject({ format: 'onnx', inputShape: [3, 32, 32], softmax: false, weights: 'best' });
    expect(importOnnx(path.join(made.dir, 'b.onnx')).opset).toBe(13);
  });
});

test('safetensors and npz hold the weights; safetensors the class names too', async () => {
  const { out } = await exported('safetensors');
  expect(out).toContain('in its metadata');
  const { tensors, metadata } = decodeSafetensors(readFileSync(path.join(made.dir, 'a.safetensors')));
  expect(JSON.parse(metadata.classes)[1]).toBe('ring');
  expect(JSON.parse(metadata.preprocessing).kind).toBe('images');
  expect((await exported('npz')).out).toContain('npz keeps arrays alone');
  expect(load(path.join(made.dir, 'a.npz')).W1).toBeAllClose(tensors.W1, { rtol: 0 });
});

test('wrong use', async () => {
  const fails = async (...args: string[]) => {
    const { code, err } = await exported(...args);
    return [code, err];
  };
  expect(await fails('onxn')).toEqual([2, expect.stringContaining('did you mean onnx?')]);
  expect(await fails('npz', '--softmax')).toEqual([
    2,
    'export: --softmax is for onnx, and the format is npz; leave it out\n',
  ]);
  expect(await fails('onnx', '--out', 'a.onn')).toEqual([
    2,
    'export: --out is a.onn, expected a name that ends with .onnx\n',
  ]);
  expect(await fails('onnx', '--opset', '99')).toEqual([
    1,
    'export: opset is 99, expected one of 13, 14, 15, 16, 17, 18, 19, 20, 21\n',
  ]);
  expect(existsSync(path.join(made.dir, 'a.onn'))).toBe(false);
});

describe('--softmax', () => {
  const write = (model: object, classes: string[] | null, width: number) => () => {
    const predict = () => ({ shape: [1, width] });
    const trained = { model, classes, inputShape: [3], preprocessing: {}, predict } as unknown as Trained;
    writeModel(trained, 'onnx', path.join(made.dir, 'c.onnx'), { softmax: true });
  };

  test('is for scores of several classes', () => {
    const two = ['a', 'b'];
    const begin = 'export: --softmax is given, and the model gives';
    const logit = new Linear(3, 1);
    expect(write(logit, null, 1)).toThrow(`${begin} numbers, expected scores of classes: leave it out`);
    expect(write(logit, two, 1)).toThrow(`${begin} one logit, expected scores of classes: leave it out, and take`);
    for (const last of [new Sigmoid(), new Softmax()]) {
      expect(write(new Sequential(new Linear(3, 2), last), two, 2)).toThrow(`${begin} probabilities, `);
    }
    expect(write(new Linear(3, 2), two, 2)).not.toThrow();
  });
});

test.each([
  ['export', ['safetensors', '--weights', 'last'], 'model.safetensors'],
  ['report', [], 'config.json'],
  ['predict', ['test:0'], 'metrics.jsonl'],
  ['predict', ['test:0'], 'checkpoints/a.csv'],
])('%s %j --out %s: a file of the run is not written over', async (name, args, file) => {
  const out = path.join(made.run, file);
  expect(await command(made.dir, [name, made.run, ...args, '--out', out])).toEqual({
    code: 2,
    out: '',
    err: `${name}: --out is ${out}, which is a file of the run itself; name another file\n`,
  });
});
