// A training loop of your own, with tensors and an optimizer: a curve is fitted, with no Module, no loader and no
// `fit`.

import { array, F, linspace, noGrad, optim, Random, type Tensor, type TensorLike, tensor, workspace } from 'layerwise';

const random = new Random(0);

/** Weights (out, in), as F.linear takes them, with PyTorch's default range ±1/√in. */
function weights(outFeatures: number, inFeatures: number): Tensor {
  return tensor(F.mul(F.sub(random.rand([outFeatures, inFeatures]), 0.5), 2 / Math.sqrt(inFeatures)).data, {
    requiresGrad: true,
  });
}

function biases(count: number): Tensor {
  return tensor(
    Array.from({ length: count }, () => 0),
    { requiresGrad: true },
  );
}

const parameters = [weights(32, 1), biases(32), weights(1, 32), biases(1)];
const [w1, b1, w2, b2] = parameters;

const predict = (x: TensorLike): Tensor => F.linear(F.tanh(F.linear(x, w1, b1)), w2, b2);

// 64 points of a sine, as a column each.
const points = [...linspace(-1, 1, 64).data];
const x = array(points, [64, 1]);
const y = array(
  points.map((value) => Math.sin(Math.PI * value)),
  [64, 1],
);

const optimizer = new optim.Adam(parameters, { lr: 2e-2 });

/**
 * One step. In a workspace the arrays of the step are used again by the next one; the gradients belong to the
 * parameters.
 */
function step(): number {
  return workspace(() => {
    const loss = F.mseLoss(predict(x), y);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return loss.item();
  });
}

for (let t = 1; t <= 500; t++) {
  const loss = step();
  if (t === 1 || t % 100 === 0) console.log(`loss at step ${t}: ${loss.toFixed(5)}`);
}

const middle = noGrad(() => predict(tensor([[0.5]])));
console.log(`prediction at 0.5: ${middle.item().toFixed(2)}`);
