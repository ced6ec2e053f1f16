import { execFile, spawn } from 'node:child_process';
import { accessSync, constants, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isOurs, processes, signal } from './slurm-processes.js';

/** The two nodes. Both are this machine, each with two processors as Slurm sees it. */
export type Node = 'n1' | 'n2';

const NODES: readonly Node[] = ['n1', 'n2'];
const PROGRAMS = ['munged', 'slurmctld', 'slurmd', 'sbatch', 'srun', 'sinfo', 'squeue'];
const PATH = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`;
/** Milliseconds within which the nodes have to come up, and processes have to end. */
const PATIENCE = 50_000;

/** Why no cluster can be started here; null where one can. */
export function slurmMissing(): string | null {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'a Slurm cluster is started by root on Linux';
  const missing = PROGRAMS.filter((name) => !PATH.split(':').some((folder) => isProgram(join(folder, name))));
  if (missing.length === 0) return null;
  return `no ${missing.join(', ')} here: apt-get install --no-install-recommends slurm-wlm munge`;
}

/** A Slurm cluster of this machine alone: daemons, ports and folder of its own. */
export class SlurmCluster {
  /** Where its files are; programs may put theirs there too. It is removed at the end. */
  readonly folder = mkdtempSync(join(tmpdir(), 'layerwise-slurm-'));
  /** The environment in which the commands of Slurm find it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly #conf = join(this.folder, 'slurm.conf');

  private constructor() {
    this.env = { ...process.env, PATH, SLURM_CONF: this.#conf };
  }

  /** Starts the daemons and waits until both nodes are ready. @throws {Error} with what the daemons have said. */
  static async start(): Promise<SlurmCluster> {
    const cluster = new SlurmCluster();
    process.once('exit', cluster.#kill);
    try {
      await cluster.#start();
      return cluster;
    } catch (cause) {
      const logs = ['munged', 'slurmctld', ...NODES].map((name) => cluster.#log(name));
      await cluster.stop();
      throw new Error(`the Slurm cluster did not start:\n${logs.join('\n')}`, { cause });
    }
  }

  /** Runs a command of Slurm to its end. @returns What it printed. @throws {Error} if it fails, with what it said. */
  run(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
    return new Promise((resolve, reject) => {
      const options = { cwd: this.folder, env: { ...this.env, ...env }, timeout: 60_000 };
      execFile(program, args, options, (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`${error.message}\n${stdout}${stderr}`));
      });
    });
  }

  /**
   * Ends the daemon of a node at once, without a word to the others.
   *
   * @param machine - Whether what runs on the node ends too, as where a machine loses its power. Otherwise it goes on,
   *   as where the network between a machine and the others is cut. Or which of the programs end, by their environment.
   */
  killNode(node: Node, machine: boolean | ((env: Readonly<Record<string, string>>) => boolean)): void {
    const ours = processes().filter((one) => isOurs(one, this.#conf));
    const daemon = ours.filter(({ args }) => args[0]?.endsWith('slurmd') && args.includes(node));
    const programs = ours.filter(({ env }) => env.SLURMD_NODENAME === node && env.SLURM_JOB_ID !== undefined);
    const ended = programs.filter(({ env }) => (typeof machine === 'function' ? machine(env) : machine));
    const parents = new Set(ended.map(({ parent }) => parent));
    // Before its program, whose end a step would tell the controller.
    const steps = ours.filter(({ pid, args }) => parents.has(pid) && args[0]?.startsWith('slurmstepd'));
    for (const { pid } of [...daemon, ...steps, ...ended]) signal(pid);
  }

  /** Starts the daemon of a node. */
  startNode(node: Node): void {
    this.#spawn('slurmd', ['-D', '-N', node], node);
  }

  /** Ends everything that was started here or by its jobs, and removes the folder. */
  async stop(): Promise<void> {
    for (const end = performance.now() + PATIENCE; performance.now() < end; await sleep(50)) {
      if (this.#kill() === 0) break;
    }
    process.off('exit', this.#kill);
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #start(): Promise<void> {
    const { folder } = this;
    for (const name of ['state', 'log', ...NODES]) mkdirSync(join(folder, name));
    const key = join(folder, 'munge.key');
    writeFileSync(key, crypto.getRandomValues(new Uint8Array(64)), { mode: 0o600 });
    writeFileSync(this.#conf, configuration(folder, await freePorts(1 + NODES.length)));
    const files = ['socket', 'pid-file', 'log-file', 'seed-file'].map((name) => `--${name}=${folder}/munge.${name}`);
    this.#spawn('munged', ['--force', '--foreground', `--key-file=${key}`, ...files], 'munged');
    await until('munged listens', () => isThere(join(folder, 'munge.socket')));
    this.#spawn('slurmctld', ['-D'], 'slurmctld');
    for (const node of NODES) this.startNode(node);
    await until('both nodes are idle', async () => {
      const states = await this.run('sinfo', ['-h', '-N', '-o', '%T']).catch(() => '');
      return states.split('\n').filter((state) => state === 'idle').length === NODES.length;
    });
  }

  #spawn(program: string, args: readonly string[], name: string): void {
    const log = openSync(join(this.folder, 'log', name), 'a');
    const { folder: cwd, env } = this;
    const daemon = spawn(program, args, { cwd, env, stdio: ['ignore', log, log] });
    daemon.once('error', () => {}); // It is seen by what does not come up.
    daemon.unref();
  }

  #log(name: string): string {
    try {
      return `${name}: ${readFileSync(join(this.folder, 'log', name), 'utf8').slice(-2000)}`;
    } catch {
      return `${name}: it was not started`;
    }
  }

  /** Kills all its processes. @returns How many there were. */
  readonly #kill = (): number => {
    const ours = processes().filter((one) => one.pid !== process.pid && isOurs(one, this.#conf));
    for (const { pid } of ours) signal(pid);
    return ours.length;
  };
}

/** Short times: a node that does not answer is down after five seconds, and its jobs start elsewhere a second later. */
function configuration(folder: string, [port, ...ports]: readonly number[]): string {
  const machine = hostname().split('.')[0];
  const nodes = NODES.map(
    (name, i) => `NodeName=${name} NodeHostname=${machine} NodeAddr=127.0.0.1 Port=${ports[i]} CPUs=2 State=UNKNOWN`,
  );
  return `ClusterName=layerwise
SlurmctldHost=${machine}(127.0.0.1)
SlurmctldPort=${port}
SlurmUser=root
LogTimeFormat=iso8601_ms
AuthInfo=socket=${folder}/munge.socket,cred_expire=5
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
StateSaveLocation=${folder}/state
SlurmctldPidFile=${folder}/slurmctld.pid
SlurmdPidFile=${folder}/%n.pid
SlurmdSpoolDir=${folder}/%n
SlurmdTimeout=2
MessageTimeout=2
TCPTimeout=1
KillWait=1
ReturnToService=2
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1,sched_min_interval=10000
${nodes.join('\n')}
PartitionName=main Nodes=${NODES.join()} Default=YES State=UP MaxTime=INFINITE
`;
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = servers.map(
    (server) =>
      new Promise<number>((resolve, reject) => {
        server.once('error', reject);
        server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
      }),
  );
  const found = await Promise.all(ports);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return found;
}

/** Returns when a condition holds. @throws {Error} naming it, if it does not within {@link PATIENCE}. */
export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`${what}: not within ${PATIENCE / 1000} seconds`);
    await sleep(50);
  }
}

function isThere(file: string): boolean {
  try {
    accessSync(file);
    return true;
  } catch {
    return false;
  }
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
