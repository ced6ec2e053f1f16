import { dropoutThreshold } from '../../reference/dropout.js';
import type { DropoutKernels } from '../../types.js';
import { type Call, chunks } from '../call.js';
import { Kernel } from '../kernel.generated.js';

export function bindDropout(call: Call): DropoutKernels {
  return {
    dropout(x, mask, out, p, key, start) {
      const places = [call.read(x), call.written(mask), call.written(out)];
      const integers = [...places, x.length, ...key, dropoutThreshold(p), start];
      call.run(Kernel.Dropout, x, chunks(x.length), integers, [1 / p]);
    },
  };
}
