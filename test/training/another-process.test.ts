// @module-tag slow

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { expect, test } from 'vitest';
import { type FitState, fitSteps, kernelInfo, type SolverState } from '../../src/index.js';
import { bitsOf, finishedFit, fitSetup, makeSolver, wholeFit } from '../helpers/interruptible.js';

test('runs that are taken down to states end in another process with the same bits', { timeout: 60_000 }, () => {
  const solver = makeSolver();
  const solverStates: SolverState[] = [];
  for (const event of solver.steps()) if (event.iteration % 5 === 2) solverStates.push(solver.stateDict());
  const setup = fitSetup('first');
  const run = fitSteps(setup.model, setup.loader, setup.options);
  const fitStates: FitState[] = [];
  for (const event of run) if (event.iteration % 4 === 3) fitStates.push(run.stateDict());
  expect([solverStates.length, fitStates.length]).toEqual([6, 5]);

  const folder = mkdtempSync(join(tmpdir(), 'layerwise-states-'));
  try {
    const [from, to] = [join(folder, 'states'), join(folder, 'ends')];
    writeFileSync(from, serialize({ solver: solverStates, fit: fitStates }));
    const { kernels, threads } = kernelInfo();
    execFileSync(process.execPath, ['-r', 'ts-node/register', 'test/programs/continued-runs.ts', from, to], {
      env: { ...process.env, LAYERWISE_KERNELS: kernels, LAYERWISE_THREADS: String(threads) },
    });
    const ends = deserialize(readFileSync(to)) as { solver: unknown[]; fit: unknown[] };
    expect(ends.solver).toEqual(solverStates.map(() => bitsOf(solver.stateDict())));
    expect(ends.fit).toEqual(fitStates.map(() => wholeFit('first')));
  } finally {
    rmSync(folder, { recursive: true });
  }
  expect(finishedFit(setup, fitSteps(setup.model, setup.loader, { ...setup.options, state: fitStates[0] }))).toEqual(
    wholeFit('first'),
  );
});
