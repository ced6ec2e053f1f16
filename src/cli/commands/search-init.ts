import { existsSync, writeFileSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { Command } from 'commander';
import { attempt } from '../../files/index.js';
import { shellWord } from '../../terminal/index.js';
import { CliError, UsageError } from '../errors.js';
import type { Io } from '../io.js';

/** `layerwise search init`: a trial to begin with. */
export function searchInitCommand(io: Io): Command {
  return new Command('init')
    .summary('write a trial to begin with')
    .description('Writes the file of a trial, to be changed: it trains a small net on points in the plane.')
    .argument('[file]', 'the file to write: .ts, .mts, .js or .mjs', 'trial.ts')
    .action((file: string) => init(io, file));
}

function init(io: Io, path: string): void {
  const fn = 'search init';
  const file = resolve(io.cwd, path);
  if (!['.ts', '.mts', '.js', '.mjs'].includes(extname(file))) {
    throw new UsageError(`${fn}: ${path} ends in '${extname(file)}', expected .ts, .mts, .js or .mjs`);
  }
  if (existsSync(file)) throw new CliError(`${fn}: ${path} exists; name another file`);
  attempt(fn, 'write', file, () => writeFileSync(file, TRIAL, { flag: 'wx' }));
  if (io.isJson) io.json({ file });
  else io.print(`The trial is in ${path}: ${io.program} search --trial ${shellWord(path)} --trials 8`);
}

const TRIAL = `// A trial: trains a net with a config, and says how good it is.

import { DataLoader, fit, manualSeed, models, optim, Random } from 'layerwise';
import { choice, defineTrial, integer, logUniform, space } from 'layerwise/search';

/** What is searched over. */
const configs = space({
  lr: logUniform(1e-3, 1),
  hidden: integer(4, 64),
  optimizer: choice('SGD', 'Adam'),
});

/** Points in the plane, of which those near the middle are of class 1: to learn from, and to validate on. */
const [train, val] = [0, 1].map((seed) => {
  const X = new Random(seed).randn([256, 2]);
  return { X, y: Array.from({ length: 256 }, (_, n) => Number(Math.hypot(X.get(n, 0), X.get(n, 1)) < 1.2)) };
});

export default defineTrial(configs, ({ lr, hidden, optimizer }, seed, report) => {
  manualSeed(seed);
  const model = models.mlp([2, hidden, 2]);
  const run = fit(model, new DataLoader(train, { batchSize: 32, shuffle: true, seed }), {
    optimizer: new optim[optimizer](model.parameters(), { lr }),
    valLoader: new DataLoader(val, { batchSize: 256 }),
    epochs: report.epochs ?? 4,
    // A trial goes on from its checkpoint, in another process too.
    checkpoint: { dir: report.dir },
    resume: true,
    onEpoch: ({ valAccHistory }) => report(valAccHistory.length, { valAcc: valAccHistory.at(-1) ?? 0 }),
    verbose: false,
  });
  return { valAcc: Math.max(...run.valAccHistory) };
});
`;
