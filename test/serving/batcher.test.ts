import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { HttpError } from '../../src/http/index.js';
import { Batcher } from '../../src/serving/batcher.js';

/** Batches that were sent and not answered: slot and examples. */
let sent: { slot: number; values: number[] }[] = [];
let answers: Record<string, number[] | string> = {};
let batcher: Batcher;
const inputs = Array.from({ length: 3 }, () => new Float32Array(4));
const outputs = Array.from({ length: 3 }, () => new Float32Array(8));
const CLOCK = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate', 'performance'] as const;

beforeEach(() => {
  vi.useFakeTimers({ toFake: [...CLOCK] });
  sent = [];
  answers = {};
  batcher = new Batcher({
    ...{ maxBatch: 4, maxWait: 2, maxQueue: 8, timeout: 100, inputSize: 1, outputSize: 2, inputs, outputs },
    send: (slot, count) => sent.push({ slot, values: [...inputs[slot].subarray(0, count)] }),
  });
});

afterEach(() => {
  vi.useRealTimers();
});

function add(name: string, values: number[], isGone = () => false): void {
  batcher.add({
    ...{ values: Float32Array.from(values), count: values.length, arrived: performance.now(), isGone },
    done: (results) => {
      answers[name] = [...results];
    },
    fail: ({ status, message }: HttpError) => {
      answers[name] = `${status} ${message}`;
    },
  });
}

/** Does what the model does: of x it makes x and x². */
function predict(): number[] {
  const { slot, values } = sent.shift() as { slot: number; values: number[] };
  for (const [i, x] of values.entries()) outputs[slot].set([x, x * x], 2 * i);
  batcher.predicted(slot);
  return values;
}

const pass = (ms = 0): void => void vi.advanceTimersByTime(ms);

test('what comes alone goes at once; what comes at the same time goes together', () => {
  add('a', [1]);
  pass();
  expect(predict()).toEqual([1]);
  add('b', [2]);
  add('c', [3]);
  pass();
  expect(predict()).toEqual([2, 3]);
  expect(answers).toEqual({ a: [1, 1], b: [2, 4], c: [3, 9] });
});

test('while others are on their way it waits, at most for maxWait', () => {
  batcher.reading = 1;
  add('a', [1]);
  pass(1);
  expect(sent).toEqual([]);
  pass(1);
  expect(predict()).toEqual([1]);
});

test('the last one of those on their way ends the wait, a full batch does too', () => {
  batcher.reading = 2;
  add('a', [1]);
  pass();
  batcher.reading = 0;
  batcher.consider();
  pass();
  expect(predict()).toEqual([1]);
  batcher.reading = 2;
  for (const x of [1, 2, 3, 4, 5]) add(`${x}`, [x]);
  pass();
  expect(predict()).toEqual([1, 2, 3, 4]);
});

test('while the model works the next batch is sent when it is full or has waited, others wait for room', () => {
  add('a', [1]);
  pass();
  add('b', [2]);
  pass(1);
  expect(sent).toHaveLength(1);
  pass(1);
  expect(sent).toHaveLength(2);
  for (const x of [3, 4, 5, 6, 7]) add(`${x}`, [x]);
  pass(50);
  expect(sent).toHaveLength(2);
  expect([predict(), predict(), predict(), predict()]).toEqual([[1], [2], [3, 4, 5, 6], [7]]);
  expect(answers['7']).toEqual([7, 49]);
  expect(batcher).toMatchObject({ queued: 0, predicting: 0, batches: 4, examples: 7 });
});

test('a request of more examples than a batch gets all of its own', () => {
  const long = [2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
  add('long', long);
  pass();
  while (sent.length > 0) predict();
  expect(answers).toEqual({ long: long.flatMap((x) => [x, x * x]) });
});

test('when too many wait new ones are refused, and what has waited too long is given up', () => {
  add('a', [1]);
  pass();
  add('next', [1]);
  pass(2);
  for (let x = 2; x < 10; x++) add(`${x}`, [x]);
  expect(() => add('more', [10])).toThrow('the server is busy (8 examples wait already), ask again in a second');
  pass(150);
  expect(answers['2']).toBe('503 the server is busy (it waited for too long), ask again in a second');
  expect(batcher.queued).toBe(0);
  predict();
  expect(answers.a).toEqual([1, 1]);
});

test('what nobody waits for any more is not predicted', () => {
  add('a', [1]);
  pass();
  let isGone = false;
  add('b', [2], () => isGone);
  add('c', [3]);
  isGone = true;
  predict();
  expect(predict()).toEqual([3]);
  expect(answers).toEqual({ a: [1, 1], c: [3, 9] });
  expect(batcher.queued).toBe(0);
});

test('a batch on which the model fails gets an error, the next one goes on', () => {
  add('a', [1]);
  pass();
  add('b', [2]);
  batcher.faulty((sent.shift() as { slot: number }).slot);
  predict();
  expect(answers).toEqual({ a: '500 the model failed, and the log of the server says why', b: [2, 4] });
});
