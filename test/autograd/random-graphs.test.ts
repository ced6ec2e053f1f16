import fc from 'fast-check';
import { expect, test } from 'vitest';
import { array, hostValues, type NDArray, Random, zeros } from '../../src/arrays/index.js';
import { F, gradCheck, noGrad, type Tensor, tensor } from '../../src/autograd/index.js';
import { workspace } from '../../src/kernels/index.js';
import '../helpers/matchers.js';

/** One operation of a graph: from the tensors made so far to a new one. */
type Step = (made: readonly Tensor[]) => Tensor;

/** Random choices: numbers from 0 on, that a step takes modulo what there is to choose from. */
interface Choices {
  /** Which operation. */
  readonly operation: number;
  /** Which tensors go in; repeated ones are welcome. */
  readonly a: number;
  readonly b: number;
  /** Axes, shapes, exponents. */
  readonly detail: number;
}

/** Results with more values than this are averaged, and results that are larger are squashed. */
const MOST_VALUES = 40;
const LARGEST = 6;

/** A step that suits the tensors there are, or null where the chosen operation does not. */
type Maker = (a: number, b: number, detail: number, made: readonly Tensor[]) => Step | null;

/** Shapes that broadcast to one. */
function broadcast(a: readonly number[], b: readonly number[]): boolean {
  const rank = Math.min(a.length, b.length);
  const [tailA, tailB] = [a, b].map((shape) => shape.slice(shape.length - rank));
  return tailA.every((n, axis) => n === tailB[axis] || n === 1 || tailB[axis] === 1);
}

/** `apply` to two tensors; to the mean of the second where the two do not broadcast. */
function binary(apply: (a: Tensor, b: Tensor) => Tensor): Maker {
  return (a, b, _, made) =>
    broadcast(made[a].shape, made[b].shape) ? (all) => apply(all[a], all[b]) : (all) => apply(all[a], F.mean(all[b]));
}

function unary(apply: (x: Tensor, detail: number) => Tensor): Maker {
  return (a, _, detail) => (all) => apply(all[a], detail);
}

/** Where no two values are so close to each other that a small step could change which is larger. */
function awayFromTies(apply: (a: Tensor, b: Tensor) => Tensor): Maker {
  const make = binary((a, b) => F.abs(F.sub(a, b)));
  const kept = binary(apply);
  return (a, b, detail, made) => {
    if (a === b) return kept(a, b, detail, made);
    const gaps = (make(a, b, detail, made) as Step)(made);
    return smallest(gaps.data) > 0.01 ? kept(a, b, detail, made) : null;
  };
}

function smallest(a: NDArray): number {
  return Math.min(...hostValues(a));
}

function largest(a: NDArray): number {
  return Math.max(...hostValues(a).map(Math.abs));
}

/** 1 + x², which has no zero. */
function positive(x: Tensor): Tensor {
  return F.add(F.mul(x, x), 1);
}

/** Some of the axes, by the bits of `detail`. */
function someAxes(x: Tensor, detail: number): number[] {
  return x.shape.flatMap((_, axis) => ((detail >> axis) & 1 ? [axis] : []));
}

/**
 * A part of each axis: all of it, reversed, without its first or its last, every second, or one place, which drops it.
 */
function someRanges(x: Tensor, detail: number) {
  return x.shape.map((size, axis) => {
    const whole = [null, [null, null, -1], [null, null, 2], size - 1, -size] as const;
    const parts = size > 1 ? ([...whole, [1, null], [0, -1]] as const) : whole;
    return parts[(detail >> (2 * axis)) % parts.length];
  });
}

/** The tensor itself with its last two axes exchanged; for a vector, the vector. */
function flipped(x: Tensor): Tensor {
  const axes = x.shape.map((_, axis) => axis);
  return x.shape.length < 2 ? x : F.transpose(x, [...axes.slice(0, -2), axes.length - 1, axes.length - 2]);
}

const OPERATIONS: Readonly<Record<string, Maker>> = {
  add: binary(F.add),
  sub: binary(F.sub),
  mul: binary(F.mul),
  div: binary((a, b) => F.div(a, positive(b))),
  maximum: awayFromTies(F.maximum),
  minimum: awayFromTies(F.minimum),
  exp: unary((x) => F.exp(F.tanh(x))),
  log: unary((x) => F.log(positive(x))),
  pow: unary((x, detail) => F.pow(positive(x), [-1, 0.5, 2, 1.7][detail % 4])),
  cube: unary((x) => F.pow(x, 3)),
  sqrt: unary((x) => F.sqrt(positive(x))),
  neg: unary((x) => F.neg(x)),
  abs: (a, _b, _detail, made) => (smallest(F.abs(made[a]).data) > 0.01 ? (all) => F.abs(all[a]) : null),
  relu: (a, _b, _detail, made) => (smallest(F.abs(made[a]).data) > 0.01 ? (all) => F.relu(all[a]) : null),
  sigmoid: unary((x) => F.sigmoid(x)),
  tanh: unary((x) => F.tanh(x)),
  gelu: unary((x) => F.gelu(x)),
  silu: unary((x) => F.silu(x)),
  geluTanh: unary((x) => F.gelu(x, { approximate: 'tanh' })),
  softplus: unary((x, detail) => F.softplus(x, { beta: 1 + detail })),
  numbers: unary((x, detail) => F.sub(detail, F.div(F.mul(x, 3), 2 + detail))),
  sum: unary((x, detail) => F.sum(x, someAxes(x, detail), detail % 2 === 0)),
  mean: unary((x, detail) => F.mean(x, someAxes(x, detail), detail % 2 === 0)),
  logsumexp: unary((x, detail) => F.logsumexp(x, someAxes(x, detail))),
  softmax: (a, _b, detail, made) => {
    const rank = made[a].shape.length;
    return rank === 0 ? null : (all) => F.softmax(all[a], detail % rank);
  },
  flat: unary((x) => F.reshape(x, [-1])),
  reshape: unary((x, detail) => F.reshape(x, x.size % (detail + 1) === 0 ? [detail + 1, -1] : [1, -1, 1])),
  reversed: unary((x) => F.transpose(x)),
  rotated: unary((x) =>
    F.transpose(
      x,
      [...x.shape.keys()].map((axis) => (axis + 1) % x.shape.length),
    ),
  ),
  concat: (a, b, detail, made) => {
    const rank = made[a].shape.length;
    if (rank === 0 || made[a].shape.join() !== made[b].shape.join()) return null;
    return (all) => F.concat([all[a], all[b], all[a]], detail % rank);
  },
  stack: (a, b, detail, made) =>
    made[a].shape.join() !== made[b].shape.join()
      ? null
      : (all) => F.stack([all[b], all[a]], detail % (made[a].shape.length + 1)),
  slice: unary((x, detail) => F.slice(x, someRanges(x, detail))),
  broadcastTo: unary((x, detail) => F.broadcastTo(x, [1 + (detail % 3), ...x.shape])),
  gram: (a, _b, _detail, made) => (made[a].shape.length === 0 ? null : (all) => F.matmul(all[a], flipped(all[a]))),
  matmul: (a, b, _detail, made) => {
    const [left, right] = [made[a].shape, made[b].shape];
    const K = left.at(-1);
    if (left.length === 0 || right.length === 0 || (right.at(-2) ?? right[0]) !== K) return null;
    if (!broadcast(left.slice(0, -2), right.slice(0, -2))) return null;
    return (all) => F.matmul(all[a], all[b]);
  },
};
const NAMES = Object.keys(OPERATIONS);

const shape = fc
  .array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 })
  .filter((sizes) => sizes.filter((n) => n > 1).length < 3);
const graph = fc.record({
  shapes: fc.array(shape, { minLength: 1, maxLength: 3 }),
  seed: fc.nat(1e6),
  choices: fc.array(fc.record({ operation: fc.nat(1e6), a: fc.nat(100), b: fc.nat(100), detail: fc.nat(63) }), {
    minLength: 1,
    maxLength: 10,
  }),
});

/** How often each operation was part of a graph. */
const used = new Map<string, number>();

/** The steps of a graph, decided once, on the values of its leaves. */
function plan(leaves: readonly Tensor[], choices: readonly Choices[]): Step[] {
  const made = [...leaves];
  return choices.flatMap(({ operation, a, b, detail }) => {
    const name = NAMES[operation % NAMES.length];
    const step = OPERATIONS[name](a % made.length, b % made.length, detail, made);
    if (step === null) return [];
    used.set(name, (used.get(name) ?? 0) + 1);
    const out = step(made);
    const tamed: Step =
      out.size > MOST_VALUES
        ? (all) => F.mean(step(all), 0)
        : largest(out.data) > LARGEST
          ? (all) => F.tanh(step(all))
          : step;
    made.push(tamed(made));
    return [tamed];
  });
}

/**
 * What the last step makes, or, for an odd number of steps, all that the steps make behind each other: then every one
 * of them has a gradient of its own to carry, and those of others.
 */
function run(leaves: readonly Tensor[], steps: readonly Step[]): Tensor {
  const made = [...leaves];
  for (const step of steps) made.push(step(made));
  if (steps.length % 2 === 0) return made[made.length - 1];
  return F.concat(made.slice(leaves.length).map((x) => F.reshape(x, [-1])));
}

type Graph = typeof graph extends fc.Arbitrary<infer G> ? G : never;

/** The leaves of a graph, with values of their own, and its steps. */
function grow({ shapes, seed, choices }: Graph): { leaves: Tensor[]; steps: Step[] } {
  const random = new Random(seed);
  const leaves = shapes.map((sizes) => tensor(random.randn(sizes, 'float64'), { requiresGrad: true }));
  return { leaves, steps: noGrad(() => plan(leaves, choices)) };
}

/** Takes the gradients out of the leaves; zeros where there is none. */
function gradientsOf(leaves: readonly Tensor[]): NDArray[] {
  return leaves.map((leaf) => {
    const data = leaf.grad?.data ?? zeros(leaf.shape, leaf.dtype);
    leaf.grad = null;
    return data;
  });
}

test('gradients of random graphs agree with numerical ones', { tags: 'slow' }, () => {
  const agree = (g: Graph): void => {
    const { leaves, steps } = grow(g);
    gradCheck((...inputs) => run(inputs, steps), leaves, { eps: 1e-5, atol: 1e-6, rtol: 1e-5 });
  };
  used.clear();
  fc.assert(fc.property(graph, agree), { numRuns: 200, seed: 231 });
  // The 200 are the same ones in every run, and leave nothing out.
  expect(NAMES.filter((name) => (used.get(name) ?? 0) < 5)).toEqual([]);
});

test('gradients of random graphs are the same bits in a workspace, and from a graph that is kept', () => {
  const agree = (g: Graph): void => {
    const { leaves, steps } = grow(g);
    const out = run(leaves, steps);
    const upstream = new Random(0).randn(out.shape, 'float64');
    out.backward(upstream, { retainGraph: true });
    const expected = gradientsOf(leaves);
    out.backward(upstream);
    const again = gradientsOf(leaves);
    const inside = workspace(() => {
      run(leaves, steps).backward(upstream);
      return gradientsOf(leaves);
    });
    expected.forEach((gradient, i) => {
      expect(again[i]).toEqualBits(gradient);
      expect(inside[i]).toEqualBits(gradient);
    });
  };
  fc.assert(fc.property(graph, agree), { numRuns: 100, seed: 232 });
});

test('gradients of random graphs belong to the leaves: changing them changes nothing else', () => {
  const agree = (g: Graph): void => {
    const { leaves, steps } = grow(g);
    const out = run(leaves, steps);
    const upstream = new Random(0).randn(out.shape, 'float64');
    out.backward(upstream, { retainGraph: true });
    const expected = leaves.map(({ grad, shape, dtype }) => array(grad?.data ?? zeros(shape, dtype)));
    const values = leaves.map(({ data }) => array(data));
    for (const gradient of gradientsOf(leaves)) gradient.data.fill(Number.NaN);
    out.backward(upstream);
    gradientsOf(leaves).forEach((gradient, i) => {
      expect(gradient).toEqualBits(expected[i]);
      expect(leaves[i].data).toEqualBits(values[i]);
    });
  };
  fc.assert(fc.property(graph, agree), { numRuns: 100, seed: 233 });
});
