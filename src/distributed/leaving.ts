// How a process leaves its job: MPI is ended where all have come to their end, and the job is aborted where one of them
// ends alone. A process that just exits would leave the others waiting for it, and mpiexec would call that a success.

import { writeSync } from 'node:fs';
import { inspect } from 'node:util';
import { printable } from '../arrays/index.js';
import { type Agreement, CALLS, type Intent } from './agreement.js';
import type { Functions } from './functions.js';
import type { Handle } from './handles.js';
import { hashOf } from './hash.js';
import { described, namedRanks } from './intents.js';
import type { Environment } from './launchers.js';
import { nap, type Patience } from './patience.js';

/** For how long a rank that failed waits for the others to fail alike, in ms. */
const GRACE = 1000;
/** For how long a rank at its end sleeps between two looks at the others, in ms. */
const NAP = 2;

/** For how long what was written is left to the launcher before the job is aborted, in ms: an abort may overtake it. */
const LAST_WORDS = 100;

const END = CALLS.indexOf('end');

/** A process as one of its job. */
export interface Member {
  readonly rank: number;
  readonly size: number;
  readonly mpi: Functions;
  readonly world: Handle;
  readonly agreement: Agreement;
  readonly patience: Patience;
}

/** An error that nobody catches. */
interface Failure {
  readonly error: unknown;
}

/** Whether a rank has come to its end. */
export function isAtEnd([call]: Intent): boolean {
  return call === END;
}

/** Ends the job with a line on standard error. */
export function abortJob({ mpi, world }: Member, line: string, code: number): never {
  say(line);
  nap(LAST_WORDS);
  mpi.abort(world, code);
  process.abort(); // MPI_Abort does not return
}

/** Waits to be ended by the rank that aborts the job. */
export function awaitAbort({ mpi, world }: Member): never {
  for (;;) mpi.barrier(world);
}

/**
 * Lets MPICH's mpiexec end the job when this process exits, which could not start MPI: the others would wait for it for
 * ever. It is told in the words of PMI 1, in which MPI_Abort would tell it.
 */
export function endJobAtExit(env: Environment): void {
  if (env.HYDI_CONTROL_FD === undefined || env.PMI_FD === undefined) return;
  const connection = Number(env.PMI_FD);
  const failure = lastFailure();
  process.on('exit', (code) => {
    printStack(failure());
    nap(LAST_WORDS);
    try {
      writeSync(connection, `cmd=abort exitcode=${code || 1}\n`);
    } catch {
      // The connection is closed: mpiexec has ended.
    }
    if (failure() !== null) process.exit(code);
  });
}

/** From now on, what the process fails of. */
function lastFailure(): () => Failure | null {
  let failure: Failure | null = null;
  process.on('uncaughtExceptionMonitor', (error) => {
    failure = { error };
  });
  return () => failure;
}

/** Sees to it that the process leaves its job when it ends, however that comes. */
export function leaveAtExit(member: Member, ended: () => void): void {
  const failure = lastFailure();
  const atExit = (code: number): void => {
    ended();
    // What was registered later has not run yet, and may have something left to write.
    const following = process.listeners('exit');
    const last = () => runAll(following.slice(following.indexOf(atExit) + 1), code);
    leave(member, code, code === 0 ? null : failure(), last);
  };
  process.on('exit', atExit);
}

function runAll(listeners: readonly NodeJS.ExitListener[], code: number): void {
  for (const listener of listeners) {
    try {
      listener.call(process, code);
    } catch (error) {
      say(inspect(error));
    }
  }
}

/** @param last - What there is to do before the process is gone. */
function leave(member: Member, code: number, failure: Failure | null, last: () => void): void {
  const { rank, size, agreement } = member;
  const error = failure === null ? '' : messageOf(failure.error);
  agreement.start('end', code, hashOf(error), 0, 0);
  const until = code === 0 ? Number.POSITIVE_INFINITY : performance.now() + GRACE;
  while (!agreement.isDone() && performance.now() < until) nap(NAP);

  const reason = error === '' ? `exit code ${code}` : error;
  const line = `rank ${rank} of ${size} ended with ${reason}`;
  if (!agreement.isDone()) {
    printStack(failure);
    last();
    abortJob(member, line, code);
  }
  const intents = agreement.outcome();
  if (intents !== null && !intents.every(isAtEnd)) {
    printStack(failure);
    last();
    if (intents.findIndex(isAtEnd) !== rank) awaitAbort(member);
    abortJob(member, `${line} while ${whileOthers(intents)}`, code || 1);
  }
  if (code === 0) {
    endMpi(member);
    return;
  }
  // All have failed: the first rank of each error tells it. A launcher may end those that are left as soon as one is
  // gone, so nothing waits for Node's own account of the error.
  if (firstLike(rank, intents) === rank) {
    printStack(failure);
    if (intents !== null) say(line);
  }
  last();
  endMpi(member);
  process.exit(code);
}

/**
 * Ends MPI, where all ranks do. The last messages may still be on their way, which move only while their sender calls
 * MPI: over TCP jobs of two ranks hung where no barrier came before.
 */
function endMpi({ mpi, world }: Member): void {
  mpi.barrier(world);
  mpi.finalize();
}

/** The first rank that ends as this one does. */
function firstLike(rank: number, intents: readonly Intent[] | null): number {
  return intents?.findIndex((intent) => String(intent) === String(intents[rank])) ?? 0;
}

/** `rank 0 called allReduce of 10 float32 (sum)`. */
function whileOthers(intents: readonly Intent[]): string {
  const ranks = Array.from(intents.keys()).filter((rank) => !isAtEnd(intents[rank]));
  return `${namedRanks(ranks)} called ${described(intents[ranks[0]])}`;
}

function messageOf(error: unknown): string {
  const said = error instanceof Error ? `${error.name}: ${error.message}` : inspect(error);
  return printable(said.split('\n')[0], 500) || 'an error';
}

/** What Node would print of an error that nobody catches after all that runs at exit: the job may be gone by then. */
function printStack(failure: Failure | null): void {
  if (failure !== null) say(`Uncaught ${inspect(failure.error)}`);
}

function say(line: string): void {
  try {
    writeSync(2, `${line}\n`);
  } catch {
    // Standard error is closed.
  }
}
