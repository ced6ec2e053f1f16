import { kernelInfo, Random, resident, workspace } from '../src/index.js';
import { kernels } from '../src/kernels/index.js';
import type { ConvShape, Kernels, ProductOperands } from '../src/kernels/types.js';
import { fastest, workloads } from '../src/workloads/index.js';

/** The highest rates that were measured on the machine. */
export interface Peaks {
  /** GFLOP/s of the best of some products that fit into the caches. */
  readonly gflops: number;
  /** GB/s of a sum of arrays that no cache holds: two read, one written. */
  readonly bandwidth: number;
}

/** One kernel at one size, in a step of a workload. */
export interface KernelCost {
  /** Kernel and sizes. */
  readonly what: string;
  /** Calls in a step. */
  readonly calls: number;
  /** Milliseconds of a step; the median over the steps. */
  readonly ms: number;
  /** Floating-point operations of a step by the definition: Winograd's method does fewer. */
  readonly flops: number;
  /** Bytes of the operands, each counted once a call. */
  readonly bytes: number;
}

/** Where a step's time goes. */
export interface Profile {
  /** Milliseconds of a step; the median. */
  readonly ms: number;
  /** Milliseconds of a step that are not in a kernel; the median. */
  readonly outside: number;
  readonly kernels: readonly KernelCost[];
}

/** Measures the peaks of the kernels as they are configured. */
export function measurePeaks(): Peaks {
  const random = new Random(1);
  const products = [192, 384, 768].map((size) => {
    const [a, b, out] = [0, 1, 2].map(() => resident(random.randn([size, size])).data);
    return (
      (2 * size ** 3) / fastest(() => kernels().gemm({ form: 'NN', a, b, out, N: size, K: size, M: size }), 0.3) / 1e6
    );
  });
  const bandwidth = workspace(() => {
    const length = 2 ** 24;
    const [a, b, out] = [0, 1, 2].map(() => random.rand([length]).data);
    return (3 * 4 * length) / fastest(() => kernels().add(a, b, out), 0.5) / 1e6;
  });
  return { gflops: Math.max(...products), bandwidth };
}

/** Runs a workload for some seconds with a stopwatch around each kernel. */
export function profile(workload: string, seconds: number): Profile {
  const step = workloads[workload]();
  const warm = performance.now() + 250 * seconds;
  while (performance.now() < warm) step();

  const steps: Map<string, KernelCost>[] = [];
  const [times, outside]: [number[], number[]] = [[], []];
  let costs = new Map<string, KernelCost>();
  const restore = watchKernels((cost) => {
    const { calls, ms, flops, bytes } = costs.get(cost.what) ?? { calls: 0, ms: 0, flops: 0, bytes: 0 };
    costs.set(cost.what, {
      what: cost.what,
      calls: calls + 1,
      ms: ms + cost.ms,
      flops: flops + cost.flops,
      bytes: bytes + cost.bytes,
    });
  });
  try {
    const end = performance.now() + 1000 * seconds;
    while (performance.now() < end || steps.length < 5) {
      costs = new Map();
      const start = performance.now();
      step();
      const ms = performance.now() - start;
      times.push(ms);
      outside.push([...costs.values()].reduce((left, kernel) => left - kernel.ms, ms));
      steps.push(costs);
    }
  } finally {
    restore();
  }
  const names = [...steps[0].keys()];
  const each = names.map((what) => {
    const ms = median(steps.map((costs) => costs.get(what)?.ms ?? 0));
    return { ...(steps[0].get(what) as KernelCost), ms };
  });
  return { ms: median(times), outside: median(outside), kernels: each.sort((a, b) => b.ms - a.ms) };
}

/** The profile as a table: for each kernel its share of the step, its rates, and how near it is to its roofline. */
export function profileTable({ ms, outside, kernels }: Profile, peaks: Peaks): string {
  const { threads, simd } = kernelInfo();
  const line = (what: string, calls: string, time: number, ...rest: string[]): string =>
    [
      what.padEnd(58),
      calls.padStart(5),
      time.toFixed(3).padStart(9),
      `${((100 * time) / ms).toFixed(1)} %`.padStart(8),
      ...rest.map((cell) => cell.padStart(9)),
    ].join(' ');
  const rows = kernels.map(({ what, calls, ms: time, flops, bytes }) => {
    const [gflops, bandwidth] = [flops / time / 1e6, bytes / time / 1e6];
    // Williams, Waterman and Patterson 2009: no kernel beats what its arithmetic or its operands' traffic takes.
    const least = Math.max(flops / peaks.gflops, bytes / peaks.bandwidth) / 1e6;
    const bound = flops / peaks.gflops > bytes / peaks.bandwidth ? 'products' : 'memory';
    const rates = [flops > 0 ? gflops.toFixed(1) : '', bandwidth.toFixed(1), `${((100 * least) / time).toFixed(0)} %`];
    return line(what, String(calls), time, ...rates, bound);
  });
  return [
    `${threads} threads, ${simd} SIMD; peaks: ${peaks.gflops.toFixed(1)} GFLOP/s, ${peaks.bandwidth.toFixed(1)} GB/s`,
    `${'kernel and sizes'.padEnd(58)} calls        ms    share   GFLOP/s      GB/s  roofline     bound`,
    ...rows,
    line('outside kernels: shapes, caches, memory', '', outside),
    line('a step', '', ms),
  ].join('\n');
}

/** Puts a stopwatch around every kernel in use until the returned function is called. */
function watchKernels(report: (cost: Omit<KernelCost, 'calls'>) => void): () => void {
  const table = kernels();
  const originals = { ...table };
  for (const name of Object.keys(originals) as (keyof Kernels)[]) {
    const kernel = originals[name] as unknown;
    if (typeof kernel !== 'function') continue;
    const watched = (...args: unknown[]): unknown => {
      const start = performance.now();
      const result = kernel(...args);
      report({ ms: performance.now() - start, ...costOf(name, args) });
      return result;
    };
    Object.assign(table, { [name]: watched });
  }
  return () => void Object.assign(table, originals);
}

/** A call's name, its operations by the definition, and the bytes of its operands, which may be named by an object. */
function costOf(name: string, given: readonly unknown[]): { what: string; flops: number; bytes: number } {
  const [first] = given;
  const isNamed = typeof first === 'object' && first !== null && !ArrayBuffer.isView(first);
  const args = isNamed ? [...given, ...Object.values(first)] : given;
  const arrays = args.filter((arg) => ArrayBuffer.isView(arg));
  const bytes = arrays.reduce((sum, { byteLength }) => sum + byteLength, 0);
  if (name === 'gemm') {
    const { form, N, K, M } = first as ProductOperands;
    return { what: `gemm ${form} ${N} × ${K} × ${M}`, flops: 2 * N * K * M, bytes };
  }
  if (name.startsWith('conv')) {
    const s = args.find((arg): arg is ConvShape => typeof arg === 'object' && arg !== null && 'HH' in arg);
    if (s !== undefined) {
      const groups = s.groups > 1 ? ` in ${s.groups} groups` : '';
      const filter = `${s.F} of ${s.HH} × ${s.WW}${groups}`;
      const flops = 2 * s.N * s.F * s.OH * s.OW * (s.C / s.groups) * s.HH * s.WW;
      return { what: `${name} ${s.N} × ${s.C} × ${s.H} × ${s.W}, ${filter}`, flops, bytes };
    }
  }
  const largest = arrays.map(({ byteLength }) => byteLength).sort((a, b) => b - a);
  return { what: `${name} ${largest.slice(0, 3).map(readable).join(', ')}`, flops: 0, bytes };
}

function readable(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1e3).toPrecision(3)} kB` : `${(bytes / 1e6).toPrecision(3)} MB`;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}
