// Runs that are killed by SIGKILL and resumed until they end.

import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { Random } from '../../src/index.js';
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
  /** Whether the end has the bits of the run that nobody interrupted. */
  readonly isSame: boolean;
  /** What the processes wrote to stderr. */
  readonly warnings: string;
}

/**
 * Kills and resumes runs.
 *
 * @param runs - How many: net, data and options of each follow from its number.
 * @param jobs - How many at a time.
 * @param mostKills - How often a run is killed at most.
 * @param report - Called with each.
 */
export async function killAndResume(
  { runs, jobs, seed, mostKills = 4 }: { runs: number; jobs: number; seed: string; mostKills?: number },
  report: (trial: Trial) => void = () => {},
): Promise<Trial[]> {
  const folder = mkdtempSync(join(tmpdir(), 'layerwise-kill-and-resume-'));
  try {
    const program = join(folder, 'program.cjs');
    const entry = join(__dirname, 'program.ts');
    // The packages that users may not have are loaded when they are asked for: nothing here does.
    const external = ['vega', 'vega-lite', '@resvg/resvg-js', '@jsquash/jpeg', 'fast-png'];
    buildSync({
      entryPoints: [entry],
      outfile: program,
      bundle: true,
      platform: 'node',
      logLevel: 'error',
      external,
      ignoreAnnotations: true,
    });
    const expected = whole(program, runs);
    const calibration = await attempt(program, 0, join(folder, 'calibration'), null);
    const span = calibration.milliseconds;
    const trial = (number: number, dir: string): Promise<Trial> => {
      const random = new Random(`${seed} ${number}`);
      return tried({ program, number, dir, expected: expected[number], random, span, mostKills });
    };
    return await manyTrials({ runs, jobs, folder }, trial, report);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What runs end with that nobody interrupts. */
function whole(program: string, runs: number): string[] {
  const args = [program, 'whole', String(runs)];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 2 ** 30 });
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
}

async function tried({ program, number, dir, expected, random, span, mostKills }: Subject): Promise<Trial> {
  const iterations: number[] = [];
  let withinSave = 0;
  let warnings = '';
  for (;;) {
    const [chance, at] = random.rand([2], 'float64').data;
    // The first time for sure, afterwards every other time; the resumed ones are killed early, often before they go on.
    const kills = iterations.length;
    const isKilled = kills === 0 || (kills < mostKills && chance < 0.5);
    // Every fourth time while it starts, and looks for a checkpoint.
    const from = chance < 0.125 || chance > 0.875 ? 'ready' : 'steps';
    const end = await attempt(
      program,
      number,
      dir,
      isKilled ? { from, after: at * span * (kills === 0 ? 0.9 : 0.6) } : null,
    );
    warnings += end.stderr;
    if (end.output !== null) {
      const isSame = end.output === expected;
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
}

/** @param moment - When it is killed; null: never. */
function attempt(program: string, number: number, dir: string, moment: Moment | null): Promise<End> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, 'saved', String(number), dir]);
    let [output, stderr, began] = ['', '', 0];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const before = output;
      output += text;
      const says = (word: string): boolean => output.includes(`${word}\n`) && !before.includes(`${word}\n`);
      if (says('steps')) began = performance.now();
      if (moment !== null && says(moment.from)) setTimeout(() => child.kill('SIGKILL'), moment.after);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const milliseconds = performance.now() - began;
      if (signal === 'SIGKILL') resolve({ output: null, stderr, milliseconds });
      else if (code === 0) resolve({ output: output.replace(/ready\n|steps\n/g, '').trimEnd(), stderr, milliseconds });
      else reject(new Error(`run ${number} failed in ${dir} (${code ?? signal}): ${stderr}`));
    });
  });
}
