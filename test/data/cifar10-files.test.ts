import { expect, test } from 'vitest';
import { readRecords } from '../../src/data/cifar10-files.js';
import { record, temporaryDir, writeBatch } from '../helpers/cifar10.js';

test('readRecords says so when a file ends too early', () => {
  const file = writeBatch(temporaryDir(), 'data_batch_1.bin', [record(1, () => 0), record(2, () => 0)]);
  const labels: number[] = [];
  expect(() => readRecords('loadCifar10', file, 1, 2, (records) => labels.push(records[0]))).toThrow(
    `loadCifar10: ${file} ended at byte 6,146: it changed while read`,
  );
  expect(labels).toEqual([]);
});
