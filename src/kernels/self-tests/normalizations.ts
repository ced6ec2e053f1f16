import type { Floats } from '../../arrays/index.js';
import type { ChannelShape } from '../types.js';
import type { Agrees } from './agrees.js';

/** Normalizations and their gradients, and dropout. */
export function normalizations(agrees: Agrees, some: (length: number) => Floats) {
  const [N, C, G] = [6, 10, 5];
  const squares = (length: number): Floats => some(length).map((v) => v * v);
  const epsilon = 1e-5;
  /** Passes both for features and for channels of several pixels, by itself and with an activation. */
  const both = (check: (size: number, shape: ChannelShape, relu: boolean, gelu: boolean) => boolean): boolean =>
    [1, 7].every((S) =>
      ['none', 'relu', 'gelu'].every((follows) =>
        check(N * C * S, { N, C, S }, follows === 'relu', follows === 'gelu'),
      ),
    );
  return {
    batchnorm: () =>
      both((n, shape, relu, gelu) =>
        agrees([some(n), some(C), some(C), some(n), some(C), some(C)], (k, [x, gamma, beta, out, mean, variance]) =>
          k.batchnorm({ x, gamma, beta, out, mean, variance, shape, epsilon, relu, gelu }),
        ),
      ),
    normalize: () =>
      both((n, shape, relu, gelu) =>
        agrees([some(n), some(C), some(C), some(n), some(C), squares(C)], (k, [x, gamma, beta, out, mean, variance]) =>
          k.normalize({ x, gamma, beta, out, mean, variance, shape, epsilon, relu, gelu }),
        ),
      ),
    batchnormBackward: () =>
      both((n, shape, relu, gelu) =>
        agrees(gradientOperands(some, squares, n, C), (k, [dout, x, y, mean, variance, gamma, ...out]) =>
          k.batchnormBackward({
            dout,
            x,
            y: relu ? y : null,
            beta: gelu ? gamma : null,
            mean,
            variance,
            gamma,
            dx: out[0],
            dgamma: out[1],
            dbeta: out[2],
            shape,
            epsilon,
          }),
        ),
      ),
    batchnormBackwardGraph: () =>
      agrees(gradientOperands(some, squares, N * C, C), (k, [dout, x, , mean, variance, gamma, ...out]) =>
        k.batchnormBackwardGraph({
          dout,
          x,
          mean,
          variance,
          gamma,
          dx: out[0],
          dgamma: out[1],
          dbeta: out[2],
          shape: { N, C, S: 1 },
          epsilon,
        }),
      ),
    normalizeBackward: () =>
      both((n, shape, relu, gelu) =>
        agrees(gradientOperands(some, squares, n, C), (k, [dout, x, y, mean, variance, gamma, ...out]) =>
          k.normalizeBackward({
            dout,
            x,
            y: relu ? y : null,
            beta: gelu ? gamma : null,
            mean,
            variance,
            gamma,
            dx: out[0],
            dgamma: out[1],
            dbeta: out[2],
            shape,
            epsilon,
          }),
        ),
      ),
    layernorm: () =>
      [true, false].every((relu) =>
        agrees([some(N * C), some(C), some(C), some(N * C), some(N), some(N)], (k, [x, gamma, beta, out, mean, inv]) =>
          k.layernorm({ x, gamma, beta, out, mean, inverse: inv, N, D: C, epsilon, relu }),
        ),
      ),
    layernormBackward: () =>
      [true, false].every((relu) =>
        agrees(gradientOperands(some, squares, N * C, C), (k, [dout, x, y, mean, inv, gamma, ...out]) =>
          k.layernormBackward({
            dout,
            x,
            y: relu ? y : null,
            mean,
            inverse: inv,
            gamma,
            dx: out[0],
            dgamma: out[1],
            dbeta: out[2],
            N,
            D: C,
          }),
        ),
      ),
    groupnorm: () =>
      both((n, shape) =>
        agrees([some(n), some(C), some(C), some(n), some(N * G), some(N * G)], (k, [x, gamma, beta, out, mean, inv]) =>
          k.groupnorm({ x, gamma, beta, out, mean, inverse: inv, shape, G, epsilon }),
        ),
      ),
    groupnormBackward: () =>
      both((n, shape) =>
        agrees(gradientOperands(some, squares, n, C, N * G), (k, [dout, x, , mean, inv, gamma, ...out]) =>
          k.groupnormBackward({
            dout,
            x,
            mean,
            inverse: inv,
            gamma,
            dx: out[0],
            dgamma: out[1],
            dbeta: out[2],
            shape,
            G,
          }),
        ),
      ),
    dropout: () =>
      [0, 7].every((start) =>
        agrees([some(99), some(99), some(99)], (k, [x, mask, out]) => k.dropout(x, mask, out, 0.6, [3, 7], start)),
      ),
  };
}

/** dout, x, y, mean, variance or inverse, gamma, dx, dgamma, dbeta of a normalization. */
function gradientOperands(
  some: (length: number) => Floats,
  squares: (length: number) => Floats,
  n: number,
  C: number,
  statistics = C,
): Floats[] {
  return [some(n), some(n), some(n), some(statistics), squares(statistics), some(C), some(n), some(C), some(C)];
}
