// Runs of `layerwise train` that are ended by signals and resumed until they end by themselves.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random, writeSyntheticCifar10 } from '../../src/index.js';
import { RunFolder } from '../../src/runs/index.js';
import { bundledCommand } from '../bundled-command.js';
import { manyTrials } from '../trials.js';

/** How a process is ended: by one signal, or by a second one soon after. */
const ENDS = ['SIGINT', 'SIGTERM', 'SIGKILL', 'SIGINT twice', 'SIGKILL', 'SIGINT then SIGKILL'] as const;

/** Settings that make short runs, with everything that has a state. */
const MODELS: readonly (readonly string[])[] = [
  ['twolayer', '--set', 'hiddenDim=100', '--set', 'optimizer=adam', '--batch-size', '10'],
  [
    ...['mlp', '--set', 'hiddenDims=[20]', '--set', 'batchNorm=true', '--set', 'dropout=0.2', '--set', 'crop=2'],
    ...['--set', 'flip=true', '--set', 'weightAverage=0.9', '--batch-size', '10'],
  ],
];

/** What became of a run. */
export interface Trial {
  readonly number: number;
  readonly model: string;
  /** The signals that ended it, and the iteration that its metrics had then. */
  readonly ends: readonly string[];
  /** All that was not as it should be: empty where it ended with the bits of the run that nobody interrupted. */
  readonly faults: readonly string[];
}

/** Which runs are made. */
export interface TrialOptions {
  readonly runs: number;
  /** How many at a time. */
  readonly jobs: number;
  /** Of the moments. */
  readonly seed: string;
  /** Names of models, of those above. */
  readonly models?: readonly string[];
  readonly epochs?: number;
}

/** Ends and resumes runs. @param report - Called with each. */
export async function interruptRuns(
  options: TrialOptions,
  report: (trial: Trial) => void = () => {},
): Promise<Trial[]> {
  const { runs, jobs, seed, epochs = 30 } = options;
  const models = MODELS.filter(([name]) => options.models?.includes(name) ?? true);
  const folder = mkdtempSync(join(tmpdir(), 'layerwise-interrupt-command-'));
  try {
    const program = bundledCommand(folder);
    const data = writeSyntheticCifar10(join(folder, 'data'), { trainPerBatch: 52, test: 20 });
    const settings = [
      '--data',
      data,
      '--epochs',
      String(epochs),
      '--set',
      'numTraining=200',
      '--set',
      'numValidation=40',
    ];
    const argsOf = (model: number): string[] => [...models[model], ...settings, '--checkpoint-every', '0.05'];
    const whole: Whole[] = [];
    for (const model of models.keys()) {
      const dir = join(folder, `whole-${model}`);
      const times = [performance.now()];
      const child = start(program, ['train', ...argsOf(model), '--run', dir]);
      whenMade(child, () => times.push(performance.now()));
      const end = await ended(child);
      if (end.code !== 0) throw new Error(`the run that nobody interrupts failed: ${end.stderr}`);
      const [began, made] = times;
      whole.push({ dir, untilMade: made - began, fromThere: performance.now() - made });
    }
    const trial = (number: number, dir: string): Promise<Trial> => {
      const model = number % models.length;
      const random = new Random(`${seed} ${number}`);
      return tried({ program, number, args: argsOf(model), dir, whole: whole[model], random });
    };
    return await manyTrials({ runs, jobs, folder }, trial, report);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The run that nobody interrupted. */
interface Whole {
  readonly dir: string;
  /** Milliseconds from the start of the process until the run has a folder, and from there to its end. */
  readonly untilMade: number;
  readonly fromThere: number;
}

/** A run to be interrupted. */
interface Subject {
  readonly program: string;
  readonly number: number;
  readonly args: readonly string[];
  readonly dir: string;
  readonly whole: Whole;
  /** Of the moments. */
  readonly random: Random;
}

async function tried({ program, number, args, dir, whole, random }: Subject): Promise<Trial> {
  const [ends, faults]: [string[], string[]] = [[], []];
  for (;;) {
    const [chance, at, second] = random.rand([3], 'float64').data;
    const isMade = existsSync(dir);
    const child = start(program, isMade ? ['train', '--resume', dir] : ['train', ...args, '--run', dir]);
    // At most four times; the first time for sure.
    const isEnded = ends.length === 0 || (ends.length < 4 && chance < 0.7);
    const how = ENDS[Math.floor(chance * 997) % ENDS.length];
    // Every fourth time while the process starts and reads its data.
    const stop = (span: number): unknown => setTimeout(() => end(child, how, 40 * second), at * span);
    if (isEnded && number % 4 === 3) stop(whole.untilMade);
    else if (isEnded) whenMade(child, () => stop(whole.fromThere));
    const { code, signal, stderr } = await ended(child);
    if (code === 0) break;
    const state = existsSync(dir) ? RunFolder.open(dir).state : null;
    const iteration = state === null ? 'before it was made' : RunFolder.open(dir).metrics().steps.iteration.at(-1);
    ends.push(`${how} at ${iteration ?? 0}`);
    const isOrderly = how.startsWith('SIGTERM') ? code === 143 : how.startsWith('SIGINT') && code === 130;
    if (signal !== 'SIGKILL' && signal !== how.split(' ')[0] && !isOrderly)
      faults.push(`${how}: ${code ?? signal}, ${stderr}`);
    if (!isEnded) break;
    if (state !== null && state !== 'interrupted') faults.push(`${how}: the state is ${state}`);
    // Unless it was killed, or had not begun to listen, it says how to go on.
    if (code !== null && state !== null && !how.includes(' ') && !stderr.includes('--resume'))
      faults.push(`${how}: ${stderr}`);
  }
  if (faults.length === 0) faults.push(...differences(whole.dir, dir));
  return { number, model: args[0], ends, faults };
}

/** Calls back when a process has said that its run has a folder. */
function whenMade(child: ChildProcess, callback: () => void): void {
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    const before = output;
    output += text;
    if (output.includes('\nrun ') && !before.includes('\nrun ')) callback();
  });
}

function end(child: ChildProcess, how: (typeof ENDS)[number], pause: number): void {
  child.kill(how.startsWith('SIGINT') ? 'SIGINT' : (how as NodeJS.Signals));
  if (how.includes(' ')) setTimeout(() => child.kill(how.endsWith('twice') ? 'SIGINT' : 'SIGKILL'), pause);
}

/** In what a run differs from the one that nobody interrupted. */
function differences(expected: string, dir: string): string[] {
  const names = ['config.json', 'preprocessing.json', 'model.safetensors'];
  const others = names.filter((name) => !readFileSync(join(dir, name)).equals(readFileSync(join(expected, name))));
  const faults = others.map((name) => `${name} has other bytes`);
  const [mine, theirs] = [dir, expected].map((one) => timeless(readFileSync(join(one, 'metrics.jsonl'), 'utf8')));
  if (mine !== theirs) faults.push('metrics.jsonl has other lines');
  const left = readdirSync(dir).filter((name) => name.endsWith('.lock') || name.endsWith('.tmp'));
  if (left.length > 0) faults.push(`${left.join(', ')} is left`);
  const { state } = RunFolder.open(dir);
  if (state !== 'finished') faults.push(`the state is ${state}`);
  return faults;
}

/** The lines of metrics without times, and without the starts of the processes that continued the run. */
function timeless(lines: string): string {
  const texts = lines.split('\n').filter((line) => !line.startsWith('{"kind":"start"'));
  return texts.map((line) => line.replace(/,"(seconds|time)":("[^"]*"|[\d.e-]+)/g, '')).join('\n');
}

function start(program: string, args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
}

/** How a process ended. */
interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

function ended(child: ChildProcess): Promise<End> {
  let stderr = '';
  child.stdout?.resume();
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stderr }));
  });
}
