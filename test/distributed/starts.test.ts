// @module-tag slow

import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { temporaryDir } from '../helpers/cifar10.js';
import { compiled, describeMpi, runRanks, whyNoMpi } from '../helpers/mpi.js';

test('without koffi the error says what to install', async () => {
  const cwd = temporaryDir();
  const file = join(cwd, 'program.cjs');
  writeFileSync(file, await compiled('leaving'));
  const env = { ...process.env, NODE_PATH: '', PMI_RANK: '0', PMI_SIZE: '1' };
  const { status, stderr } = spawnSync(process.execPath, [file, 'late'], { cwd, env, encoding: 'utf8' });
  expect(status).toBe(1);
  expect(stderr).toContain('Error: mpi: MPI needs the package koffi: npm install koffi\n');
});

test('in a worker thread the error says where to call it', async () => {
  const file = join(temporaryDir(), 'program.cjs');
  writeFileSync(file, await compiled('leaving'));
  const [error] = await once(new Worker(file, { argv: ['late'] }), 'error');
  const expected = 'mpi: called in a worker thread: call it in the main thread of the process';
  expect((error as Error).message).toBe(expected);
});

describeMpi("MPICH's mpiexec", () => {
  test('with the library of Open MPI is told from ranks that know each other', async (context) => {
    const missing = whyNoMpi('openmpi');
    if (missing !== null) return context.skip(missing);
    const { code, err } = await runRanks({ ranks: 2, program: 'leaving', env: { LAYERWISE_MPI: 'libmpi.so.40' } });
    expect(code).toBe(1);
    const found = 'the library \\(Open MPI v[\\d.]+, libmpi.so.40\\) does not know of them';
    const wayOut = "start them with the library's own mpiexec, or name the other library in LAYERWISE_MPI";
    expect(err).toMatch(new RegExp(`Error: mpi: mpiexec started 2 processes, but ${found}: ${wayOut}\n`));
  });
});
