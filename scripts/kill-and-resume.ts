// Kills small runs by SIGKILL at random moments, resumes them, and compares their ends with those of runs that nobody
// has interrupted.

import { Command } from 'commander';
import { killAndResume } from './kill-and-resume/trials.js';
import { finish, wholeNumber } from './options.js';

const command = new Command('kill-and-resume')
  .description('Kills runs of fit and of a Solver at random moments, resumes them, and compares their bits.')
  .option('--runs <n>', 'how many runs', wholeNumber, 200)
  .option('--jobs <n>', 'how many at a time', wholeNumber, 2)
  .option('--seed <seed>', 'seed of the moments', '0')
  .option('--ranks <n...>', 'ranks of mpiexec of which one is killed; several numbers: of one start after the other')
  .allowExcessArguments(false)
  .parse();
const { runs, jobs, seed, ranks = [] } = command.opts();

finish(async () => {
  const began = performance.now();
  const trials = await killAndResume({ runs, jobs, seed, ranks: ranks.map(wholeNumber) }, (trial) => {
    const kills = `killed ${trial.kills} times (${trial.iterations.join(', ')})`;
    const said = trial.warnings === '' ? '' : `; ${trial.warnings.trim()}`;
    console.log(
      `run ${trial.number}, ${trial.name}: ${kills}, ${trial.isSame ? 'the same bits' : 'OTHER BITS'}${said}`,
    );
  });
  const sum = (of: (trial: (typeof trials)[number]) => number): number => trials.reduce((n, trial) => n + of(trial), 0);
  const same = sum(({ isSame }) => Number(isSame));
  const summary = {
    ...{ runs: trials.length, same, kills: sum(({ kills }) => kills) },
    withinSave: sum(({ withinSave }) => withinSave),
    beforeFirstCheckpoint: sum(({ iterations }) => iterations.filter((iteration) => iteration === 0).length),
    seconds: Math.round((performance.now() - began) / 1000),
  };
  console.log(JSON.stringify(summary));
  if (same < trials.length) process.exitCode = 1;
});
