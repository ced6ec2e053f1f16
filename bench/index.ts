// Times whole training steps, layers and products: `npm run bench -- [options] [workload…]`; `--help` lists the
// options.

import { Command, Option } from 'commander';
import { kernelInfo } from '../src/index.js';
import { threadsReady } from '../src/kernels/index.js';
import { type Comparison, compare } from './against-torch.js';
import { type Measurement, measure } from './measure.js';
import { measurePeaks, profile, profileTable } from './profile.js';
import { Torch } from './torch.js';
import { convolutionMemory, imagesScored, peakMemory, productFlops, workloads } from './workloads.js';

interface Options {
  readonly json?: true;
  readonly time: number;
  readonly against?: 'torch';
  readonly rounds: number;
  readonly python: string;
  readonly profile?: string;
}

function timeAlone(names: readonly string[], { json, time }: Options): void {
  if (!json) console.log(`${'workload'.padEnd(30)} ${header('median ms', 'fastest ms', 'n', 'memory')}`);
  for (const name of names) {
    const measurement = measure(name, workloads[name](), time);
    console.log(json ? JSON.stringify(measurement) : row(measurement));
  }
  for (const format of ['float32', 'float64'] as const) {
    if (json || !names.some((name) => name.startsWith('layer_conv'))) break;
    const { working, operands } = convolutionMemory(format);
    const share = `${(working / operands).toFixed(2)} of its input, output and weights (${megabytes(operands)})`;
    console.log(`a ${format} convolution works in ${megabytes(working)}, ${share}`);
  }
}

function row({ workload, ms, min, n }: Measurement): string {
  const [flops, images] = [productFlops(workload), imagesScored(workload)];
  const rate = flops === null ? '' : `   ${(flops / min / 1e6).toFixed(1)} GFLOP/s at best`;
  const scored = images === null ? '' : `   ${Math.round((1000 * images) / min)} images/s at best`;
  const cells = [format(ms), format(min), String(n), megabytes(peakMemory(workload))];
  return `${workload.padEnd(30)} ${header(...cells)}${rate}${scored}`;
}

async function timeAgainstTorch(names: readonly string[], { json, time, rounds, python }: Options): Promise<void> {
  const { torch, version } = await Torch.start(python, kernelInfo().threads);
  try {
    if (!json) {
      console.log(`PyTorch ${version} in turns with layerwise, ${rounds} rounds of ${time} s each; the fastest step\n`);
      const columns = header('layerwise', 'PyTorch', 'ratio', 'in rounds', 'memory', 'PyTorch');
      console.log(`${'workload'.padEnd(30)} ${columns}`);
    }
    for (const name of names) {
      const comparison = await compare(name, torch, rounds, time);
      console.log(json ? JSON.stringify(comparison) : comparisonRow(comparison));
    }
  } finally {
    torch.stop();
  }
}

function comparisonRow({ workload, ours, theirs, ratio, spread, memory, theirMemory }: Comparison): string {
  const cells = [
    format(ours),
    format(theirs),
    ratio.toFixed(2),
    spread.map((ratio) => ratio.toFixed(2)).join('–'),
    megabytes(memory),
    megabytes(theirMemory),
  ];
  return `${workload.padEnd(30)} ${header(...cells)}`;
}

function header(...columns: string[]): string {
  return columns.map((column) => column.padStart(11)).join(' ');
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 2 : 1)} MB`;
}

function format(ms: number): string {
  return ms.toFixed(ms < 10 ? 3 : 1);
}

async function main(): Promise<void> {
  const command = new Command('bench')
    .description('Times training steps, layers and matrix products. Without names, all of them.')
    .argument('[workload...]', Object.keys(workloads).join(', '))
    .option('--json', 'one JSON object a line')
    .option(
      '--time <seconds>',
      'how long to time each workload (default: 2; against another library: 1 a round)',
      Number,
    )
    .addOption(
      new Option('--against <library>', 'run each workload in another library too, by turns').choices(['torch']),
    )
    .option('--rounds <n>', 'turns of a comparison', Number, 5)
    .option('--python <path>', 'the interpreter that has PyTorch', 'python3')
    .option('--profile <workload>', "where a step's time goes, kernel by kernel")
    .parse();
  const given = command.opts<Options>();
  const options = { ...given, time: given.time ?? (given.against === undefined ? 2 : 1) };
  const names = command.args.length > 0 ? command.args : Object.keys(workloads);
  for (const name of [...names, ...(options.profile === undefined ? [] : [options.profile])]) {
    if (!Object.hasOwn(workloads, name)) {
      command.error(`unknown workload ${name}, expected some of ${Object.keys(workloads).join(', ')}`);
    }
  }
  if (!(options.time > 0)) command.error('--time: expected a number of seconds > 0');
  if (!(Number.isInteger(options.rounds) && options.rounds > 0)) command.error('--rounds: expected a whole number > 0');

  threadsReady();
  const { kernels, simd, threads, turbo, notes } = kernelInfo();
  if (!options.json) {
    console.log(
      `${kernels} kernels, ${simd ?? 'no'} SIMD, ${threads} threads, turbo ${turbo ? 'on' : 'off'}, Node ` +
        `${process.version}`,
    );
    for (const note of notes) console.log(note);
    console.log();
  }
  if (options.profile !== undefined) console.log(profileTable(profile(options.profile, options.time), measurePeaks()));
  else if (options.against === 'torch') await timeAgainstTorch(names, options);
  else timeAlone(names, options);
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
