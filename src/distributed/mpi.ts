import { availableParallelism } from 'node:os';
import { isMainThread } from 'node:worker_threads';
import { configureKernels } from '../kernels/index.js';
import type { Communicator } from '../training/parallel/index.js';
import { Agreement } from './agreement.js';
import { MpiCommunicator } from './communicator.js';
import { placeOfCores } from './cores.js';
import { hashOf } from './hash.js';
import { type Launcher, launcherOf, lostConnection } from './launchers.js';
import { endJobAtExit } from './leaving.js';
import { type LoadedMpi, loadMpi, versionOf } from './library.js';
import { Patience } from './patience.js';

/** The one of this process, or why there is none: MPI starts once. */
let communicator: Communicator | Error | null = null;

/**
 * The processes that `mpiexec -n 4 node program.js`, or `srun`, has started, as ranks of one job. MPI is started by the
 * first call; the next ones return the same object.
 *
 * It needs the package `koffi` and a library of MPI: MPICH, Intel MPI, Cray MPICH, Open MPI, or any that has MPI 5's
 * standard binary interface. The environment's `LAYERWISE_MPI` names its file; by default the usual names are tried,
 * those of the launcher's family first.
 *
 * Values are sent from where they lie and received in place, synchronously: nothing else of the process runs meanwhile.
 * Ranks compare what they are about to do before each call (2 µs in one machine), so that calls which do not match are
 * an error on all of them.
 *
 * Ranks of one machine share its cores: the first call configures the kernels for as many threads as each has cores,
 * where `LAYERWISE_THREADS` says nothing. `configureKernels` after it chooses another number.
 *
 * When the process exits MPI is ended too, where all ranks exit. A rank that fails, or exits while others call one of
 * these functions, ends the job: with the line `rank 1 of 2 ended with …`, and its exit code.
 *
 * @throws {Error} if the process was not started by a launcher; without koffi or a library of MPI, saying which were
 *   tried; in a worker thread.
 *
 * @example
 * const ranks = mpi(); // in each of the processes of `mpiexec -n 2 node train.js`
 * fit(model, loader, { optimizer, epochs: 5, distributed: ranks });
 */
export function mpi(): Communicator {
  if (communicator instanceof Error) throw communicator;
  if (communicator !== null) return communicator;
  if (!isMainThread) throw new Error('mpi: called in a worker thread: call it in the main thread of the process');
  const launcher = launcherOf(process.env);
  if (launcher === null && !process.env.LAYERWISE_MPI) throw new Error(`mpi: ${ALONE}`);
  const lost = lostConnection(process.env);
  if (lost !== null) throw new Error(`mpi: ${lost}`);
  try {
    communicator = started(loadedMpi(launcher), launcher);
  } catch (error) {
    communicator = error as Error;
    throw error;
  }
  return communicator;
}

const ALONE =
  'this process is none of a job: start it with mpiexec -n 2 node program.js, or take singleProcess() for one process';

function loadedMpi(launcher: Launcher | null): LoadedMpi {
  try {
    return loadMpi('mpi', launcher);
  } catch (error) {
    endJobAtExit(process.env);
    throw error;
  }
}

function started(library: LoadedMpi, launcher: Launcher | null): Communicator {
  const { functions: mpi, handles } = library;
  const { world, funneled } = handles;
  const number = new Int32Array(1);
  mpi.initThread(null, null, funneled, number);
  mpi.size(world, number);
  const size = number[0];
  mpi.rank(world, number);
  const rank = number[0];
  if (size === 1 && launcher?.size !== 1) {
    const version = versionOf(mpi);
    mpi.finalize();
    throw new Error(`mpi: ${launcher === null ? ALONE : strangers(launcher, version, library.file)}`);
  }
  const patience = new Patience(mpi);
  const agreement = new Agreement(mpi, handles, size, patience);
  const ranks = new MpiCommunicator({ rank, size, mpi, world, agreement, patience }, handles);
  const cores = shareCores(ranks);
  patience.isCrowded = ranks.allReduce(Float64Array.of(cores), 'min')[0] < 1;
  return ranks;
}

/**
 * Threads spin while they wait, so ranks that share a core would run slower than one of them alone.
 *
 * @returns The cores for each of the ranks that share some with this one.
 */
function shareCores(ranks: Communicator): number {
  const place = hashOf(placeOfCores());
  const places = new Int32Array(ranks.size);
  places[ranks.rank] = place;
  ranks.allReduce(places);
  const sharing = places.filter((other) => other === place).length;
  const cores = availableParallelism() / sharing;
  const isTold = process.env.LAYERWISE_THREADS !== undefined && process.env.LAYERWISE_THREADS !== '';
  if (sharing > 1 && !isTold) configureKernels({ threads: Math.max(1, Math.floor(cores)) });
  return cores;
}

/** Why a process is alone though its launcher has started more. */
function strangers({ name, size }: Launcher, version: string, file: string): string {
  const found = `${name} started ${size} processes, but the library (${version}, ${file}) does not know of them`;
  const wayOut = name === 'srun' ? 'srun --mpi=pmi2 for MPICH, --mpi=pmix for Open MPI' : "the library's own mpiexec";
  return `${found}: start them with ${wayOut}, or name the other library in LAYERWISE_MPI`;
}
