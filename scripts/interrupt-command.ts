// Ends runs of `layerwise train` by SIGINT, SIGTERM and SIGKILL at random moments, from the start of the process on,
// resumes them by `--resume`, and compares the folders with those of runs that nobody has interrupted.

import { Command } from 'commander';
import { interruptRuns } from './interrupt-command/trials.js';
import { finish, wholeNumber } from './options.js';

const command = new Command('interrupt-command')
  .description('Ends runs of the command train by signals, resumes them, and compares their bits.')
  .option('--runs <n>', 'how many runs', wholeNumber, 100)
  .option('--jobs <n>', 'how many at a time', wholeNumber, 2)
  .option('--seed <seed>', 'seed of the moments', '0')
  .option('--models <name...>', 'twolayer (a Solver) and mlp (fit), or one of them')
  .allowExcessArguments(false)
  .parse();
const { runs, jobs, seed, models } = command.opts();

finish(async () => {
  const began = performance.now();
  const trials = await interruptRuns({ runs, jobs, seed, models }, ({ number, model, ends, faults }) => {
    const said = faults.length === 0 ? 'the same bits' : `FAULTS: ${faults.join('; ')}`;
    console.log(`run ${number}, ${model}: ${ends.join(', ') || 'not ended'}: ${said}`);
  });
  const ends = trials.flatMap((trial) => trial.ends);
  const count = (text: string): number => ends.filter((end) => end.includes(text)).length;
  const summary = {
    ...{ runs: trials.length, same: trials.filter(({ faults }) => faults.length === 0).length, ends: ends.length },
    beforeTheFolder: count('before it was made'),
    beforeTheFirstStep: count('at 0'),
    seconds: Math.round((performance.now() - began) / 1000),
  };
  console.log(JSON.stringify(summary));
  if (summary.same < trials.length) process.exitCode = 1;
});
