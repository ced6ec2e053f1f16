import { createHash } from 'node:crypto';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { argumentError } from '../../arrays/index.js';
import { readBytes, statOf } from '../../files/index.js';
import { VERSION } from '../../runs/version.js';
import { SearchFolder } from '../folder.js';
import { splitTrial } from '../settings.js';
import type { Job, Metrics } from '../types.js';

/** Bytes of a program that are read at most. */
const MOST = 2 ** 26;

/** What stands in the queue: a job of a search, and where its files are. */
export interface Task {
  /** The folder of the search. A relative path counts from the folder in which the worker was started. */
  readonly folder: string;
  /** A hash of the file of the trial: a worker with another one would compute other numbers. */
  readonly program: string;
  /** Of the library that the search runs with. */
  readonly version: string;
  readonly job: Job;
}

/** What a running trial tells of itself, on its way to the search. */
export interface Progress {
  readonly epoch: number;
  readonly metrics: Metrics;
}

/** A worker is where it cannot run the trials of a search: it ends, and others may. */
export class MisplacedError extends Error {}

/** The name of a job in the queue, which holds it once: several searches share the queue. */
export function taskId(folder: string, { id, rung }: Job): string {
  return `${sha256(resolve(folder)).slice(0, 12)}-${id}-${rung}`;
}

/**
 * What makes the tasks of a search.
 *
 * @param trial - The file of its trial, with the name behind `#`.
 */
export function taskMaker(fn: string, folder: string, trial: string): (job: Job) => Task {
  const [dir, program] = [portable(folder), hashOf(fn, trial)];
  return (job) => ({ folder: dir, program, version: VERSION, job });
}

/**
 * The folder of a task's search on this machine.
 *
 * @throws {MisplacedError} if it is not here, or its trial, or that is another one, or the library has another version.
 */
export function folderOf(fn: string, task: Task): SearchFolder {
  const dir = resolve(task.folder);
  if (statOf(fn, dir) === undefined) {
    const wayOut = 'start the worker in the folder that the search was started in, as this machine sees it';
    throw misplaced('folder of the search', `: there is no ${dir} here`, wayOut);
  }
  if (task.version !== VERSION) {
    throw misplaced('layerwise', `is ${VERSION} here, ${task.version} at the search`, 'install the same');
  }
  const folder = SearchFolder.open(fn, dir);
  const [file] = splitTrial(folder.settings.trial ?? '');
  if (statOf(fn, file) === undefined) throw misplaced('trial', `: there is no file ${file} here`, 'share it too');
  if (hashOf(fn, file) !== task.program) {
    throw misplaced('trial', `: ${file} is another one than at the search`, 'give both the same');
  }
  return folder;

  function misplaced(arg: string, found: string, wayOut: string): Error {
    return argumentError(MisplacedError, { fn, arg, found, wayOut });
  }
}

/** A path for other machines: relative if it lies in this process's folder, which they may see somewhere else. */
export function portable(path: string): string {
  const inside = relative(process.cwd(), resolve(path));
  const isOutside = inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside);
  return isOutside ? resolve(path) : inside.replaceAll(sep, '/');
}

function hashOf(fn: string, trial: string): string {
  const [file] = splitTrial(trial);
  return sha256(readBytes(fn, file, MOST, 'name the file of a trial'));
}

/** @returns In hexadecimal. */
function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
