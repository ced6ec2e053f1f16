import { Command } from 'commander';
import { didYouMean } from '../../terminal/index.js';
import { describeKernels } from '../describe-kernels.js';
import { UsageError } from '../errors.js';
import { examples } from '../examples.js';
import type { Io } from '../io.js';
import { positive } from '../values.js';

interface Options {
  readonly time: number;
  readonly list?: true;
}

/** `layerwise bench`: how fast training steps, layers and products are on this machine. */
export function benchCommand(io: Io): Command {
  const command = new Command('bench')
    .summary('time training steps, layers and matrix products')
    .description('Times training steps, layers and matrix products on this machine. Without names, all of them.')
    .argument('[workload...]', 'what to time: names that --list prints')
    .option('--time <seconds>', 'how long to time each', positive, 2)
    .option('--list', 'print the names of the workloads, and time nothing')
    .action((names: string[], options: Options) => bench(io, names, options));
  return examples(command, ['layerwise bench --list', 'layerwise bench gemm_512_f32 --time 0.5']);
}

async function bench(io: Io, given: readonly string[], { time, list }: Options): Promise<void> {
  const { convolutionNotes, HEADER, measure, resultLine, workloads } = await import('../../workloads/index.js');
  const all = Object.keys(workloads);
  for (const name of given) {
    if (Object.hasOwn(workloads, name)) continue;
    throw new UsageError(`bench: unknown workload '${name}'${didYouMean(name, all)} (layerwise bench --list)`);
  }
  const names = given.length > 0 ? given : all;
  if (list) {
    for (const name of names) io.print(name);
    if (io.isJson) io.json(names);
    return;
  }

  const { kernelInfo, threadsReady } = await import('../../kernels/index.js');
  threadsReady();
  io.print(`${describeKernels(kernelInfo())}\n\n${HEADER}`);
  const bar = io.progress(names.length, 'workload');
  for (const [done, name] of names.entries()) {
    bar.update(done);
    const measurement = measure(name, workloads[name](), time);
    bar.clear();
    if (io.isJson) io.json(measurement);
    else io.print(resultLine(measurement));
  }
  for (const line of io.isJson ? [] : convolutionNotes(names)) io.print(line);
}
