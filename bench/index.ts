// Times whole training steps, layers and products: `npm run bench -- [options] [workload…]`; `--help` lists the
// options.

import { Command, Option } from 'commander';
import { kernelInfo } from '../src/index.js';
import { threadsReady } from '../src/kernels/index.js';
import {
  convolutionNotes,
  HEADER,
  measure,
  megabytes,
  milliseconds,
  resultLine,
  tableLine,
  workloads,
} from '../src/workloads/index.js';
import { type Comparison, compare } from './against-torch.js';
import { measurePeaks, profile, profileTable } from './profile.js';
import { Torch } from './torch.js';

interface Options {
  readonly json?: true;
  readonly time: number;
  readonly against?: 'torch';
  readonly rounds: number;
  readonly python: string;
  readonly profile?: string;
}

function timeAlone(names: readonly string[], { json, time }: Options): void {
  if (!json) console.log(HEADER);
  for (const name of names) {
    const measurement = measure(name, workloads[name](), time);
    console.log(json ? JSON.stringify(measurement) : resultLine(measurement));
  }
  for (const line of json ? [] : convolutionNotes(names)) console.log(line);
}

async function timeAgainstTorch(names: readonly string[], { json, time, rounds, python }: Options): Promise<void> {
  const { torch, version } = await Torch.start(python, kernelInfo().threads);
  try {
    if (!json) {
      console.log(`PyTorch ${version} in turns with layerwise, ${rounds} rounds of ${time} s each; the fastest step\n`);
      console.log(tableLine('workload', 'layerwise', 'PyTorch', 'ratio', 'in rounds', 'memory', 'PyTorch'));
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
  const rounds = spread.map((each) => each.toFixed(2)).join('–');
  const cells = [milliseconds(ours), milliseconds(theirs), ratio.toFixed(2), rounds];
  return tableLine(workload, ...cells, megabytes(memory), megabytes(theirMemory));
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
