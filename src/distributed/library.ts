import { argumentError, printable } from '../arrays/index.js';
import { type Functions, functionsOf } from './functions.js';
import { type Handles, handlesOf } from './handles.js';
import type { Launcher } from './launchers.js';
import { type Library, loadKoffi } from './peers.js';

/** A library of MPI that is loaded and not started. */
export interface LoadedMpi {
  /** As it was searched for: `libmpich.so.12`. */
  readonly file: string;
  readonly functions: Functions;
  readonly handles: Handles;
}

/** The names of libraries by family, and what holds for all of a family. */
const LINUX = {
  standard: ['libmpi_abi.so.0'],
  mpich: ['libmpich.so.12', 'libmpi.so.12', 'libmpi_cray.so.12', 'libmpich.so'],
  openmpi: ['libmpi.so.40', 'libmpi.so'],
};
const MAC = {
  standard: ['libmpi_abi.0.dylib'],
  mpich: ['libmpich.12.dylib', 'libmpi.12.dylib'],
  openmpi: ['libmpi.40.dylib', 'libmpi.dylib'],
};
/** Where Homebrew and MacPorts install to, which the loader does not search. */
const MAC_FOLDERS = ['', '/opt/homebrew/lib/', '/usr/local/lib/', '/opt/local/lib/'];

const INSTALL = 'install MPICH (apt-get install mpich, brew install mpich, conda install -c conda-forge mpich)';

/** The names to try, one after the other: first those of the family that the launcher serves. */
export function libraryNames(launcher: Launcher | null, platform: string = process.platform): string[] {
  const { standard, mpich, openmpi } = platform === 'darwin' ? MAC : LINUX;
  const names = launcher?.family === 'openmpi' ? [openmpi, standard, mpich] : [standard, mpich, openmpi];
  if (platform !== 'darwin') return names.flat();
  return names.flat().flatMap((name) => MAC_FOLDERS.map((folder) => folder + name));
}

/**
 * Loads the library that `LAYERWISE_MPI` names, or the first of those there are.
 *
 * @throws {Error} if there is none: which were tried, and how to install one.
 */
export function loadMpi(fn: string, launcher: Launcher | null, names = libraryNames(launcher)): LoadedMpi {
  const koffi = loadKoffi(fn);
  prepareEnvironment(process.env);
  const asked = process.env.LAYERWISE_MPI;
  if (asked) {
    try {
      return opened(koffi.load(asked), asked);
    } catch (cause) {
      const found = `is '${printable(asked)}', which does not load as a library of MPI (${reasonOf(cause)})`;
      const wayOut = 'name a file, as /usr/lib/x86_64-linux-gnu/libmpich.so.12, or leave it out';
      throw argumentError(Error, { fn, arg: 'LAYERWISE_MPI', found, wayOut }, { cause });
    }
  }
  for (const name of names) {
    const library = loadedOrNull(() => koffi.load(name));
    const mpi = library && loadedOrNull(() => opened(library, name));
    if (mpi && serves(launcher, mpi)) return mpi;
  }
  const tried = [...new Set(names.map((name) => name.replace(/^.*\//, '')))].join(', ');
  throw new Error(`${fn}: there is no library of MPI (tried ${tried}): ${INSTALL}, or name its file in LAYERWISE_MPI`);
}

function opened(library: Library, file: string): LoadedMpi {
  const handles = handlesOf(library, file);
  return { file, handles, functions: functionsOf(library, handles) };
}

function loadedOrNull<T>(load: () => T): T | null {
  try {
    return load();
  } catch {
    return null;
  }
}

/** Whether a library is of the family that the launcher serves: `libmpi_abi` may be of either. */
function serves(launcher: Launcher | null, { functions }: LoadedMpi): boolean {
  const family = launcher?.family ?? null;
  return family === null || family === (versionOf(functions).startsWith('Open MPI') ? 'openmpi' : 'mpich');
}

/** What a library says that it is: `MPICH Version: 4.0.2`, `Open MPI v4.1.4`. */
export function versionOf({ libraryVersion }: Functions): string {
  const text = new Uint8Array(8192); // MPI_MAX_LIBRARY_VERSION_STRING, the largest of all
  const length = new Int32Array(1);
  libraryVersion(text, length);
  const said = Buffer.from(text.subarray(0, length[0])).toString();
  const [name] = said.split(/[\n\0,]/);
  return name.replaceAll(/\s+/g, ' ').trim();
}

function reasonOf(error: unknown): string {
  return printable(String((error as Error)?.message ?? error).split('\n')[0], 300);
}

/**
 * Settings that a library reads when it is loaded or started, where the user has made no others.
 *
 * UCX, the transport of Debian's MPICH, watches the process's memory and handles its signals: with that on, 8 of 400
 * starts of Node hung, and none with it off. Open MPI's own transports run without UCX, which crashed at exit; on a
 * cluster's network `OMPI_MCA_pml=ucx` asks for it.
 */
function prepareEnvironment(env: NodeJS.ProcessEnv): void {
  env.UCX_MEM_EVENTS ??= 'no';
  env.UCX_HANDLE_ERRORS ??= 'none';
  env.OMPI_MCA_pml ??= 'ob1';
  env.OMPI_MCA_btl ??= 'self,vader,tcp';
}
