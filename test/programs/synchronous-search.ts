// Trials of a search in one synchronous loop, which never returns to the event loop: `tensor`, a Solver with Adam
// (`solver`), `fit`, or all three in turn. Arguments: how many trials, and which. Prints the most bytes that were in
// use, how many bytes a trial takes, and the milliseconds that each tenth of the trials took.

import { fit, kernelInfo, nn, optim, Random, Solver, TwoLayerNet, tensor } from '../../src/index.js';

const random = new Random(1);
const [X, y] = [random.randn([100, 3072]), random.randint(0, 10, 100)];
const data = { XTrain: X.hi(10), yTrain: y.slice(0, 10), XVal: X.hi(10), yVal: y.slice(0, 10) };

const trials: Readonly<Record<string, () => unknown>> = {
  tensor: () => tensor(X, { requiresGrad: true }),
  solver() {
    const model = new TwoLayerNet({ seed: 1 });
    new Solver(model, data, { updateRule: 'adam', batchSize: 10, verbose: false, seed: 1 }).step();
  },
  fit() {
    const model = new nn.Sequential(new nn.Linear(3072, 100), new nn.ReLU(), new nn.Linear(100, 10));
    const optimizer = new optim.Adam(model.parameters());
    fit(model, [[data.XTrain, data.yTrain]], { optimizer, epochs: 1, verbose: false });
  },
};

const used = (): number => kernelInfo().memory?.used ?? 0;

const [count = '5000', which = 'all'] = process.argv.slice(2);
const chosen = which === 'all' ? Object.values(trials) : [trials[which]];
const trial = (): void => {
  for (const run of chosen) run();
};
const before = used();
trial();
const each = used() - before;
let most = 0;
const times: number[] = [];
for (let tenth = 0; tenth < 10; tenth++) {
  const start = performance.now();
  for (let i = 0; i < Number(count) / 10; i++) {
    trial();
    most = Math.max(most, used());
  }
  times.push(Math.round(performance.now() - start));
}
console.log(JSON.stringify({ most, each, times }));
