import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { readImage } from '../src/index.js';

let printed: string[] = [];

beforeEach(() => {
  printed = [];
  vi.spyOn(console, 'log').mockImplementation((line) => void printed.push(String(line)));
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** The number behind `label: ` among the printed lines; NaN if there is none, which no expectation accepts. */
function number(label: string): number {
  const line = printed.find((text) => text.startsWith(`${label}: `)) ?? '';
  return Number.parseFloat(line.slice(label.length + 2));
}

/** The test accuracy that is printed after the names of some classes. */
function accuracy(classes: string): number {
  const line = printed.find((text) => text.startsWith(`${classes}: test accuracy `)) ?? '';
  return Number.parseFloat(line.split(' ').at(-1)!);
}

test('own-layer checks its gradients, and learns what a linear layer cannot', async () => {
  await import('../examples/own-layer.js');
  expect(printed.slice(0, 2)).toEqual(['dx is right: true', 'dc is right: true']);
  expect(number('test accuracy')).toBeGreaterThan(0.97);
});

test('csv reads the table, and knows fruit that it has not seen', async () => {
  await import('../examples/csv.js');
  expect(printed[0]).toBe('160 rows of length, width, mass, hue; classes lemon, lime, pear, plum');
  expect(number('test accuracy')).toBeGreaterThan(0.9);
  expect(printed[2]).toMatch(/^a new fruit: pear, with probability (0\.9\d|1\.00)$/);
});

test('regression predicts prices of houses that it has not seen', async () => {
  await import('../examples/regression.js');
  expect(printed[0]).toMatch(/^320 houses of area, rooms, age, garden=no, /);
  expect(number('R² on the test part')).toBeGreaterThan(0.95);
  expect(number('mean error')).toBeLessThan(20);
  expect(number('a new house')).toBeGreaterThan(300);
});

test('image-folder takes over a backbone and learns other shapes by the last layer', { tags: 'slow' }, async () => {
  await import('../examples/image-folder.js');
  expect(accuracy('columns, disc, ring, rows')).toBeGreaterThan(0.9);
  expect(accuracy('cross, square')).toBeGreaterThan(0.85);
  expect(printed[2]).toBe('the backbone is as it was: true');
});

test('saliency lies on the shape', { tags: 'slow' }, async () => {
  await import('../examples/saliency.js');
  expect(number('test accuracy')).toBeGreaterThan(0.9);
  expect(number('saliency on the shape')).toBeGreaterThan(40);
  const file = /^drawn: (.+)$/.exec(printed[2])?.[1] ?? '';
  expect(readImage(file).shape).toEqual([3, 83, 83]);
});

test('one-logit finds more of a rare class when it counts more', async () => {
  await import('../examples/one-logit.js');
  const lines = printed.filter((line) => line.startsWith('  test accuracy'));
  const found = lines.map((line) => Number(/found (\d\.\d+)/.exec(line)?.[1]));
  expect(found[0]).toBeLessThan(0.85);
  expect(found[1]).toBeGreaterThan(0.9);
  for (const line of lines) expect(Number(/accuracy (\d\.\d+)/.exec(line)?.[1])).toBeGreaterThan(0.93);
});

test('own-training-loop fits a sine', async () => {
  await import('../examples/own-training-loop.js');
  expect(number('loss at step 1')).toBeGreaterThan(0.2);
  expect(number('loss at step 500')).toBeLessThan(1e-3);
  expect(number('prediction at 0.5')).toBeCloseTo(1, 1);
});

test('files takes networks to a file, from PyTorch, and to ONNX and back', async () => {
  await import('../examples/files.js');
  expect(printed[0]).toMatch(/^a file of \d+ bytes; the same scores: true$/);
  expect(number("accuracy of PyTorch's network")).toBeGreaterThan(0.95);
  expect(number('accuracy of its ONNX file')).toBe(number("accuracy of PyTorch's network"));
});

test('checkpoints stops a run, continues it to the same bits, and finds its best', async () => {
  await import('../examples/checkpoints.js');
  await vi.waitFor(() => expect(printed).toHaveLength(4), { timeout: 30_000 });
  expect(printed.slice(0, 2)).toEqual([
    'stopped by Ctrl-C: 3 epochs and 55 steps are saved',
    'continued to the same losses: true',
  ]);
  expect(Number(printed[2].split(': ')[1])).toBeGreaterThan(0.9);
  expect(number('rows of run.csv for epochs')).toBe(6);
});

test('async-training leaves the event loop free, stops at a signal and waits for callbacks', async () => {
  await import('../examples/async-training.js');
  await vi.waitFor(() => expect(printed).toHaveLength(4), { timeout: 30_000 });
  expect(printed.slice(0, 3)).toEqual([
    'stopped after 150 steps: no longer wanted',
    'timers ran during the training: true',
    'reports: 6',
  ]);
  expect(number('validation accuracy')).toBeGreaterThan(0.85);
});

test('search finds what suits the points', { tags: 'slow' }, async () => {
  await import('../examples/search.js');
  await vi.waitFor(() => expect(printed).toHaveLength(5), 30_000);
  const rungs = ['up to epoch 1: 12 trials', 'up to epoch 2: 6 trials', 'up to epoch 4: 3 trials'];
  expect(printed.slice(0, 3)).toEqual(rungs);
  expect(readFileSync('examples/README.md', 'utf8')).toContain(rungs.join('\n'));
  expect(number('best validation accuracy')).toBeGreaterThan(0.9);
  expect(printed[4]).toMatch(/^found: (SGD|Adam) with a rate of 0\.\d+, \d+ hidden units$/);
});
