// Trains on all ranks; in the third step the callback of rank 1 throws.

import { mpi } from '../../src/distributed/index.js';
import { DataLoader, fit, nn, optim, Random } from '../../src/index.js';

const distributed = mpi();
const random = new Random(1);
const loader = new DataLoader({ X: random.randn([40, 4]), y: random.randint(0, 3, 40) }, { batchSize: 8 });
const model = new nn.Linear(4, 3);
const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
const onStep = ({ iteration }: { readonly iteration: number }): void => {
  if (iteration === 3 && distributed.rank === 1) throw new Error('no more memory');
};
fit(model, loader, { optimizer, distributed, onStep, printEvery: 1 });
