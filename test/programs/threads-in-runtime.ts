// Shares matrix products among two threads and then one, for Deno, Bun and Node. Prints how many workers came up in the
// middle of synchronous code, what kernelInfo() says, and whether the bits agree.

import { configureKernels, kernelInfo, Random } from '../../src/index.js';
import { kernels, threadsReady } from '../../src/kernels/index.js';

const random = new Random(1);
const [a, b] = [random.randn([300, 300]), random.randn([300, 300])];
const product = (): Float32Array => {
  const out = new Float32Array(300 * 300);
  kernels().gemm({ form: 'NN', a: a.data, b: b.data, out, N: 300, K: 300, M: 300 });
  return out;
};

configureKernels({ threads: 2 });
product();
const up = threadsReady(10_000);
const onTwo = product();
const { threads, notes } = kernelInfo();
configureKernels({ threads: 1 });
const onOne = product();
console.log(JSON.stringify({ up, threads, notes, same: onTwo.every((value, i) => value === onOne[i]) }));
