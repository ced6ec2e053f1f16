// Runs that are killed by SIGKILL and resumed until they end.

import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { Random } from '../../src/index.js';
import { mpiexecHere } from '../mpiexec.js';
import { manyTrials } from '../trials.js';
import { nameOf } from './runs.js';

/** What became of a run. */
export interface Trial {
  readonly number: number;
  /** The loop, and how it was run. */
  readonly name: string;
  readonly kills: number;
  /** How many of them were within a save. */
  readonly withinSave: number;
  /** Where the run was when it was killed: the iteration of its last checkpoint, 0 where it had none. */
  readonly iterations: readonly number[];
  /** Whether the end is that of the run that nobody interrupted, to the bit where the number of ranks is the same. */
  readonly isSame: boolean;
  /** What the processes wrote to stderr. */
  readonly warnings: string;
}

interface Options {
  readonly runs: number;
  readonly jobs: number;
  readonly seed: string;
  readonly mostKills?: number;
  readonly ranks?: readonly number[];
}

/**
 * Kills and resumes runs.
 *
 * @param runs - How many: net, data and options of each follow from its number.
 * @param jobs - How many at a time.
 * @param mostKills - How often a run is killed at most.
 * @param ranks - How many ranks of mpiexec each start of a run has: one number after the other. Default: none.
 * @param report - Called with each.
 */
export async function killAndResume(
  { runs, jobs, seed, mostKills = 4, ranks = [] }: Options,
  report: (trial: Trial) => void = () => {},
): Promise<Trial[]> {
  const folder = mkdtempSync(join(tmpdir(), 'layerwise-kill-and-resume-'));
  try {
    const program = join(folder, 'program.cjs');
    const entry = join(__dirname, 'program.ts');
    // The packages that users may not have are loaded when they are asked for: nothing here does.
    const external = ['vega', 'vega-lite', '@resvg/resvg-js', '@jsquash/jpeg', 'fast-png', 'koffi'];
    buildSync({
      entryPoints: [entry],
      outfile: program,
      bundle: true,
      platform: 'node',
      logLevel: 'error',
      external,
      ignoreAnnotations: true,
    });
    const expected = whole(program, runs, jobOf(ranks, 0));
    const one = { program, number: 0, dir: join(folder, 'calibration'), job: jobOf(ranks, 0) };
    const calibration = await attempt(one, null);
    const span = calibration.milliseconds;
    const trial = (number: number, dir: string): Promise<Trial> => {
      const random = new Random(`${seed} ${number}`);
      return tried({ program, number, dir, expected: expected[number], random, span, mostKills, ranks });
    };
    return await manyTrials({ runs, jobs, folder }, trial, report);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What runs end with that nobody interrupts. */
function whole(program: string, runs: number, job: Job | null): string[] {
  const [file, ...args] = commandOf(job, [program, 'whole', String(runs)]);
  const { status, stdout, stderr } = spawnSync(file, args, {
    env: environment(job),
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  });
  if (status !== 0) throw new Error(`runs that nobody interrupted failed: ${stderr}`);
  return stdout.trimEnd().split('\n');
}

/** A run to be killed and resumed. */
interface Subject {
  readonly program: string;
  readonly number: number;
  readonly dir: string;
  /** What it ends with where nobody interrupts it. */
  readonly expected: string;
  /** Of the moments. */
  readonly random: Random;
  /** Milliseconds that a whole run takes, within which it is killed. */
  readonly span: number;
  readonly mostKills: number;
  readonly ranks: readonly number[];
}

async function tried({ program, number, dir, expected, random, span, mostKills, ranks }: Subject): Promise<Trial> {
  const iterations: number[] = [];
  let withinSave = 0;
  let warnings = '';
  for (;;) {
    const [chance, at, which] = random.rand([3], 'float64').data;
    // The first time for sure, afterwards every other time; the resumed ones are killed early, often before they go on.
    const kills = iterations.length;
    const isKilled = kills === 0 || (kills < mostKills && chance < 0.5);
    // Every fourth time while it starts, and looks for a checkpoint.
    const from = chance < 0.125 || chance > 0.875 ? 'ready' : 'steps';
    const after = at * span * (kills === 0 ? 0.9 : 0.6);
    const start: Start = { program, number, dir, job: jobOf(ranks, kills) };
    const end = await attempt(start, isKilled ? { from, after, which } : null);
    warnings += end.stderr;
    if (end.output !== null) {
      const isSame = new Set(ranks).size < 2 ? end.output === expected : isClose(end.output, expected);
      return { number, name: nameOf(number), kills, withinSave, iterations, isSame, warnings };
    }
    const names = namesIn(dir);
    if (names.some((name) => name.endsWith('.tmp'))) withinSave++;
    const saved = names.map((name) => Number(/^checkpoint-(\d+)/.exec(name)?.[1] ?? 0));
    iterations.push(Math.max(0, ...saved));
  }
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

/** How a process ended: what it printed, null if it was killed. */
interface End {
  readonly output: string | null;
  readonly stderr: string;
  /** From when it said that it has made steps. */
  readonly milliseconds: number;
}

/** When a process is killed: so many milliseconds after it said that it starts, or that it has made a step. */
interface Moment {
  readonly from: 'ready' | 'steps';
  readonly after: number;
  /** Which of the ranks, in [0, 1). */
  readonly which: number;
}

/** One start of a run. */
interface Start extends Pick<Subject, 'program' | 'number' | 'dir'> {
  readonly job: Job | null;
}

/** What mpiexec starts; null: the program is started without it. */
interface Job {
  readonly ranks: number;
  /** Whether batch normalization is over whole batches, so that the number of ranks changes nothing but rounding. */
  readonly isSynchronized: boolean;
}

/** @param ranks - Those of one start after the other. */
function jobOf(ranks: readonly number[], start: number): Job | null {
  if (ranks.length === 0) return null;
  return { ranks: ranks[start % ranks.length], isSynchronized: new Set(ranks).size > 1 };
}

/** What is executed: the program, and its arguments. */
function commandOf(job: Job | null, args: readonly string[]): string[] {
  const alone = [process.execPath, ...args];
  if (job === null) return alone;
  const words = job.isSynchronized ? ['ranks', 'synchronized'] : ['ranks'];
  return [mpiexecHere(), '-n', String(job.ranks), ...alone, ...words];
}

/** Koffi is looked for from the program, which lies elsewhere; ranks have a thread each. */
function environment(job: Job | null): NodeJS.ProcessEnv {
  if (job === null) return process.env;
  return { ...process.env, NODE_PATH: join(__dirname, '../../node_modules'), LAYERWISE_THREADS: '1' };
}

/** @param moment - When it is killed; null: never. */
function attempt({ program, number, dir, job }: Start, moment: Moment | null): Promise<End> {
  return new Promise((resolve, reject) => {
    const [file, ...args] = commandOf(job, [program, 'saved', String(number), dir]);
    const child = spawn(file, args, { env: environment(job) });
    let isKilled = false;
    let [output, stderr, began] = ['', '', 0];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const before = output;
      output += text;
      // All ranks are there, or one of them has made steps.
      const has = {
        ready: (said: string) => pidsIn(said).length === (job?.ranks ?? 1),
        steps: (said: string) => STEPS.test(said),
      };
      const says = (word: 'ready' | 'steps'): boolean => has[word](output) && !has[word](before);
      if (says('steps')) began = performance.now();
      if (moment === null || !says(moment.from)) return;
      const pids = pidsIn(output);
      setTimeout(() => {
        isKilled = kill(pids[Math.floor(moment.which * pids.length)]);
      }, moment.after);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const milliseconds = performance.now() - began;
      if (code === 0) resolve({ output: output.replace(/ready \d+\n|steps\n/g, '').trimEnd(), stderr, milliseconds });
      else if (isKilled) resolve({ output: null, stderr: job === null ? stderr : '', milliseconds });
      else reject(new Error(`run ${number} failed in ${dir} (${code ?? signal}): ${stderr}`));
    });
  });
}

const STEPS = /^steps$/m;

/** The processes that have said that they are ready. */
function pidsIn(said: string): number[] {
  return Array.from(said.matchAll(/^ready (\d+)$/gm), ([, pid]) => Number(pid));
}

/** @returns Whether there was such a process. */
function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}

/** How far numbers may be apart where another number of ranks adds them up in another order. */
const TOLERANCE = 1e-3;

/** Whether two ends are the same but for rounding. */
function isClose(one: string, other: string): boolean {
  const alike = (a: unknown, b: unknown): boolean => {
    if (typeof a === 'number' && typeof b === 'number') return Math.abs(a - b) <= TOLERANCE * (1 + Math.abs(b));
    if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
    const names = Object.keys({ ...a, ...b });
    return names.every((name) => alike((a as Record<string, unknown>)[name], (b as Record<string, unknown>)[name]));
  };
  return alike(JSON.parse(one), JSON.parse(other));
}
