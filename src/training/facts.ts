import { fingerprint } from '../arrays/index.js';
import type { CheckedDistributed } from './distributed-options.js';
import { Bucket, checkAlike, type Facts, partOf, Telling, together } from './parallel/index.js';
import type { RunConfig } from './run-config.js';

/**
 * What the ranks of a run have in common beside what a checkpoint is compared by.
 *
 * @param code - Functions and classes that take part, by what errors call them; other values do not count.
 */
export function factsOf(
  { options, data, model, kernels }: RunConfig,
  { syncBatchnorm, verify }: Pick<CheckedDistributed, 'syncBatchnorm' | 'verify'>,
  code: readonly (readonly [name: string, value: unknown])[],
): Facts {
  // What only rank 0 acts upon, and what a program may give to one rank alone.
  const {
    verbose: _verbose,
    printEvery: _every,
    onStep: _step,
    onIteration: _iteration,
    onEpoch: _epoch,
    ...own
  } = options;
  const { threads: _threads, ...engine } = kernels;
  const texts = code.filter(([, value]) => typeof value === 'function');
  return {
    options: { ...own, syncBatchnorm, verify },
    data,
    model,
    kernels: engine,
    'the code of': {
      layerwise: hashOf(LIBRARY),
      ...Object.fromEntries(texts.map(([name, value]) => [name, hashOf(String(value))])),
    },
  };
}

/** By which versions of the library are told apart that do not go together. */
const LIBRARY = [Bucket, Telling, checkAlike, partOf, together].join();

function hashOf(text: string): string {
  return fingerprint(Array.from(text, (character) => character.codePointAt(0) as number));
}
