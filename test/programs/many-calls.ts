// 400,000 layer calls in one synchronous loop, outside of any workspace. Prints how the resident set grew, in MB.

import { affineReluBackward, affineReluForward, Random } from '../../src/index.js';

const random = new Random(1);
const [x, w, b] = [random.randn([10, 10]), random.randn([10, 10]), random.randn([10])];
const megabytes = (): number => process.memoryUsage.rss() / 2 ** 20;

const before = megabytes();
let most = 0;
let sum = 0;
for (let i = 0; i < 400_000; i++) {
  const [out, cache] = affineReluForward(x, w, b);
  sum += out.data[0];
  if (i % 10_000 === 0) {
    sum += affineReluBackward(out, cache).dw.data[0];
    most = Math.max(most, megabytes());
  }
}
console.log(JSON.stringify({ growth: most - before, finite: Number.isFinite(sum) }));
