import { closeSync, openSync } from 'node:fs';
import { devNull, hostname } from 'node:os';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { array } from '../../src/arrays/index.js';
import { placeOfCores } from '../../src/distributed/cores.js';
import { handlesOf } from '../../src/distributed/handles.js';
import { mpi, singleProcess } from '../../src/distributed/index.js';
import { launcherOf, lostConnection } from '../../src/distributed/launchers.js';
import { libraryNames, loadMpi } from '../../src/distributed/library.js';
import type { Library } from '../../src/distributed/peers.js';

afterEach(() => vi.unstubAllEnvs());

test('a process that no launcher has started is told how to start', () => {
  expect(() => mpi()).toThrow(
    'mpi: this process is none of a job: start it with mpiexec -n 2 node program.js, or take singleProcess() for one ' +
      'process',
  );
});

describe('launchers', () => {
  test.each([
    [{ PMI_RANK: '1', PMI_SIZE: '4' }, 'mpiexec', 'mpich', 4],
    [{ OMPI_COMM_WORLD_RANK: '0', OMPI_COMM_WORLD_SIZE: '3', PMIX_RANK: '0' }, "Open MPI's mpiexec", 'openmpi', 3],
    [{ PMI_RANK: '0', PMI_SIZE: '2', SLURM_STEP_NUM_TASKS: '1' }, 'mpiexec', 'mpich', 2],
    [{ PMIX_RANK: '0', SLURM_STEP_NUM_TASKS: '2' }, 'srun', 'openmpi', 2],
    [{ SLURM_STEP_NUM_TASKS: '5' }, 'srun', null, 5],
  ])('%j', (env, name, family, size) => expect(launcherOf(env)).toEqual({ name, family, size }));

  test('nothing is none, nor is the script of a batch job', () => {
    expect(launcherOf({})).toBeNull();
    expect(launcherOf({ SLURM_PROCID: '0', SLURM_JOB_ID: '7' })).toBeNull();
  });
});

test('a process that MPICH has started and npx has cut off is told how to start', () => {
  expect(lostConnection({})).toBeNull();
  expect(lostConnection({ PMI_FD: '7', PMI_PORT: 'host:5000' })).toBeNull();
  const file = openSync(devNull, 'r');
  expect(lostConnection({ PMI_FD: String(file) })).toBe(
    `the connection to mpiexec (file descriptor ${file}) did not reach this process, as under npx: start node itself ` +
      "(mpiexec -n 2 node program.js), or npx around it (npx -c 'mpiexec -n 2 …')",
  );
  closeSync(file);
  expect(lostConnection({ PMI_FD: String(file) })).toContain(`file descriptor ${file}`);
});

describe('libraries', () => {
  test("of the launcher's family come first, and the standard's before those of one make", () => {
    expect(libraryNames(null, 'linux').slice(0, 2)).toEqual(['libmpi_abi.so.0', 'libmpich.so.12']);
    const openMpi = launcherOf({ OMPI_COMM_WORLD_RANK: '0' });
    expect(libraryNames(openMpi, 'linux')[0]).toBe('libmpi.so.40');
    expect(libraryNames(openMpi, 'darwin').slice(0, 2)).toEqual([
      'libmpi.40.dylib',
      '/opt/homebrew/lib/libmpi.40.dylib',
    ]);
  });

  test('are told by their names, and how to install one, where there is none', () => {
    expect(() => loadMpi('mpi', null, ['libno.so.1', '/opt/libno.so.1', 'libneither.so'])).toThrow(
      'mpi: there is no library of MPI (tried libno.so.1, libneither.so): install MPICH (apt-get install mpich, brew ' +
        'install mpich, conda install -c conda-forge mpich), or name its file in LAYERWISE_MPI',
    );
  });

  test('that LAYERWISE_MPI names wrongly are told by that name', () => {
    vi.stubEnv('LAYERWISE_MPI', 'libno.so.1');
    expect(() => loadMpi('mpi', null)).toThrow(
      /^mpi: LAYERWISE_MPI is 'libno.so.1', which does not load as a library of MPI \(.*\): name a file, as /,
    );
  });

  test('are known by their symbols and names', () => {
    const library = (symbols: readonly string[]) => {
      const symbol = (name: string): bigint => {
        if (!symbols.some((start) => name.startsWith(start))) throw new Error('no such symbol');
        return BigInt(name.length);
      };
      return { symbol } as unknown as Library;
    };
    expect(handlesOf(library([]), 'libmpi.so.12')).toMatchObject({ type: 'int', world: 0x44000000, inPlace: -1 });
    const openMpi = handlesOf(library(['ompi_mpi_']), 'libmpi.so.40');
    expect(openMpi).toMatchObject({ type: 'intptr_t', world: BigInt('ompi_mpi_comm_world'.length), inPlace: 1 });
    // Values of the standard's own header.
    expect(handlesOf(library(['ompi_mpi_']), '/opt/lib/libmpi_abi.so.0')).toMatchObject({
      world: 0x101,
      kinds: { Float32Array: 0x210, Float64Array: 0x214, Int32Array: 0x209, Uint8Array: 0x245 },
      ops: { sum: 0x21, min: 0x22, max: 0x23 },
    });
  });
});

test('the place of the cores of a rank has the name of its machine', () => {
  expect(placeOfCores()).toMatch(new RegExp(`^${hostname()} `));
});

describe('one process', () => {
  const ranks = singleProcess();

  test('is rank 0 of 1, and gets back what it gives', () => {
    const values = array([1, 2]);
    expect([ranks.rank, ranks.size]).toEqual([0, 1]);
    expect(ranks.allReduce(values)).toBe(values);
    expect(ranks.allReduce(values, 'max')).toBe(values);
    expect(ranks.broadcast(values)).toBe(values);
    expect(() => ranks.barrier()).not.toThrow();
    expect(() => ranks.abort('no disk')).toThrow('no disk');
  });

  test('gathers copies', () => {
    const values = Int32Array.of(1, 2);
    const matrix = array([[1, 2]]);
    const [[integers], [copy]] = [ranks.gather(values) ?? [], ranks.gather(matrix) ?? []];
    expect(integers).toEqual(values);
    expect(integers).not.toBe(values);
    expect([copy.shape, Array.from(copy.data)]).toEqual([
      [1, 2],
      [1, 2],
    ]);
    expect(copy.data).not.toBe(matrix.data);
  });

  test('refuses what no job could send', () => {
    const kinds = 'an array of the library, a Float32Array, a Float64Array, an Int32Array or a Uint8Array';
    expect(() => ranks.allReduce([1] as never)).toThrow(`allReduce: array is [1], expected ${kinds}`);
    expect(() => ranks.gather(new Int8Array(2) as never)).toThrow(`gather: array is an Int8Array, expected ${kinds}`);
    const column = array([1, 2, 3, 4], [2, 2]).pick(null, 0);
    const found = 'array is a view with stride (2,), expected contiguous values';
    expect(() => ranks.broadcast(column)).toThrow(`broadcast: ${found}: copy it with array(view), and use the copy`);
    expect(() => ranks.allReduce(array([1]), 'mean' as never)).toThrow(
      "allReduce: op is 'mean', expected 'sum', 'min' or 'max'",
    );
    expect(() => ranks.broadcast(array([1]), 1)).toThrow('broadcast: root is 1, expected a whole number from 0 to 0');
  });
});
