// A layer of your own: a forward and a backward function, their gradient check, and the layer in a Sequential.
//
// It is a layer of radial basis functions, out[n, m] = exp(−‖x[n] − c[m]‖²): each output is 1 at its centre c[m] and
// falls off around it. A linear layer behind it can tell the inside of a ring from the ring, which a linear layer alone
// cannot.

import {
  array,
  checkAccuracy,
  DataLoader,
  evalNumericalGradientArray,
  fit,
  manualSeed,
  type NDArray,
  nn,
  op,
  optim,
  Random,
  relError,
  type Tensor,
  type TensorLike,
  zeros,
} from 'layerwise';

interface RbfCache {
  readonly x: NDArray;
  readonly c: NDArray;
  readonly out: NDArray;
}

/** @param x - Shape (N, D). @param c - Centres, shape (M, D). @returns `out`, shape (N, M), and the cache. */
function rbfForward(x: NDArray, c: NDArray): [out: NDArray, cache: RbfCache] {
  const [N, D] = x.shape;
  const [M] = c.shape;
  const out = zeros([N, M], x.dtype);
  for (let n = 0; n < N; n++) {
    for (let m = 0; m < M; m++) {
      let distance = 0;
      for (let d = 0; d < D; d++) distance += (x.get(n, d) - c.get(m, d)) ** 2;
      out.set(n, m, Math.exp(-distance));
    }
  }
  return [out, { x, c, out }];
}

/** d(out[n, m]) / d(x[n]) = −2 · (x[n] − c[m]) · out[n, m], and the opposite for c[m]. */
function rbfBackward(dout: NDArray, { x, c, out }: RbfCache): { dx: NDArray; dc: NDArray } {
  const [N, D] = x.shape;
  const [M] = c.shape;
  const dx = zeros([N, D], x.dtype);
  const dc = zeros([M, D], c.dtype);
  for (let n = 0; n < N; n++) {
    for (let m = 0; m < M; m++) {
      const factor = -2 * dout.get(n, m) * out.get(n, m);
      for (let d = 0; d < D; d++) {
        const gradient = factor * (x.get(n, d) - c.get(m, d));
        dx.set(n, d, dx.get(n, d) + gradient);
        dc.set(m, d, dc.get(m, d) - gradient);
      }
    }
  }
  return { dx, dc };
}

// The check, in float64: the formula against centred differences, for a random upstream gradient.
const random = new Random(0);
const x = random.randn([4, 3], 'float64');
const c = random.randn([5, 3], 'float64');
const dout = random.randn([4, 5], 'float64');
const { dx, dc } = rbfBackward(dout, rbfForward(x, c)[1]);
const numericalDx = evalNumericalGradientArray((x: NDArray) => rbfForward(x, c)[0], x, dout);
const numericalDc = evalNumericalGradientArray((c: NDArray) => rbfForward(x, c)[0], c, dout);
console.log(`dx is right: ${relError(dx, numericalDx) < 1e-7}`);
console.log(`dc is right: ${relError(dc, numericalDc) < 1e-7}`);

// `op` makes a differentiable function of tensors from the pair; a Module holds the centres.
const rbf = op(rbfForward, rbfBackward, { name: 'rbf' });

class RadialBasis extends nn.Module {
  readonly centres: Tensor;

  constructor(inFeatures: number, outFeatures: number, seed: number) {
    super();
    this.centres = new nn.Parameter(new Random(seed).randn([outFeatures, inFeatures]));
  }

  forward(x: TensorLike): Tensor {
    return rbf(x, this.centres);
  }
}

/** Points in the plane: those of class 1 are less than 1 from the origin, those of class 0 between 1.3 and 2.3. */
function disc(count: number): { X: NDArray; y: number[] } {
  const y = Array.from({ length: count }, (_, n) => n % 2);
  const points = y.map((label) => {
    const [u, angle] = random.rand([2]).data;
    const radius = label === 1 ? Math.sqrt(u) : 1.3 + u;
    return [radius * Math.cos(2 * Math.PI * angle), radius * Math.sin(2 * Math.PI * angle)];
  });
  return { X: array(points), y };
}

manualSeed(0);
const model = new nn.Sequential(new RadialBasis(2, 8, 0), new nn.Linear(8, 2));
const train = new DataLoader(disc(400), { batchSize: 20, shuffle: true, seed: 0 });
const test = new DataLoader(disc(400), { batchSize: 400 });

fit(model, train, { optimizer: new optim.Adam(model.parameters(), { lr: 3e-2 }), epochs: 10, verbose: false });
console.log(`test accuracy: ${checkAccuracy(test, model).toFixed(3)}`);
