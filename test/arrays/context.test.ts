import { expect, test } from 'vitest';
import {
  currentStorage,
  heap,
  isRecording,
  type Storage,
  withoutRecording,
  withStorage,
} from '../../src/arrays/index.js';

const other: Storage = { ...heap };

test('storage and recording change one without the other, and are back when the function has returned', () => {
  const seen: [Storage, boolean][] = [];
  const look = (): void => void seen.push([currentStorage(), isRecording()]);
  withStorage(other, () => {
    look();
    withoutRecording(() => {
      look();
      withStorage(heap, look);
      look();
    });
    look();
  });
  look();
  expect(seen).toEqual([
    [other, true],
    [other, false],
    [heap, false],
    [other, false],
    [other, true],
    [heap, true],
  ]);
});

test('they are back when the function has thrown', () => {
  const fail = (): never => {
    throw new Error('failed');
  };
  expect(() => withStorage(other, () => withoutRecording(fail))).toThrow('failed');
  expect(currentStorage() === heap).toBe(true);
  expect(isRecording()).toBe(true);
});
