// Runs the trial of an index: `search --trial-index INDEX FOLDER TRIAL`, as deploy/slurm.sh calls the command.

import { runByIndex } from '../../src/search/by-index/run-by-index.js';
import { haltingSearch } from '../helpers/halting-search.js';

const [, , , , index, dir, trial] = process.argv;
const place = { index: Number(index), rung: 0, threads: 1 };
const onWait = () => console.log(`trial ${index} waits`);
void runByIndex('search', dir, haltingSearch(trial), trial, { ...place, onWait }).then(({ isNew }) => {
  console.log(`trial ${index} ${isNew ? 'is' : 'was'} complete`);
});
