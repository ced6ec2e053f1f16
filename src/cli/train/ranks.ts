import { shellWord } from '../../terminal/index.js';
import type { Communicator } from '../../training/parallel/index.js';
import { broadcastValue, gatherValues } from '../../training/parallel/messages.js';
import { CliError, EXIT, exitCodeOf, oneLine, withStack } from '../errors.js';
import type { Io } from '../io.js';

/** Rank 0 has come to its end: it tells what there is to tell, and the others end with its exit code. */
export class LeaderEnded extends CliError {}

/** What rank 0 says: something for the others, or that it has come to its end. */
type Word = { readonly value: unknown } | { readonly exitCode: number };

/**
 * The processes that train a run together. Rank 0 leads: it reads the command line, keeps the folder and prints. The
 * others hear from it what to do, in this order: `hear` of each `tell`, `together` of each `together`.
 */
export class Ranks {
  readonly comm: Communicator;
  #hasEnded = false;

  constructor(comm: Communicator) {
    this.comm = comm;
  }

  /** Of rank 0: gives the others plain values. */
  tell(value: unknown): void {
    this.#say({ value });
  }

  /** Of rank 0: its end, once. The others leave their work for it. */
  end(exitCode: number): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#say({ exitCode });
  }

  /** Of the others: what rank 0 tells. @throws {LeaderEnded} if that is its end. */
  hear(): unknown {
    const word = this.#say(null);
    if ('exitCode' in word) throw new LeaderEnded('rank 0 has ended', word.exitCode);
    return word.value;
  }

  /** Of the others: waits for the end of rank 0. @returns Its exit code. */
  hearEnd(): number {
    for (;;) {
      try {
        this.hear();
      } catch (error) {
        if (error instanceof LeaderEnded) return error.exitCode;
        throw error;
      }
    }
  }

  /** @throws on all ranks if the work of one throws: on rank 0 its own error, or that of the first other one. */
  async together<T>(fn: string, work: () => Promise<T>): Promise<T> {
    let result: T | undefined;
    let failure: { readonly error: unknown } | null = null;
    try {
      result = await work();
    } catch (error) {
      failure = { error };
    }
    const told = failure && { message: oneLine(failure.error), exitCode: exitCodeOf(failure.error) };
    const all = gatherValues(this.comm, told);
    const at = broadcastValue(
      this.comm,
      (all ?? []).findIndex((one) => one !== null),
    );
    if (at < 0) return result as T;
    if (failure !== null) throw failure.error;
    const { message, exitCode } = all?.[at] ?? { message: 'another rank failed', exitCode: EXIT.failed };
    const said = message.startsWith(`${fn}: `) ? message.slice(fn.length + 2) : message;
    throw new CliError(`${fn}: rank ${at} of ${this.comm.size}: ${said}`, exitCode);
  }

  /**
   * Meets the others at the end, after an error that all have.
   *
   * @returns What `meet` returns. An error of this rank alone ends the job: the others are somewhere else.
   */
  meetAfter<T>(io: Io, error: unknown, meet: () => T): T {
    try {
      return meet();
    } catch {
      return this.comm.abort(io.isVerbose ? withStack(error) : oneLine(error));
    }
  }

  #say(word: Word | null): Word {
    return broadcastValue(this.comm, word) as Word;
  }
}

/**
 * What a user writes to call the command on ranks. npx stands around mpiexec: between it and a process it would close
 * the connection that MPICH opens for each.
 */
export function callOnRanks({ program }: Io, ranks: number, words: string): string {
  const isInstalled = program === 'layerwise' || program === 'npx layerwise';
  const call = `mpiexec -n ${ranks} ${isInstalled ? 'layerwise' : 'ts-node src/cli/main.ts'} ${words}`;
  return program === 'layerwise' ? call : `npx -c ${shellWord(call)}`;
}

/**
 * The ranks of the job that this process is one of.
 *
 * @throws {CliError} if it is none of a job; without MPI, saying how to install it.
 */
export async function joinRanks(io: Io, fn: string): Promise<Ranks> {
  const { launcherOf } = await import('../../distributed/launchers.js');
  if (launcherOf(io.env) === null && !io.env.LAYERWISE_MPI) {
    const call = callOnRanks(io, 2, `${fn} … --distributed`);
    throw new CliError(`${fn}: --distributed: this process is none of a job, start it as ${call}`);
  }
  const { mpi } = await import('../../distributed/index.js');
  let comm: Communicator;
  try {
    comm = mpi();
  } catch (cause) {
    const said = (cause as Error).message.replace(/^mpi: /, '');
    throw new CliError(`${fn}: --distributed: ${said}`, undefined, { cause });
  }
  return new Ranks(comm);
}
