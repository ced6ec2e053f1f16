// Trains a net on all ranks, and on each by itself, and prints what each rank has found, a line of JSON a rank.

import { createHash } from 'node:crypto';
import { hostValues } from '../../src/arrays/index.js';
import { type Communicator, mpi } from '../../src/distributed/index.js';
import { DataLoader, fit, manualSeed, nn, optim, Random } from '../../src/index.js';

const comm = mpi();
const random = new Random(7);
const [X, y] = [random.randn([50, 2, 6, 6], 'float64'), random.randint(0, 3, 50)];

/** The state of a convnet after ten steps on batches of 12 examples, the last of an epoch with two. */
function trained(distributed?: Communicator) {
  manualSeed(1);
  const net = new nn.Sequential(
    new nn.Conv2d(2, 4, 3, { padding: 1 }),
    new nn.BatchNorm2d(4),
    new nn.ReLU(),
    new nn.Flatten(),
    new nn.Linear(144, 8),
    new nn.Dropout(0.3),
    new nn.Linear(8, 3),
  ).double();
  const optimizer = new optim.SGD(net.parameters(), { lr: 0.05, momentum: 0.9 });
  const loader = new DataLoader({ X, y }, { batchSize: 12, shuffle: true, seed: 3 });
  const shared = distributed === undefined ? {} : { distributed, syncBatchnorm: true, verify: 1 };
  fit(net, loader, { optimizer, epochs: 2, verbose: false, ...shared });
  return Object.values(net.stateDict()).map((array) => Float64Array.from(hostValues(array)));
}

const [shared, alone] = [trained(comm), trained()];
const apart = shared.map((values, i) => Math.max(...values.map((value, j) => Math.abs(value - alone[i][j]))));
const hash = createHash('sha256');
for (const values of shared) hash.update(new Uint8Array(values.buffer));
const { rank, size } = comm;
const node = process.env.SLURMD_NODENAME;
console.log(JSON.stringify({ rank, size, node, bits: hash.digest('hex'), apart: Math.max(...apart) }));
