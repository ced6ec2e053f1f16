// Ten thousand steps of a training loop written by hand with F, outside of any workspace; then as many with each
// step in one. Prints for both how the resident set grew, in MB, and the first and the last loss.

import { F, optim, Random, type Tensor, tensor, workspace } from '../../src/index.js';

const STEPS = 10_000;
const random = new Random(1);
const x = random.randn([8, 10]);
const y = random.randint(0, 3, 8);
const parameter = (...shape: number[]): Tensor => tensor(random.randn(shape), { requiresGrad: true });
const parameters = [parameter(10, 10), parameter(10), parameter(3, 10), parameter(3)];
const [w1, b1, w2, b2] = parameters;

function step(): number {
  const loss = F.crossEntropy(F.linear(F.relu(F.linear(x, w1, b1)), w2, b2), y);
  loss.backward();
  for (const { data, grad } of parameters) {
    if (grad !== null) optim.sgd(data, grad.data, { learningRate: 2e-3 });
  }
  for (const p of parameters) p.grad = null;
  return loss.item();
}

const megabytes = (): number => process.memoryUsage.rss() / 2 ** 20;

function train(run: () => number) {
  const first = run();
  const before = megabytes();
  let [most, last] = [before, first];
  for (let i = 1; i < STEPS; i++) {
    last = run();
    if (i % 250 === 0) most = Math.max(most, megabytes());
  }
  return { growth: most - before, first, last };
}

console.log(JSON.stringify({ bare: train(step), inWorkspace: train(() => workspace(step)) }));
