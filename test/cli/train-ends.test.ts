// @module-tag slow

import { expect, test } from 'vitest';
import { interruptRuns } from '../../scripts/interrupt-command/trials.js';

test('runs that are ended by signals and resumed end as if nobody had', { timeout: 120_000 }, async () => {
  const trials = await interruptRuns({ runs: 3, jobs: 2, seed: 'tests', epochs: 8 });
  expect(trials.flatMap(({ faults }) => faults)).toEqual([]);
  expect(trials.flatMap(({ ends }) => ends).length).toBeGreaterThan(0);
});
