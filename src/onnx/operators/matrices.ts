import { F, type Tensor } from '../../autograd/index.js';
import { flag, float, type Operator, operator } from '../operator.js';
import { ofItsKind, tensorOf } from '../values.js';

interface GemmAttributes {
  readonly alpha: number;
  readonly beta: number;
  readonly transA: number;
  readonly transB: number;
}

/** `alpha · op(a) · op(b) + beta · c`. */
function gemm(a: Tensor, b: Tensor, c: Tensor | null, { alpha, beta, transA, transB }: GemmAttributes): Tensor {
  const rows = transA === 1 ? F.transpose(a) : a;
  const isBias = c === null || (c.shape.length === 1 && c.shape[0] === b.shape[transB === 1 ? 0 : 1]);
  if (alpha === 1 && (c === null || beta === 1) && isBias) {
    return F.linear(rows, transB === 1 ? b : F.transpose(b), c);
  }
  const product = F.matmul(rows, transB === 1 ? F.transpose(b) : b);
  const scaled = alpha === 1 ? product : F.mul(product, alpha);
  if (c === null || beta === 0) return scaled;
  return F.add(scaled, beta === 1 ? c : F.mul(c, beta));
}

export const MATRICES: Readonly<Record<string, Operator>> = {
  Gemm: operator({
    attributes: { alpha: float(1), beta: float(1), transA: flag(0), transB: flag(0) },
    inputs: [2, 3],
    run: ([a, b, c = null], attributes, run) =>
      ofItsKind(a, run, (x, like) => gemm(x, tensorOf(b, like), c && tensorOf(c, like), attributes)),
  }),
  MatMul: operator({
    attributes: {},
    inputs: [2, 2],
    run: ([a, b], _, run) => ofItsKind(a, run, (x, like) => F.matmul(x, tensorOf(b, like))),
  }),
};
