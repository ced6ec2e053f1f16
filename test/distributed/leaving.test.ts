// @module-tag slow

import { expect, test } from 'vitest';
import { describeMpi, type Ended, type Job, runRanks } from '../helpers/mpi.js';

/** How ranks, by default two, end in a way of the program. Jobs that hang would take longer than 20 seconds. */
function left(way: string, job: Partial<Job> = {}): Promise<Ended> {
  return runRanks({ ranks: 2, program: 'leaving', args: [way], timeout: 45, ...job });
}

const training = 'while rank 0 called allReduce of 10 float32 (sum)\n';

describeMpi('two ranks of MPICH', () => {
  test.concurrent('end well when all have come to their end, one earlier than the other', async () => {
    const { code, out, err } = await left('apart');
    expect([code, err]).toEqual([0, '']);
    expect(out.trim().split('\n').sort()).toEqual(['rank 0 has ended', 'rank 1 has ended']);
  });

  test.concurrent('end when one of them exits while the other trains', async () => {
    const { code, err } = await left('exit-alone');
    expect(code).toBe(1);
    expect(err).toContain(`rank 1 of 2 ended with exit code 0 ${training}`);
  });

  test.concurrent('end with the exit code of the one that has failed', async () => {
    const { code, err } = await left('code-alone');
    expect(code).toBe(3);
    expect(err).toContain(`rank 1 of 2 ended with exit code 3 ${training}`);
  });

  test.concurrent('say the error that nobody has caught, and write what is left to write', async () => {
    const { code, out, err } = await left('throw-alone');
    expect([code, out]).toEqual([1, 'written at exit\n']);
    expect(err).toMatch(/^Uncaught TypeError: on purpose\nand more\n +at /);
    expect(err).toContain(`rank 1 of 2 ended with TypeError: on purpose ${training}`);
  });

  test.concurrent('do not wait for one that is busy elsewhere', async () => {
    const { code, err } = await left('throw-while-others-work');
    expect(code).toBe(1);
    expect(err).toContain('\nrank 1 of 2 ended with Error: on purpose\n');
  });

  test.concurrent('end with a rejection that nobody handles', async () => {
    const { code, err } = await left('reject-alone');
    expect(code).toBe(1);
    expect(err).toContain(`rank 1 of 2 ended with Error: nobody waits for this ${training}`);
  });

  test.concurrent('say once what has failed alike on all', async () => {
    const { code, err } = await left('throw-alike');
    expect(code).toBe(1);
    expect(err).toMatch(/^Uncaught RangeError: the same on all\n +at /);
    expect(err.match(/the same on all/g)).toHaveLength(1);
    expect(err).not.toContain('of 2');
  });

  test.concurrent('say each error once, by the first rank that has it', async () => {
    const { code, err } = await left('throw-differing', { ranks: 3 });
    expect(code).toBe(1);
    const lines = err.split('\n').filter((line) => line.startsWith('rank '));
    expect(lines.sort()).toEqual([0, 1].map((rank) => `rank ${rank} of 3 ended with Error: of rank ${rank}`));
    expect(err.match(/^Uncaught Error: of rank 1$/gm)).toHaveLength(1);
  });

  test.concurrent('add nothing to an exit code that all have set', async () => {
    expect(await left('code-alike')).toEqual({ code: 2, out: '', err: 'the one line\n' });
  });

  test.concurrent('abort with a message', async () => {
    const { code, err } = await left('abort');
    expect(code).toBe(1);
    expect(err).toContain('rank 1 of 2: the disk is full\n');
  });

  test.concurrent('end when one is killed', async () => {
    expect((await left('killed')).code).toBe(9);
  });

  test.concurrent('end when one cannot start MPI', async () => {
    const { code, err } = await left('unstarted');
    expect(code).toBe(1);
    expect(err).toContain("Error: mpi: LAYERWISE_MPI is 'libno.so.1', which does not load as a library of MPI");
  });

  test.concurrent('have no communicator any more after their end', async () => {
    const out = 'barrier: the communicator has ended with the process, which is at its exit\n';
    expect(await left('late')).toEqual({ code: 0, out, err: '' });
  });
});

describeMpi(
  'two ranks of Open MPI',
  () => {
    test.concurrent.each([
      ['exit-alone', 1, `rank 1 of 2 ended with exit code 0 ${training}`],
      ['throw-alone', 1, `rank 1 of 2 ended with TypeError: on purpose ${training}`],
      ['throw-alike', 1, 'Uncaught RangeError: the same on all\n'],
      ['killed', 137, 'rank 1'],
      ['apart', 0, ''],
    ])('%s', async (way, expected, words) => {
      const { code, err } = await left(way, { launcher: 'openmpi' });
      expect(code).toBe(expected);
      expect(err).toContain(words);
    });
  },
  'openmpi',
);
