import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { build } from 'esbuild';
import { describe } from 'vitest';

export type LauncherName = 'mpich' | 'openmpi';

/** A program of several processes. */
export interface Job {
  /** How many processes. */
  readonly ranks: number;
  /** A file of test/programs, without its ending: it is compiled, with the library's sources. */
  readonly program: string;
  readonly args?: readonly string[];
  /** What is added to this environment. Each rank has one thread where it says nothing else. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Default: MPICH's. */
  readonly launcher?: LauncherName;
  readonly cwd?: string;
  /** After how many seconds the job is killed, default 60. */
  readonly timeout?: number;
}

/** How a job ended. */
export interface Ended {
  /** Of mpiexec; null where it was killed because it took too long. */
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A job that runs. */
export interface Running {
  readonly mpiexec: ChildProcess;
  readonly ended: Promise<Ended>;
}

const LAUNCHERS = {
  mpich: { title: 'MPICH', says: /HYDRA/, names: ['mpiexec.mpich', 'mpiexec.hydra', 'mpiexec'], args: [] },
  openmpi: {
    title: 'Open MPI',
    says: /Open ?(MPI|RTE)/,
    names: ['mpiexec.openmpi', 'mpiexec'],
    // As root, and with more processes than cores.
    args: ['--allow-run-as-root', '--oversubscribe'],
  },
};

const commands = new Map<LauncherName, string | null>();

/** The mpiexec of a family; null where it is not installed. */
export function mpiexecOf(launcher: LauncherName): string | null {
  if (!commands.has(launcher)) commands.set(launcher, found(launcher));
  return commands.get(launcher) as string | null;
}

function found(launcher: LauncherName): string | null {
  const { names, says } = LAUNCHERS[launcher];
  const folders = (process.env.PATH ?? '').split(delimiter);
  const files = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  const isOfFamily = (file: string): boolean => says.test(spawnSync(file, ['--version'], { encoding: 'utf8' }).stdout);
  return files.find((file) => existsSync(file) && isOfFamily(file)) ?? null;
}

/** Why no program can run with this launcher here; null where one can. */
export function whyNoMpi(launcher: LauncherName = 'mpich'): string | null {
  if (mpiexecOf(launcher) === null) return `mpiexec of ${LAUNCHERS[launcher].title} is not installed`;
  try {
    createRequire(resolve('index.js')).resolve('koffi');
    return null;
  } catch {
    return 'koffi is not installed';
  }
}

/** `describe` for tests that start programs with a launcher: they are skipped, which is said, where there is none. */
export function describeMpi(title: string, tests: () => void, launcher: LauncherName = 'mpich'): void {
  const reason = whyNoMpi(launcher);
  if (reason === null) {
    describe(title, tests);
    return;
  }
  console.warn(`${title}: skipped, ${reason}`);
  describe.skip(`${title} (${reason})`, tests);
}

const programs = new Map<string, Promise<string>>();

/** A program of test/programs and the library in one text of CommonJS, which starts faster than with ts-node. */
export function compiled(program: string): Promise<string> {
  let text = programs.get(program);
  if (text === undefined) {
    text = compile(program);
    programs.set(program, text);
  }
  return text;
}

async function compile(program: string): Promise<string> {
  const settings = { bundle: true, platform: 'node', target: 'node20', keepNames: true, write: false } as const;
  const external = ['koffi', '@jsquash/jpeg', '@resvg/resvg-js', 'fast-png', 'jiti', 'vega', 'vega-lite'];
  const entryPoints = [`test/programs/${program}.ts`];
  // package.json names the files of dist/ that have effects, and takes those of src/ for free of any.
  const sources = { entryPoints, ignoreAnnotations: true, logLevel: 'error' } as const;
  const { outputFiles } = await build({ ...settings, ...sources, external });
  return outputFiles[0].text;
}

/** Starts a program of test/programs on several ranks. Wait for its end: its folder is removed then. */
export async function startRanks(job: Job): Promise<Running> {
  const { ranks, program, args = [], env = {}, launcher = 'mpich', cwd, timeout = 60 } = job;
  const command = mpiexecOf(launcher);
  if (command === null) throw new Error(`runRanks: ${whyNoMpi(launcher)}`);
  const text = await compiled(program);
  const folder = mkdtempSync(join(tmpdir(), 'layerwise-ranks-'));
  const file = join(folder, `${program}.cjs`);
  writeFileSync(file, text);

  const words = [...LAUNCHERS[launcher].args, '-n', String(ranks), process.execPath, file, ...args];
  // For koffi, which is looked for from there.
  const place = { NODE_PATH: resolve('node_modules') };
  const mpiexec = spawn(command, words, {
    cwd,
    env: { ...process.env, ...place, LAYERWISE_THREADS: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return { mpiexec, ended: end(mpiexec, timeout, folder) };
}

async function end(mpiexec: ChildProcess, timeout: number, folder: string): Promise<Ended> {
  const [out, err]: string[][] = [[], []];
  mpiexec.stdout?.setEncoding('utf8').on('data', (text: string) => out.push(text));
  mpiexec.stderr?.setEncoding('utf8').on('data', (text: string) => err.push(text));
  // It ends its processes when it is told to end, and leaves them where it is killed.
  const late = setTimeout(() => mpiexec.kill('SIGTERM'), 1000 * timeout);
  const never = setTimeout(() => mpiexec.kill('SIGKILL'), 1000 * timeout + 3000);
  try {
    const [code] = (await once(mpiexec, 'close')) as [number | null];
    return { code: mpiexec.killed ? null : code, out: out.join(''), err: err.join('') };
  } finally {
    clearTimeout(late);
    clearTimeout(never);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs a program of test/programs on several ranks to its end. */
export async function runRanks(job: Job): Promise<Ended> {
  return (await startRanks(job)).ended;
}
