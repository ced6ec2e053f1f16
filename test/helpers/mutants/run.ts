import { runInThisContext } from 'node:vm';
import { measured } from './allocations.js';
import { contentOf, inconsistencyOf, isSame } from './content.js';
import type { Format } from './formats.js';
import { Draw, type Mutant, mutate } from './mutate.js';

/** What a mutant did that no file may do. */
export interface Fault {
  readonly format: string;
  readonly seed: number;
  /** The number of the mutant, by which it can be made again. */
  readonly index: number;
  readonly how: readonly string[];
  readonly what: string;
}

/** Which mutants are read. */
export interface Choice {
  readonly count: number;
  readonly seed: number;
  /** The number of the first one. Default 0. */
  readonly from?: number;
  /** Milliseconds that a hundred of them may take, before the one that runs counts as hanging. Default 30,000. */
  readonly timeout?: number;
}

/** What became of the mutants of a format. */
export interface Report {
  readonly format: string;
  mutants: number;
  /** Those that led to an error. */
  refused: number;
  /** Those that were read as a file before its mutations. */
  equal: number;
  /** Those that were read as something else. */
  otherwise: number;
  /** The longest time of one, in milliseconds, and its number. */
  worstMs: number;
  slowest: number;
  /** The most bytes that one led to beyond the size of its file. */
  worstBytes: number;
  readonly faults: Fault[];
}

/** Bytes beyond the size of its file that a mutant may lead to. */
const MOST_BYTES = 64 * 2 ** 20;

/** Milliseconds for one mutant: a thousand times what one takes, on a machine that does ten other things. */
const MOST_MS = 2000;

/** Mutants between two looks at the clock from outside. */
const BATCH = 100;

/** The mutant of that number. */
export function mutantOf(format: Format, seed: number, index: number): Mutant {
  const draw = new Draw(seed, index);
  const files = format.files();
  return mutate(draw.from(files), draw.from(files), draw);
}

/** Reads mutants of a format's files. @param onBatch - Called before each batch with the number of its first mutant. */
export function readMutants(
  format: Format,
  { count, seed, from = 0, timeout = 30_000 }: Choice,
  onBatch: (index: number) => void = () => {},
): Report {
  const report: Report = { format: format.name, mutants: 0, refused: 0, equal: 0, otherwise: 0, ...WORST, faults: [] };
  const to = from + count;
  let index = from;
  for (; index < to; index++) {
    onBatch(index);
    const end = Math.min(to, index + BATCH);
    const batch = (): void => {
      for (; index < end; index++) readOne(format, seed, index, report);
    };
    try {
      within(timeout, batch);
      index--;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
      const { how } = mutantOf(format, seed, index);
      report.faults.push({ format: format.name, seed, index, how, what: 'hangs' });
    }
  }
  return report;
}

const WORST = { worstMs: 0, slowest: 0, worstBytes: 0 };

/** Runs `work`, and ends it by an error after some milliseconds, wherever it is. */
function within(timeout: number, work: () => void): void {
  Object.assign(globalThis, { mutantsOfThisBatch: work });
  runInThisContext('mutantsOfThisBatch()', { timeout });
}

function readOne(format: Format, seed: number, index: number, report: Report): void {
  const { bytes, how } = mutantOf(format, seed, index);
  const fault = (what: string): void => {
    report.faults.push({ format: format.name, seed, index, how, what });
  };
  report.mutants++;
  const since = performance.now();
  const { result, bytes: allocated } = measured(() => attempted(() => format.read(bytes)));
  const ms = performance.now() - since;
  const beyond = allocated - bytes.length;
  if (ms > report.worstMs) [report.worstMs, report.slowest] = [ms, index];
  report.worstBytes = Math.max(report.worstBytes, beyond);
  if (ms > MOST_MS) fault(`takes ${Math.round(ms)} ms`);
  if (beyond > MOST_BYTES) fault(`allocates ${beyond} bytes beyond its size of ${bytes.length}`);
  if ('error' in result) {
    report.refused++;
    if (!isOurs(format, result.error)) fault(`fails with ${nameOf(result.error)}`);
    return;
  }
  const problem = inconsistencyOf(result.value);
  if (problem !== null) {
    report.otherwise++;
    fault(problem);
    return;
  }
  const content = contentOf(result.value);
  // A mutation may make one file of another.
  if (format.contents().some((file) => isSame(content, file))) {
    report.equal++;
    return;
  }
  report.otherwise++;
  if (format.promised === 'same') fault('is read as what is in no file, in spite of its checksums');
}

/** What comes of reading bytes, in words. */
export function outcomeOf(format: Format, bytes: Uint8Array): string {
  const result = attempted(() => format.read(bytes));
  if ('error' in result) return nameOf(result.error);
  const names = [...contentOf(result.value).keys()].map((name) => JSON.stringify(name));
  return `read: ${names.join(', ')}`;
}

function attempted<T>(work: () => T): { value: T } | { error: unknown } {
  try {
    return { value: work() };
  } catch (error) {
    return { error };
  }
}

/** What engines say of themselves. */
const ENGINE = new RegExp(
  [
    'Cannot (read|set|convert|create)|is not (a function|iterable|a constructor)|Invalid (array|typed|string|date)',
    'call stack|allocation|out of (bounds|memory)|offset is outside|cannot mix BigInt',
  ].join('|'),
  'i',
);

/** Whether an error is one of the library: it names the function, and says more than the engine. */
function isOurs({ functions }: Format, error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const [fn] = error.message.split(':', 1);
  return functions.includes(fn) && !ENGINE.test(error.message.split('\n')[0].replace(/'[^']*'/g, ''));
}

function nameOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message.slice(0, 200)}` : String(error);
}
