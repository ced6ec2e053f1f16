// Work that is shared among threads, where there are any. What starts them must not complain.
import { affineForward, kernelInfo, Random, zeros } from 'layerwise';

const x = new Random(231).randn([512, 512], 'float32');
const [once] = affineForward(x, x, zeros([512], 'float32'));
const end = performance.now() + 1000;
while (performance.now() < end) {
  const [again] = affineForward(x, x, zeros([512], 'float32'));
  if (again.data.some((value, i) => value !== once.data[i])) throw new Error('the same product has two results');
}
if (!(kernelInfo().threads >= 1)) throw new Error(`${kernelInfo().threads} threads`);
