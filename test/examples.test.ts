import { afterEach, beforeEach, expect, test, vi } from 'vitest';

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

test('one-logit tells two moons apart', async () => {
  await import('../examples/one-logit.js');
  expect(number('loss before')).toBeGreaterThan(0.6);
  expect(number('loss after')).toBeLessThan(0.05);
  expect(number('test accuracy')).toBeGreaterThan(0.98);
});

test('own-training-loop fits a sine', async () => {
  await import('../examples/own-training-loop.js');
  expect(number('loss at step 1')).toBeGreaterThan(0.2);
  expect(number('loss at step 500')).toBeLessThan(1e-3);
  expect(number('prediction at 0.5')).toBeCloseTo(1, 1);
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
