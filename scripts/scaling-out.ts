// The tables of docs/scaling-out.md:
//
//   npx ts-node scripts/scaling-out.ts             computes them from scripts/scaling/measured.json
//   npx ts-node scripts/scaling-out.ts --measure   measures first: a few minutes on a machine that does nothing else

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { writeAtomically } from '../src/files/index.js';
import { type Measured, measureNets, readMeasured, surroundings, writeMeasured } from './scaling/measure.js';
import { withTables } from './scaling/tables.js';

const PAGE = 'docs/scaling-out.md';

interface Options {
  readonly measure?: true;
  readonly rounds: number;
  readonly seconds: number;
  readonly mpiexec: string;
}

const options = new Command('scaling-out')
  .option('--measure', 'measure steps and all-reduces first')
  .option('--rounds <n>', 'rounds of measurements, of which the fastest counts', Number, 3)
  .option('--seconds <n>', 'of each measurement', Number, 1)
  .option('--mpiexec <command>', 'what starts two ranks', 'mpiexec.mpich')
  .parse()
  .opts<Options>();
if (options.measure) writeMeasured(measured(options));
writeAtomically('scaling-out', PAGE, withTables(readFileSync(PAGE, 'utf8'), readMeasured()));

function measured({ rounds, seconds, mpiexec }: Options): Measured {
  const alone = measureNets(rounds, seconds);
  const program = ['node_modules/.bin/ts-node', 'scripts/scaling/two-ranks.ts', `${rounds}`, `${seconds}`];
  const { stdout, stderr, status } = spawnSync(mpiexec, ['-n', '2', ...program], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`scaling-out: ${mpiexec} -n 2 ended with ${status}: ${stderr}`);
  const { twoRanks, allReduces } = JSON.parse(stdout);
  const nets = Object.entries(alone).map(([name, net]) => [name, { ...net, twoRanks: twoRanks[name] }]);
  return { ...surroundings(), nets: Object.fromEntries(nets), allReduces };
}
