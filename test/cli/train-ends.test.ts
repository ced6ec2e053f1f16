// @module-tag slow

import { expect, test } from 'vitest';
import { interruptRuns } from '../../scripts/interrupt-command/trials.js';

test('runs that are ended by signals and resumed end as if nobody had', { timeout: 120_000 }, async () => {
  // This seed's first signals come early in a run, so that none has ended before.
  const trials = await interruptRuns({ runs: 2, jobs: 2, seed: 'a', epochs: 8 });
  expect(trials.flatMap(({ faults }) => faults)).toEqual([]);
  for (const { ends } of trials) expect(ends.length).toBeGreaterThan(0);
});
