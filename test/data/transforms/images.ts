import { array, type DType, type NDArray } from '../../../src/index.js';

/** Images (N, C, H, W) whose pixels are all different: 1, 2, 3 and so on. */
export function numbered(shape: readonly number[], dtype: DType = 'float32'): NDArray {
  const size = shape.reduce((product, n) => product * n, 1);
  return array(
    Float64Array.from({ length: size }, (_, i) => i + 1),
    shape,
    dtype,
  );
}
