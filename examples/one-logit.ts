// Yes or no from one number: a net with one output, whose sign is the class, and the binary cross-entropy. One example
// in ten is a yes, so a weight makes a missed one count as much as the many others.

import {
  array,
  checkAccuracy,
  DataLoader,
  F,
  fit,
  type Labels,
  manualSeed,
  type NDArray,
  nn,
  optim,
  precision,
  predict,
  Random,
  recall,
  type Tensor,
} from 'layerwise';

/** Points of two classes, the interleaved arcs that are known as two moons: every tenth is of class 1. */
function moons(count: number, seed: number): { X: NDArray; y: number[] } {
  const random = new Random(seed);
  const y = Array.from({ length: count }, (_, n) => (n % 10 === 0 ? 1 : 0));
  const points = y.map((label) => {
    const angle = Math.PI * random.rand([1]).data[0];
    const [dx, dy] = random.randn([2]).data;
    const [cx, cy] = label === 1 ? [1 - Math.cos(angle), 0.5 - Math.sin(angle)] : [Math.cos(angle), Math.sin(angle)];
    return [cx + 0.25 * dx, cy + 0.25 * dy];
  });
  return { X: array(points), y };
}

const train = moons(1000, 0);
const test = moons(1000, 1);

/** A net that has learned with class 1 counted `posWeight` times. */
function learned(posWeight: number): nn.Module {
  manualSeed(0);
  const model = new nn.Sequential(new nn.Linear(2, 16), new nn.ReLU(), new nn.Linear(16, 1));
  /** @param logits - Shape (N, 1). @param y - N labels, 0 or 1. */
  const loss = (logits: Tensor, y: Labels): Tensor =>
    F.binaryCrossEntropyWithLogits(logits.flatten(0), array(y), { posWeight: array([posWeight]) });
  const optimizer = new optim.Adam(model.parameters(), { lr: 2e-2 });
  const loader = new DataLoader(train, { batchSize: 50, shuffle: true, seed: 0 });
  fit(model, loader, { optimizer, loss, epochs: 15, verbose: false });
  return model;
}

for (const posWeight of [1, 9]) {
  const model = learned(posWeight);
  // One output is scored by its sign: above zero is class 1.
  const accuracy = checkAccuracy(new DataLoader(test, { batchSize: 500 }), model);
  const classes = predict(test.X, model, { as: 'classes' });
  const found = recall(classes, test.y, { average: null })[1];
  const right = precision(classes, test.y, { average: null })[1];
  console.log(`class 1 counted ${posWeight} times:`);
  console.log(`  test accuracy ${accuracy.toFixed(2)}, found ${found.toFixed(2)}, of those right ${right.toFixed(2)}`);
}
