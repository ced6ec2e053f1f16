import { createHash } from 'node:crypto';
import type { Floats } from '../../src/arrays/index.js';
import { type Kernels, kernels } from '../../src/kernels/index.js';
import type { PlainKernels } from '../../src/kernels/types.js';
import { Draw, type Prepare } from './draw.js';
import { activations, arithmetic, losses, rows } from './elements.js';
import { images } from './images.js';
import { normalizations } from './normalizations.js';
import { updates } from './updates.js';

/** Every kernel that has a loop in AssemblyScript. */
const PREPARE: Record<Exclude<keyof Kernels, 'name' | keyof PlainKernels>, Prepare> = {
  ...arithmetic,
  ...rows,
  ...activations,
  ...losses,
  ...normalizations,
  ...images,
  ...updates,
};

export const KERNELS = Object.keys(PREPARE) as (keyof typeof PREPARE)[];

/** A call of a kernel, and a hash of all that it left behind. */
export interface Outcome {
  readonly index: number;
  readonly kernel: string;
  readonly dtype: string;
  readonly hash: string;
}

/** Makes call number `index`: of the kernels one after the other. */
export function outcome(seed: number, index: number): Outcome {
  const kernel = KERNELS[index % KERNELS.length];
  const draw = new Draw(`${seed}/${index}`);
  const run = PREPARE[kernel](draw);
  const returned = Float64Array.of(Number(run(kernels()) ?? 0));
  const hash = createHash('sha256');
  for (const values of [...draw.arrays, returned]) hash.update(bytesOf(values));
  return { index, kernel, dtype: draw.dtype, hash: hash.digest('hex').slice(0, 16) };
}

/** The bits of values. All NaN are one: WebAssembly leaves open which one an operation gives. */
function bytesOf(values: Floats): Uint8Array {
  const copy = values.slice();
  for (let i = 0; i < copy.length; i++) if (Number.isNaN(copy[i])) copy[i] = Number.NaN;
  return new Uint8Array(copy.buffer, copy.byteOffset, copy.byteLength);
}
