import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { Measurement } from '../src/workloads/index.js';

const PROGRAM = join('bench', 'torch-workloads.py');

/**
 * A step's peak memory in PyTorch, in bytes: everything that its allocator holds. oneDNN's own scratch is not in it.
 */
export interface TorchMemory {
  readonly peak: number;
}

/** PyTorch in a process of its own, which runs one workload at a time and sleeps between them. */
export class Torch {
  readonly #process: ChildProcess;
  readonly #lines: Interface;
  readonly #answers: AsyncIterator<string>;

  private constructor(python: string, threads: number) {
    this.#process = spawn(python, [PROGRAM, '--threads', String(threads)], { stdio: ['pipe', 'pipe', 'inherit'] });
    // A program that does not start, or ends early, shows as the end of its output.
    this.#process.on('error', () => {});
    this.#lines = createInterface({ input: this.#process.stdout as NodeJS.ReadableStream });
    this.#answers = this.#lines[Symbol.asyncIterator]();
  }

  /**
   * @param python - An interpreter that can `import torch`, as `apt-get install python3-torch libopenblas0` makes one.
   * @returns PyTorch, and the versions that it reports.
   */
  static async start(python: string, threads: number): Promise<{ torch: Torch; version: string }> {
    const torch = new Torch(python, threads);
    const { version } = await torch.#answer<{ version: string }>(
      `PyTorch does not start with ${python}: name an interpreter that has it by --python, or install it ` +
        '(Debian: apt-get install python3-torch libopenblas0)',
    );
    return { torch, version };
  }

  /** Times a workload for some seconds; 0 times one step. It is made anew unless it was the last one, too. */
  async measure(workload: string, seconds: number): Promise<Measurement> {
    this.#process.stdin?.write(`time ${workload} ${seconds}\n`);
    return this.#answer(`PyTorch ended in ${workload}`);
  }

  /** The peak memory of a workload's step. */
  async memory(workload: string): Promise<TorchMemory> {
    this.#process.stdin?.write(`memory ${workload}\n`);
    return this.#answer(`PyTorch ended in ${workload}`);
  }

  stop(): void {
    this.#process.stdin?.end();
    this.#lines.close();
  }

  async #answer<A>(otherwise: string): Promise<A> {
    const { done, value } = await this.#answers.next();
    if (done) throw new Error(otherwise);
    return JSON.parse(value) as A;
  }
}
