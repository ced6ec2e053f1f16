import { describe, expect, test } from 'vitest';
import { commonestMistake } from '../../scripts/experiments/support/predictions.js';
import { StandardizedNet } from '../../scripts/experiments/support/standardized-net.js';
import { array, FullyConnectedNet, Random } from '../../src/index.js';
import '../helpers/matchers.js';

test('the commonest mistake, of the shares of each class', () => {
  const confusion = [
    [0.5, 0.25, 0.25],
    [0.5, 0.5, 0],
    [0, 0, 1],
  ];
  expect(commonestMistake(confusion, ['cat', 'dog', 'frog'])).toBe(
    "The commonest mistake is to take 'dog' for 'cat' (50.0% of them).",
  );
});

describe('StandardizedNet', () => {
  const net = () => new FullyConnectedNet([6], { inputDim: 12, numClasses: 3, weightScale: 0.5, seed: 1 });
  const images = new Random(2).randn([4, 1, 3, 4]);

  test('brings each image to mean 0 and variance 1', () => {
    const model = new StandardizedNet(net(), new Random(3));
    const scaled = array(images);
    for (let i = 0; i < scaled.data.length; i++) scaled.data[i] = 30 * scaled.data[i] - 200;
    expect(model.loss(scaled)).toBeAllClose(model.loss(images), { rtol: 1e-3, atol: 1e-3 });
    const rows = array(images, [4, 12]);
    for (let n = 0; n < 4; n++) {
      const row = rows.data.subarray(12 * n, 12 * n + 12) as Float32Array;
      const mean = row.reduce((sum: number, x: number) => sum + x, 0) / 12;
      const variance = row.reduce((sum: number, x: number) => sum + (x - mean) ** 2, 0) / 12;
      for (let i = 0; i < 12; i++) row[i] = (row[i] - mean) / Math.sqrt(variance);
    }
    expect(model.loss(images)).toBeAllClose(net().loss(rows), { rtol: 1e-3, atol: 1e-3 });
  });

  test('mirrors half of the batches in training, and none otherwise', () => {
    const model = new StandardizedNet(net(), new Random(3));
    const y = [0, 1, 2, 0];
    const mirrored = array(images.step(1, 1, 1, -1));
    const [plain, other] = [images, mirrored].map((X) => {
      const never = { randint: () => Int32Array.of(0) };
      return new StandardizedNet(net(), Object.assign(new Random(0), never)).loss(X, y).loss;
    });
    expect(Math.abs(plain - other)).toBeGreaterThan(1e-3);
    const losses = Array.from({ length: 200 }, () => model.loss(images, y).loss);
    expect(losses.every((loss) => loss === plain || loss === other)).toBe(true);
    const share = losses.filter((loss) => loss === other).length / 200;
    expect(share).toBeGreaterThan(0.35);
    expect(share).toBeLessThan(0.65);
    expect(new Set(Array.from({ length: 20 }, () => model.loss(images).get(0, 0))).size).toBe(1);
  });
});
