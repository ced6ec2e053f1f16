// Reads states of a Solver and of fit from a file, trains each to its end, and writes what they ended with.

import { readFileSync, writeFileSync } from 'node:fs';
import { deserialize, serialize } from 'node:v8';
import type { FitState, SolverState } from '../../src/index.js';
import { bitsOf, continuedFit, continuedSolver } from '../helpers/interruptible.js';

const [, , from, to] = process.argv;
const states = deserialize(readFileSync(from)) as { solver: SolverState[]; fit: FitState[] };
const ends = {
  solver: states.solver.map((state) => bitsOf(continuedSolver(state))),
  fit: states.fit.map((state) => continuedFit(state)),
};
writeFileSync(to, serialize(ends));
