// Uses all threads, then has nothing left to do. Prints when, so that the parent can see how long the process lingers.

import { configureKernels, Random } from '../../src/index.js';
import { kernels, threadsReady } from '../../src/kernels/index.js';

configureKernels({ threads: 3 });
const random = new Random(1);
const [a, b] = [random.randn([300, 300]), random.randn([300, 300])];
const out = new Float32Array(300 * 300);
kernels().gemm({ form: 'NN', a: a.data, b: b.data, out, N: 300, K: 300, M: 300 });
const up = threadsReady();
kernels().gemm({ form: 'NN', a: a.data, b: b.data, out, N: 300, K: 300, M: 300 });
console.log(JSON.stringify({ up, at: Date.now() }));
if (process.argv.includes('--throw')) throw new Error('on purpose');
if (process.argv.includes('--exit')) process.exit(3);
