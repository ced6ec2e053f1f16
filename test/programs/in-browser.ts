// Runs on a page, or in a worker that a page starts from it: configures the library, trains a little, waits for
// threads, trains again, and says what it ran on each time and what came out.

import { configureKernels, type KernelInfo, type KernelSettings, kernelInfo, ready } from '../../src/index.js';
import { convnetLosses } from '../helpers/convnet-losses.js';

export interface Ran {
  /** Before and after `ready()`. */
  readonly before: KernelInfo;
  readonly after: KernelInfo;
  readonly losses: { readonly before: number[]; readonly after: number[] };
  /** What another configuration with as many threads ran on. */
  readonly again: KernelInfo;
}

async function run(settings: Partial<KernelSettings>): Promise<Ran> {
  const before = configureKernels(settings);
  const first = convnetLosses();
  const after = await ready();
  const losses = { before: first, after: convnetLosses() };
  configureKernels({});
  await ready();
  const second = convnetLosses();
  if (String(second) !== String(first)) throw new Error('other bits after another configuration');
  return { before, after, losses, again: kernelInfo() };
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
