// How much faster the fast layers are than the naive loops, and whether they compute the same.

import {
  barChart,
  convBackwardFast,
  convBackwardNaive,
  convForwardFast,
  convForwardNaive,
  maxPoolBackwardFast,
  maxPoolBackwardNaive,
  maxPoolForwardFast,
  maxPoolForwardNaive,
  type NDArray,
  Random,
  relError,
  resident,
  workspace,
} from '../../src/index.js';
import type { Experiment, Findings, Lab } from './support/experiment.js';
import { runIfStarted } from './support/lab.js';
import { list, ratio } from './support/words.js';

const FULL = { images: 100, naiveRuns: 5, fastRuns: 50 };
const QUICK = { images: 4, naiveRuns: 1, fastRuns: 3 };

const CONV = { stride: 2, pad: 1 };
const POOL = { poolHeight: 2, poolWidth: 2, stride: 2 };

/** The sums are of at most a few ten thousand products, and differ by their order alone. */
const SAME = 1e-10;

export const naiveAgainstFast: Experiment = {
  name: 'naive-against-fast',
  title: 'Naive and fast layers',
  question: 'How much faster are the fast convolution and max pooling than the loops, and do they compute the same?',
  method:
    'Each pass is run by the naive and by the fast function on the same random numbers, in float64. Every function ' +
    'is run once before it is timed; times are medians. The loops run on one thread, the fast layers on all there are.',
  run,
};

/** One pass by both implementations: each function returns everything that the pass computes, by name. */
interface Pass {
  readonly name: string;
  naive(): Record<string, NDArray>;
  fast(): Record<string, NDArray>;
}

/** The measurements of a pass. */
interface Row {
  readonly name: string;
  /** Milliseconds. */
  readonly naive: number;
  readonly fast: number;
  readonly speedUp: number;
  /** The largest absolute difference between the two implementations. */
  readonly difference: number;
  /** `relError` of each array. */
  readonly relErrors: Readonly<Record<string, number>>;
}

async function run(lab: Lab): Promise<Findings> {
  const { images, naiveRuns, fastRuns } = lab.quick ? QUICK : FULL;
  const rows = passes(images, lab.seed).map(({ name, naive, fast }): Row => {
    const [expected, found] = [naive(), fast()];
    const times = {
      naive: medianTime(naiveRuns, naive),
      // In a workspace, as in a net's loss, so that memory for the result is recycled.
      fast: medianTime(fastRuns, () => workspace(() => void fast())),
    };
    const row = { name, ...times, speedUp: times.naive / times.fast, ...compared(expected, found) };
    console.log(`${name}: ${milliseconds(row.naive)} and ${milliseconds(row.fast)}`);
    return row;
  });

  const speedUps = rows.map((row) => row.speedUp);
  return {
    headline:
      `The fast passes are ${ratio(Math.min(...speedUps))} to ${times(Math.max(...speedUps))} as fast as the ` +
      `loops, and differ from them by ${ratio(Math.max(...rows.map((row) => row.difference)))} at most.`,
    settings: {
      convolution: `x ${images} × 3 × 31 × 31, w 25 × 3 × 3 × 3, stride ${CONV.stride}, pad ${CONV.pad}`,
      'max pooling': `x ${images} × 3 × 32 × 32, windows of 2 × 2, stride ${POOL.stride}`,
      training: 'none',
      timing: `float64; median of ${naiveRuns} naive and ${fastRuns} fast runs`,
    },
    tables: [
      {
        caption:
          'Largest difference: of two numbers at the same place, over all results of the pass. Relative error: ' +
          'max |a − b| / max(1e−8, |a| + |b|), likewise.',
        columns: ['pass', 'naive', 'fast', 'speed-up', 'largest difference', 'relative error'],
        rows: rows.map((row) => [
          row.name,
          milliseconds(row.naive),
          milliseconds(row.fast),
          `${ratio(row.speedUp)} ×`,
          ratio(row.difference),
          ratio(Math.max(...Object.values(row.relErrors))),
        ]),
      },
    ],
    figures: [
      {
        svg: await barChart({
          title: 'Speed-up of the fast layers',
          xTitle: 'pass',
          yTitle: 'time of the loops / time of the fast layer',
          categories: rows.map((row) => row.name),
          series: [{ name: 'speed-up', values: speedUps.map((value) => Number(ratio(value))) }],
        }),
      },
    ],
    conclusions: [speed(rows), agreement(rows)],
    results: { passes: rows },
  };
}

function passes(N: number, seed: string): Pass[] {
  const random = new Random(seed);
  const some = (...shape: number[]): NDArray => resident(random.randn(shape, 'float64'));
  const [x, w, b, dout] = [some(N, 3, 31, 31), some(25, 3, 3, 3), some(25), some(N, 25, 16, 16)];
  const [, conv] = convForwardNaive(x, w, b, CONV);
  const [, convFast] = convForwardFast(x, w, b, CONV);
  const [image, dpooled] = [some(N, 3, 32, 32), some(N, 3, 16, 16)];
  const [, pool] = maxPoolForwardNaive(image, POOL);
  const [, poolFast] = maxPoolForwardFast(image, POOL);
  return [
    {
      name: 'convolution, forward',
      naive: () => ({ out: convForwardNaive(x, w, b, CONV)[0] }),
      fast: () => ({ out: convForwardFast(x, w, b, CONV)[0] }),
    },
    {
      name: 'convolution, backward',
      naive: () => ({ ...convBackwardNaive(dout, conv) }),
      fast: () => ({ ...convBackwardFast(dout, convFast) }),
    },
    {
      name: 'max pooling, forward',
      naive: () => ({ out: maxPoolForwardNaive(image, POOL)[0] }),
      fast: () => ({ out: maxPoolForwardFast(image, POOL)[0] }),
    },
    {
      name: 'max pooling, backward',
      naive: () => ({ dx: maxPoolBackwardNaive(dpooled, pool) }),
      fast: () => ({ dx: maxPoolBackwardFast(dpooled, poolFast) }),
    },
  ];
}

/** Milliseconds that a run takes. */
function medianTime(runs: number, fn: () => unknown): number {
  const durations = Array.from({ length: runs }, () => {
    const begin = performance.now();
    fn();
    return performance.now() - begin;
  }).sort((a, b) => a - b);
  return (durations[(runs - 1) >> 1] + durations[runs >> 1]) / 2;
}

function compared(
  expected: Record<string, NDArray>,
  found: Record<string, NDArray>,
): Pick<Row, 'difference' | 'relErrors'> {
  let difference = 0;
  const relErrors: Record<string, number> = {};
  for (const [name, a] of Object.entries(expected)) {
    const b = found[name];
    for (let i = 0; i < a.data.length; i++) difference = Math.max(difference, Math.abs(a.data[i] - b.data[i]));
    relErrors[name] = relError(a, b);
  }
  return { difference, relErrors };
}

function milliseconds(time: number): string {
  return `${Number(time.toPrecision(3))} ms`;
}

function times(factor: number): string {
  return `${ratio(factor)} times`;
}

function speed(rows: readonly Row[]): string {
  const sorted = rows.toSorted((a, b) => b.speedUp - a.speedUp);
  const [most, least] = [sorted[0], sorted[sorted.length - 1]];
  const say = ({ name, naive, fast }: Row): string => `${name} (${milliseconds(naive)} to ${milliseconds(fast)})`;
  const slower = rows.filter((row) => row.speedUp < 1).map((row) => row.name);
  const gain =
    `The gain is largest for ${say(most)}, ${times(most.speedUp)}, and smallest for ${say(least)}, ` +
    `${times(least.speedUp)}.`;
  return slower.length === 0 ? gain : `${gain} Here the fast function is slower than the loops for ${list(slower)}.`;
}

function agreement(rows: readonly Row[]): string {
  const equal = rows.filter((row) => row.difference === 0).map((row) => row.name);
  const worst = rows.reduce((a, b) => (b.difference > a.difference ? b : a));
  const exact =
    equal.length > 0 ? `${equal.length} of ${rows.length} passes (${list(equal)}) give the same bits. ` : '';
  if (worst.difference === 0) return exact.trim();
  const verdict =
    worst.difference < SAME
      ? 'as much as rounding explains where a sum is taken in another order'
      : `more than the ${ratio(SAME)} that rounding explains`;
  return `${exact}The largest difference is ${ratio(worst.difference)}, of ${worst.name}: ${verdict}.`;
}

runIfStarted(naiveAgainstFast);
