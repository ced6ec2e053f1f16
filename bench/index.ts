// Times whole training steps and products: `npm run bench -- [--json] [--time SECONDS] [workload…]`.

import { Command } from 'commander';
import { Bench } from 'tinybench';
import { kernelInfo } from '../src/index.js';
import { threadsReady } from '../src/kernels/index.js';
import { convolutionMemory, productFlops, workloads } from './workloads.js';

interface Measurement {
  readonly workload: string;
  /** Median, milliseconds. */
  readonly ms: number;
  /** Fastest, milliseconds. */
  readonly min: number;
  /** Steps that were timed. */
  readonly n: number;
  readonly threads: number;
}

function measure(workload: string, seconds: number): Measurement {
  const step = workloads[workload]();
  // The compiler's second tier and the worker threads come up during the warm-up.
  const bench = new Bench({ time: seconds * 1000, iterations: 5, warmupTime: seconds * 250, warmupIterations: 3 });
  bench.add(workload, step);
  const [task] = bench.runSync();
  const { result } = task;
  if (result.state !== 'completed') throw new Error(`${workload}: ${result.state}`);
  const { min, p50, samplesCount } = result.latency;
  return { workload, ms: round(p50), min: round(min), n: samplesCount, threads: kernelInfo().threads };
}

function round(ms: number): number {
  return Number(ms.toPrecision(5));
}

function row({ workload, ms, min, n }: Measurement): string {
  const flops = productFlops(workload);
  const rate = flops === null ? '' : `   ${(flops / min / 1e6).toFixed(1)} GFLOP/s at best`;
  return `${workload.padEnd(30)} ${format(ms)} ${format(min)} ${String(n).padStart(7)}${rate}`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(2)} MB`;
}

function format(ms: number): string {
  return ms.toFixed(ms < 10 ? 3 : 1).padStart(10);
}

function main(): void {
  const command = new Command('bench')
    .description('Times training steps and matrix products. Without names, all of them.')
    .argument('[workload...]', Object.keys(workloads).join(', '))
    .option('--json', 'one JSON object a line')
    .option('--time <seconds>', 'how long to time each workload', Number, 2)
    .parse();
  const { json, time } = command.opts<{ json?: true; time: number }>();
  const names = command.args.length > 0 ? command.args : Object.keys(workloads);
  for (const name of names) {
    if (!Object.hasOwn(workloads, name)) {
      command.error(`unknown workload ${name}, expected some of ${Object.keys(workloads).join(', ')}`);
    }
  }
  if (!(time > 0)) command.error('--time: expected a number of seconds > 0');

  threadsReady();
  const { kernels, simd, threads, turbo, notes } = kernelInfo();
  if (!json) {
    console.log(`${kernels} kernels, ${simd ?? 'no'} SIMD, ${threads} threads, turbo ${turbo ? 'on' : 'off'}`);
    for (const note of notes) console.log(note);
    console.log(
      `\n${'workload'.padEnd(30)} ${'median ms'.padStart(10)} ${'fastest ms'.padStart(10)} ${'n'.padStart(7)}`,
    );
  }
  for (const name of names) {
    const measurement = measure(name, time);
    console.log(json ? JSON.stringify(measurement) : row(measurement));
  }
  for (const format of ['float32', 'float64'] as const) {
    if (json || !names.some((name) => name.startsWith('layer_conv'))) break;
    const { working, operands } = convolutionMemory(format);
    const share = `${(working / operands).toFixed(2)} of its input, output and weights (${megabytes(operands)})`;
    console.log(`a ${format} convolution works in ${megabytes(working)}, ${share}`);
  }
}

main();
