import { arch, cpus, platform, totalmem } from 'node:os';
import { Command } from 'commander';
import { columnsOf } from '../../terminal/index.js';
import { examples } from '../examples.js';
import type { Io } from '../io.js';
import { type OptionalPackage, optionalPackages } from '../packages.js';
import { packageFile } from '../version.js';

/** `layerwise info`: what it runs on, and what is there to use. */
export function infoCommand(io: Io): Command {
  const command = new Command('info')
    .description('print versions, kernels, threads, and the data and packages found')
    .action(() => info(io));
  return examples(command, ['layerwise info', 'layerwise info --json']);
}

async function info(io: Io): Promise<void> {
  const { kernelInfo, threadsReady } = await import('../../kernels/index.js');
  const { findData } = await import('../data-places.js');
  // Threads start with the first job: one that does not start is a note.
  threadsReady();
  const { kernels, simd, threads, turbo, exact, memory, notes } = kernelInfo();
  const found = findData(io);
  const packages = optionalPackages(io.cwd);
  const [processor] = cpus();
  const machine = {
    node: process.versions.node,
    platform: `${platform()} ${arch()}`,
    processor: processor?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memory: totalmem(),
  };
  if (io.isJson) {
    const running = { name: kernels, simd, threads, turbo, exact, memory, notes };
    io.json({ version: packageFile().version, ...machine, kernels: running, data: found, packages });
    return;
  }
  const { style } = io;
  const on = (flag: boolean): string => (flag ? 'on' : 'off');
  const facts = [
    ['layerwise', packageFile().version],
    ['Node', `${machine.node} on ${machine.platform}`],
    [
      'processor',
      `${machine.processor}, ${machine.cores} cores, ${(machine.memory / 2 ** 30).toFixed(1)} GB of memory`,
    ],
    ['kernels', `${kernels}, SIMD ${simd ?? 'off'}, turbo ${on(turbo)}${exact ? ', exact' : ''}`],
    ['threads', String(threads)],
  ];
  const width = Math.max(...facts.map(([name]) => name.length));
  for (const [name, text] of facts) io.print(`${style.bold(name.padEnd(width))}  ${text}`);
  for (const note of notes) io.print(`${' '.repeat(width)}  ${note}`);

  io.print();
  io.print(style.bold('Data'));
  for (const line of columnsOf(
    ['what', 'images', 'where'],
    found.map(({ name, examples: count, path, problem }) => [
      name,
      count === null ? '–' : count.toLocaleString('en-US'),
      problem === null ? path : `${path} (${problem})`,
    ]),
  ).slice(1)) {
    io.print(`  ${line}`);
  }
  if (found.length === 0) io.print('  none found here: layerwise data --help');

  io.print();
  io.print(style.bold('Optional packages'));
  for (const line of columnsOf(['name', 'version', 'use'], packages.map(row)).slice(1)) io.print(`  ${line}`);
}

function row({ name, version, use, wanted }: OptionalPackage): string[] {
  const range = /[ <>|]/.test(wanted) ? '' : `@${wanted.replace(/^\^/, '').split('.')[0]}`;
  return [name, version ?? '–', version === null ? `for ${use}: npm install ${name}${range}` : `for ${use}`];
}
