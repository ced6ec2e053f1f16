import { argumentError } from '../../arrays/index.js';
import { roomForThreads } from '../../kernels/index.js';
import { requireBuiltin } from '../../node.js';
import type { Wanted } from '../share.js';
import { startThread } from './program.js';
import { ANSWERS, type Answer, type Job, OLDEST, type Task } from './protocol.js';
import { receivedError } from './sent-error.js';

type Worker = import('node:worker_threads').Worker;
type MessagePort = import('node:worker_threads').MessagePort;

/** Milliseconds that a thread waits for an answer before it looks whether the workers are still there. */
const PATIENCE = 200;

/** A thread and its tasks. */
interface Thread {
  readonly worker: Worker;
  readonly port: MessagePort;
  /** The tasks that it has not answered, by number. */
  readonly tasks: Map<number, Task>;
  /** Whether posting says if the other side is open, as Node's does. */
  readonly tells: boolean;
  /** Why it ended, where that is known. */
  problem: Error | null;
  isOver: boolean;
}

/** A batch as a worker made it. */
export type Made = Extract<Answer, { batch: unknown }>;

/** Worker threads that make batches. Their answers are read without the event loop, which training does not turn. */
export class Pool {
  readonly #fn: string;
  /** Fewer start where `ulimit -v` leaves no address space for so many: V8 would end the process. */
  readonly #count: number;
  readonly #job: Job;
  readonly #signals = new Int32Array(new SharedArrayBuffer(8));
  #threads: Thread[] = [];
  readonly #answers = new Map<number, Answer>();
  /** The epochs whose batches are wanted. */
  readonly #epochs = new Set<number>();
  #lastEpoch = 0;
  #lastTask = 0;

  /**
   * @param fn - The function to name in errors.
   * @param count - Threads, which start with the first epoch.
   */
  constructor(fn: string, count: number, job: Job) {
    this.#fn = fn;
    this.#count = count;
    this.#job = job;
  }

  /** Begins an epoch, and returns its number. */
  begin(): number {
    this.#start();
    const epoch = ++this.#lastEpoch;
    this.#epochs.add(epoch);
    this.#tellOldest();
    return epoch;
  }

  /** Ends an epoch: what workers have of it is dropped. */
  end(epoch: number): void {
    this.#epochs.delete(epoch);
    this.#tellOldest();
    for (const { tasks } of this.#threads) {
      for (const task of tasks.values()) if (task.run === epoch) this.drop(task.id);
    }
  }

  /** Whether an epoch goes on: it ends with the threads too. */
  isRunning(epoch: number): boolean {
    return this.#epochs.has(epoch);
  }

  /** Has a batch made, by the worker with the fewest tasks. Returns its number. */
  post(task: Omit<Task, 'id'>): number {
    const id = ++this.#lastTask;
    const [first, ...others] = this.#threads;
    const thread = others.reduce((idle, other) => (other.tasks.size < idle.tasks.size ? other : idle), first);
    thread.tasks.set(id, { ...task, id });
    thread.port.postMessage({ ...task, id });
    return id;
  }

  /** Forgets a batch, made or not. */
  drop(id: number): void {
    this.#answers.delete(id);
    for (const { tasks } of this.#threads) tasks.delete(id);
  }

  /**
   * A batch, as soon as it is made: the calling thread waits.
   *
   * @throws {Error} what its dataset and transforms threw; or naming the worker that ended without an answer.
   */
  take(id: number): Made {
    for (;;) {
      const seen = Atomics.load(this.#signals, ANSWERS);
      this.#collect();
      const answer = this.#answers.get(id);
      if (answer !== undefined) {
        this.#answers.delete(id);
        if ('error' in answer) throw receivedError(answer.error);
        return answer;
      }
      this.#checkAlive(id);
      Atomics.wait(this.#signals, ANSWERS, seen, PATIENCE);
    }
  }

  /** Ends the threads. The next epoch starts others. */
  close(): void {
    for (const thread of this.#threads) {
      thread.isOver = true;
      thread.port.close();
      void thread.worker.terminate();
    }
    this.#threads = [];
    this.#answers.clear();
    this.#epochs.clear();
  }

  #tellOldest(): void {
    const oldest = this.#epochs.size === 0 ? this.#lastEpoch + 1 : Math.min(...this.#epochs);
    Atomics.store(this.#signals, OLDEST, oldest);
  }

  #start(): void {
    if (this.#threads.some(({ isOver }) => isOver)) this.close();
    if (this.#threads.length === this.#count) return;
    const most = Math.min(this.#count, this.#threads.length + roomForThreads());
    if (most === 0) {
      const [found, expected] = [`is ${this.#count}`, '0 where ulimit -v leaves no address space for a thread'];
      const wayOut = 'raise the limit, by 1 GB for each worker';
      throw argumentError(RangeError, { fn: this.#fn, arg: 'workers', found, expected, wayOut });
    }
    while (this.#threads.length < most) this.#threads.push(this.#startOne());
  }

  #startOne(): Thread {
    const { MessageChannel } = requireBuiltin(this.#fn, 'node:worker_threads');
    const { port1, port2 } = new MessageChannel();
    const worker = startThread(this.#fn, {
      workerData: { job: this.#job, port: port2, signals: this.#signals },
      transferList: [port2],
      // Threads within threads would take the cores from each other.
      env: { ...process.env, LAYERWISE_KERNELS: 'reference', LAYERWISE_THREADS: '1' },
    });
    const tells = (port1.postMessage(null) as unknown) === true;
    const thread: Thread = { worker, port: port1, tasks: new Map(), tells, problem: null, isOver: false };
    // Neither keeps the process alive.
    worker.unref();
    port1.unref();
    worker.on('error', (error) => {
      thread.problem = error as Error;
    });
    worker.on('exit', () => {
      thread.isOver = true;
    });
    return thread;
  }

  /** Takes the answers that have arrived. */
  #collect(): void {
    const { receiveMessageOnPort } = requireBuiltin(this.#fn, 'node:worker_threads');
    for (const thread of this.#threads) {
      for (let next = receiveMessageOnPort(thread.port); next; next = receiveMessageOnPort(thread.port)) {
        const answer = next.message as Answer;
        if (thread.tasks.delete(answer.id)) this.#answers.set(answer.id, answer);
        else if (answer.id === 0 && 'error' in answer) thread.problem = receivedError(answer.error);
      }
    }
  }

  /** @throws {Error} if the worker that has a task has ended. */
  #checkAlive(id: number): void {
    const at = this.#threads.findIndex(({ tasks }) => tasks.has(id));
    const thread = this.#threads[at];
    if (!(thread.isOver || thread.problem || (thread.tells && (thread.port.postMessage(null) as unknown) !== true)))
      return;
    const indices = [...(thread.tasks.get(id) as Task).indices];
    const places = indices.length > 8 ? `${indices.slice(0, 8).join(', ')}, …` : indices.join(', ');
    const reason = thread.problem?.message ?? 'out of memory, or process.exit in the dataset';
    const { problem } = thread;
    const worker = `worker ${at + 1} of ${this.#threads.length}`;
    this.close();
    const options = { cause: problem ?? undefined };
    throw new Error(`${this.#fn}: ${worker} ended without the batch of ${places}: ${reason}`, options);
  }
}

/** What the batches of an epoch are made of. */
export interface Plan {
  /** Batches to the epoch. */
  readonly length: number;
  wantedOf(number: number): Wanted;
  seedOf(number: number): string | null;
}

/** The batches of one epoch, made ahead of their use. */
export class Ahead {
  readonly #pool: Pool;
  readonly #plan: Plan;
  readonly #depth: number;
  readonly #epoch: number;
  /** The tasks of batches that have not been taken, by the number of the batch. */
  readonly #tasks = new Map<number, number>();
  #next: number;

  /**
   * @param from - The first batch to make.
   * @param depth - How many are being made, or wait, at a time.
   */
  constructor(pool: Pool, plan: Plan, from: number, depth: number) {
    this.#pool = pool;
    this.#plan = plan;
    this.#depth = depth;
    this.#next = from;
    this.#epoch = pool.begin();
    this.#fill(from);
  }

  /** Goes on to a batch: those before it are not wanted any more. */
  goTo(number: number): void {
    if (!this.#pool.isRunning(this.#epoch)) return;
    for (const [earlier, id] of this.#tasks) {
      if (earlier >= number) continue;
      this.#pool.drop(id);
      this.#tasks.delete(earlier);
    }
    this.#fill(number);
  }

  /**
   * A batch, once; null if it is not being made, as after the end of the threads. @throws {Error} as {@link Pool.take}.
   */
  take(number: number): Made | null {
    if (!this.#pool.isRunning(this.#epoch)) return null;
    const id = this.#tasks.get(number);
    if (id === undefined) return null;
    this.#tasks.delete(number);
    this.#fill(number + 1);
    return this.#pool.take(id);
  }

  /** Gives up what has not been taken. */
  end(): void {
    for (const id of this.#tasks.values()) this.#pool.drop(id);
    this.#tasks.clear();
    this.#pool.end(this.#epoch);
  }

  #fill(number: number): void {
    const end = Math.min(this.#plan.length, number + this.#depth);
    for (; this.#next < end; this.#next++) {
      const task = { run: this.#epoch, ...this.#plan.wantedOf(this.#next), seed: this.#plan.seedOf(this.#next) };
      this.#tasks.set(this.#next, this.#pool.post(task));
    }
  }
}
