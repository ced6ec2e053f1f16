// Trials of the tests of searches over Redis. They keep their thread busy, as training does, and their state in a file.

import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { choice, defineTrial, space, uniform } from 'layerwise/search';

/** x ← x/2 + lr, epoch by epoch; `log` has a line for each epoch that was computed. */
export const steady = defineTrial(space({ lr: uniform(0, 1) }), ({ lr }, seed, report) => {
  const [file, unfinished] = [join(report.dir, 'state.json'), join(report.dir, 'state.tmp')];
  let { epoch, x } = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { epoch: 0, x: seed };
  while (epoch < report.epochs) {
    busy(60);
    x = x / 2 + lr;
    epoch++;
    writeFileSync(unfinished, JSON.stringify({ epoch, x }));
    renameSync(unfinished, file);
    appendFileSync(join(report.dir, 'log'), `${epoch}\n`);
    if (!report(epoch, { loss: x, diverged: Number.NaN })) break;
  }
  return { loss: x };
});

/** Ends its own process: never, at the first call, or at every one. */
export const mortal = defineTrial(space({ dies: choice('never', 'once', 'always') }), ({ dies }, _seed, report) => {
  const mark = join(report.dir, 'mark');
  const isFirst = !existsSync(mark);
  writeFileSync(mark, '');
  if (dies === 'always' || (dies === 'once' && isFirst)) process.kill(process.pid, 'SIGKILL');
  return { loss: 1 };
});

/** The second one never ends, unless it is told to. */
export const endless = defineTrial(space({ loss: choice(1, 2) }), ({ loss }, _seed, report) => {
  let epoch = 1;
  while (report(epoch, { loss }) && (epoch < 3 || loss === 2)) {
    busy(20);
    epoch++;
  }
  return { loss };
});

function busy(milliseconds) {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}
