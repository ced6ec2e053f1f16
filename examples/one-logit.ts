// Yes or no from one number: a net with one output, whose sign is the class, and the binary cross-entropy.

import {
  array,
  checkAccuracy,
  DataLoader,
  F,
  fit,
  type Labels,
  manualSeed,
  nn,
  optim,
  Random,
  type Tensor,
} from 'layerwise';

/** Points of two classes: the interleaved arcs that are known as two moons. */
function moons(count: number, seed: number): { X: ReturnType<typeof array>; y: number[] } {
  const random = new Random(seed);
  const y = Array.from({ length: count }, (_, n) => n % 2);
  const points = y.map((label) => {
    const angle = Math.PI * random.rand([1]).data[0];
    const [dx, dy] = random.randn([2]).data;
    const [cx, cy] = label === 1 ? [1 - Math.cos(angle), 0.5 - Math.sin(angle)] : [Math.cos(angle), Math.sin(angle)];
    return [cx + 0.1 * dx, cy + 0.1 * dy];
  });
  return { X: array(points), y };
}

/**
 * The mean of −log P(y), where P(1) = sigmoid(logit): the binary cross-entropy.
 *
 * @param logits - Shape (N, 1). @param y - N labels, 0 or 1.
 */
function logisticLoss(logits: Tensor, y: Labels): Tensor {
  return F.binaryCrossEntropyWithLogits(F.flatten(logits, 0), array(y));
}

manualSeed(0);
const model = new nn.Sequential(new nn.Linear(2, 16), new nn.ReLU(), new nn.Linear(16, 1));
const train = new DataLoader(moons(400, 0), { batchSize: 20, shuffle: true, seed: 0 });
const test = new DataLoader(moons(400, 1), { batchSize: 400 });

const optimizer = new optim.Adam(model.parameters(), { lr: 2e-2 });
const history = fit(model, train, { optimizer, loss: logisticLoss, epochs: 20, verbose: false });
const { lossHistory } = history;
console.log(`loss before: ${lossHistory[0].toFixed(3)}`);
console.log(`loss after: ${(lossHistory.slice(-20).reduce((sum, loss) => sum + loss, 0) / 20).toFixed(3)}`);

// One output is scored by its sign: above zero is class 1.
console.log(`test accuracy: ${checkAccuracy(test, model).toFixed(3)}`);
