// Runs experiments: command line, data and reports.

import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Command } from 'commander';
import { loadImages, withDataOptions } from '../../cifar10-data.js';
import { finish } from '../../options.js';
import type { Experiment, Lab, Outcome } from './experiment.js';
import { QUICK_NOTICE, writeReport } from './report.js';

/** The command line of an experiment, and of all of them. */
export interface LabOptions {
  quick?: boolean;
  data?: string;
  synthetic?: boolean;
  out: string;
  seed: string;
}

/** Reads the command line. */
export function labOptions(name: string, description: string): LabOptions {
  const command = new Command(name)
    .description(description)
    .option('--quick', 'tiny settings on synthetic pictures, to see that everything runs');
  return withDataOptions(command)
    .option('--out <dir>', 'folder that gets a folder with the report', join('results', 'experiments'))
    .option('--seed <seed>', 'seed of the weights, the minibatches and the masks', '231')
    .allowExcessArguments(false)
    .parse()
    .opts<LabOptions>();
}

/** Runs the experiment if its script was started; does nothing if it was only imported. */
export function runIfStarted(experiment: Experiment): void {
  if (basename(process.argv[1] ?? '').replace(/\.[jt]s$/, '') !== experiment.name) return;
  finish(() => runAll([experiment], labOptions(experiment.name, experiment.question)));
}

/**
 * Runs experiments one after the other on data that is loaded once, and writes their reports.
 *
 * @param tolerant - Whether to go on after an experiment that fails, and report the failure in its outcome. Default
 *   false: throws.
 */
export async function runAll(
  experiments: readonly Experiment[],
  options: LabOptions,
  tolerant = false,
): Promise<{ outcomes: Outcome[]; lab: Omit<Lab, 'folder'> }> {
  const { quick = false, synthetic = quick, out, seed } = options;
  // Make the folders first: a failure is better known before an experiment of minutes than after it.
  const folders = experiments.map(({ name }) => join(out, name));
  for (const folder of folders) makeFolder(folder);

  const numTest = Math.max(...experiments.map((experiment) => experiment.numTest ?? 0));
  const { data, source } = loadImages(options.data, { numTest }, synthetic);
  const lab = { data, source, quick, seed };
  const outcomes: Outcome[] = [];
  for (const [i, experiment] of experiments.entries()) {
    console.log(`\n${experiment.title}: ${experiment.question}`);
    const place = { ...lab, folder: folders[i] };
    try {
      const begin = performance.now();
      const findings = await experiment.run(place);
      const seconds = (performance.now() - begin) / 1000;
      const file = writeReport(experiment, place, findings, seconds);
      console.log(`${quick ? QUICK_NOTICE : findings.headline}\n${file}, after ${seconds.toFixed(1)} s`);
      outcomes.push({ experiment, headline: findings.headline, seconds });
    } catch (error) {
      if (!tolerant || !(error instanceof Error)) throw error;
      console.error(`${experiment.name} failed: ${error.message}`);
      outcomes.push({ experiment, error });
    }
  }
  return { outcomes, lab };
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`--out: cannot make the folder ${folder} (${reason}); name another`, { cause: error });
  }
}
