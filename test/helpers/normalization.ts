import fs from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { array, type DType, hostValues, type NDArray, Random } from '../../src/arrays/index.js';
import type {
  BatchnormParam,
  batchnormBackward,
  batchnormForward,
  NormalizationGrads,
} from '../../src/layers/index.js';
import { arraysOf, expectGolden, expectPrinted, type FixtureCase } from './fixtures.js';

export { valuesOf } from './broadcasting.js';

/** A case of the fixtures of normalization and dropout. */
export interface NormalizationCase extends FixtureCase {
  /** Results outside of cs231n's own functions: gradients of a batch normalization in test mode. */
  readonly expected_optional?: FixtureCase['expected'];
}

/** The cases that run `op`, or all where none is given, of the given files of `test/fixtures`. */
export function casesIn<C extends { readonly op: string } = NormalizationCase>(
  files: readonly string[],
  op?: string,
): C[] {
  return files.flatMap((file) => {
    const text = fs.readFileSync(path.join(__dirname, '..', 'fixtures', `${file}.json`), 'utf8');
    return (JSON.parse(text) as { cases: C[] }).cases.filter((c) => op === undefined || c.op === op);
  });
}

/** A case that also expects its optional results. */
function withOptional(c: NormalizationCase): FixtureCase {
  return { ...c, expected: { ...c.expected, ...c.expected_optional } };
}

/** Mean and (biased) standard deviation of each of `runs` neighbouring runs of values, in float64. */
export function momentsOf(a: NDArray, runs: number): { mean: NDArray; std: NDArray } {
  const values = Float64Array.from(hostValues(a));
  const length = values.length / runs;
  const mean = new Float64Array(runs);
  const std = new Float64Array(runs);
  for (let run = 0; run < runs; run++) {
    const part = values.subarray(run * length, (run + 1) * length);
    mean[run] = part.reduce((sum, v) => sum + v, 0) / length;
    std[run] = Math.sqrt(part.reduce((sum, v) => sum + (v - mean[run]) ** 2, 0) / length);
  }
  return { mean: array(mean), std: array(std) };
}

/** The axes of (N, C, …) with C in front, so that a channel is one run of values. */
export function channelsFirst(a: NDArray): NDArray {
  return a.transpose(1, 0, ...a.shape.slice(2).map((_, axis) => axis + 2));
}

/** Checks that each of `runs` neighbouring runs of values has mean 0 and standard deviation 1 within `atol`. */
export function expectNormalized(a: NDArray, runs: number, atol: number): void {
  const { mean, std } = momentsOf(a, runs);
  const ones = array(new Float64Array(runs).fill(1));
  expect(mean, 'means').toBeAllClose(array(new Float64Array(runs)), { rtol: 0, atol });
  expect(std, 'standard deviations').toBeAllClose(ones, { rtol: 0, atol });
}

/** The three gradients of a normalization. */
export function gradsOf({ dx, dgamma, dbeta }: NormalizationGrads): [dx: NDArray, dgamma: NDArray, dbeta: NDArray] {
  return [dx, dgamma, dbeta];
}

/** Random values of deviation 1 around a mean of 1e4. */
export function farFromZero(shape: readonly number[], dtype: DType): NDArray {
  const x = new Random('far from zero').randn(shape, dtype);
  for (let i = 0; i < x.size; i++) x.data[i] += 1e4;
  return x;
}

type BatchnormPair = [forward: typeof batchnormForward, ...backwards: (typeof batchnormBackward)[]];

/** Runs a case of batch normalization, and compares with all that it expects, in float64 with what is printed too. */
export function expectGoldenBatchnorm(
  c: NormalizationCase,
  dtype: DType,
  [forward, ...backwards]: BatchnormPair,
): void {
  const { x, dout } = arraysOf(c.inputs, dtype);
  const { gamma, beta } = arraysOf(c.params, dtype);
  const param = batchnormParamOf(c, dtype);
  const [out, cache] = forward(x, gamma, beta, param);
  const statistics = { running_mean: param.runningMean as NDArray, running_var: param.runningVar as NDArray };
  const results = { out, ...(param.mode === 'train' ? statistics : {}) };
  for (const backward of backwards) {
    expectGolden(withOptional(c), { ...results, ...(dout && backward(dout, cache)) }, dtype);
  }
  if (dtype === 'float64') expectPrintedMoments(c, channelsFirst(x), channelsFirst(out), x.shape[1]);
}

/**
 * Compares means and deviations of the input and the output, run by run, with those that the notebook prints, if any.
 */
export function expectPrintedMoments(c: NormalizationCase, x: NDArray, out: NDArray, runs: number): void {
  const [input, output] = [momentsOf(x, runs), momentsOf(out, runs)];
  const found = { x_mean: input.mean, x_std: input.std, out_mean: output.mean, out_std: output.std };
  const printed = c.printed ?? {};
  expectPrinted(c, Object.fromEntries(Object.entries(found).filter(([name]) => name in printed)));
}

/** The parameters of a batch normalization of a case, with the running statistics that it starts from. */
export function batchnormParamOf(c: NormalizationCase, dtype: DType): BatchnormParam {
  const { running_mean: runningMean, running_var: runningVar } = arraysOf(c.inputs, dtype);
  const mode = c.config.mode === 'test' ? 'test' : 'train';
  return { mode, eps: Number(c.config.eps), momentum: Number(c.config.momentum), runningMean, runningVar };
}
