// Runs on a page, or in a worker that a page starts from it: configures the library, trains a little, waits for
// threads, lets a kernel trap, trains again, and says what it ran on each time and what came out.

import { configureKernels, type KernelInfo, type KernelSettings, kernelInfo, ready } from '../../src/index.js';
import { kernels, residentZeros } from '../../src/kernels/index.js';
import { convnetLosses } from '../helpers/convnet-losses.js';

export interface Ran {
  /** Before and after `ready()`. */
  readonly before: KernelInfo;
  readonly after: KernelInfo;
  readonly losses: { readonly before: number[]; readonly after: number[] };
  /** The error of a kernel that traps in one of its items, on whichever thread that is. */
  readonly trap: string;
  /** What another configuration with as many threads ran on. */
  readonly again: KernelInfo;
}

async function run(settings: Partial<KernelSettings>): Promise<Ran> {
  const before = configureKernels(settings);
  const first = convnetLosses();
  const after = await ready();
  const trap = trapped();
  const losses = { before: first, after: convnetLosses() };
  configureKernels({});
  await ready();
  const second = convnetLosses();
  if (String(second) !== String(first)) throw new Error('other bits after another configuration');
  return { before, after, trap, losses, again: kernelInfo() };
}

function trapped(): string {
  const rows = Int32Array.from({ length: 64 }, (_, i) => (i === 40 ? 200_000 : i));
  // A source on the heap would not be the kernel's.
  const [x, out] = [residentZeros([64, 4096], 'float32').data, new Float32Array(64 * 4096)];
  try {
    kernels().gatherRows(x as Float32Array, rows, out, 4096);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

if (typeof window === 'object') Object.assign(window, { run });
else {
  self.onmessage = async ({ data }) => {
    try {
      self.postMessage({ ran: await run(data) });
    } catch (error) {
      self.postMessage({ error: String(error) });
    }
  };
}
