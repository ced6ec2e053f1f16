// Runs every experiment and writes the page that links their reports: `npm run experiments`.

import { finish } from '../options.js';
import { activations } from './activations.js';
import { batchSize } from './batch-size.js';
import { bestFullyConnected } from './best-fully-connected.js';
import { deepBatchnorm } from './deep-batchnorm.js';
import { dropout } from './dropout.js';
import { imageFilters } from './image-filters.js';
import { initializationSensitivity } from './initialization-sensitivity.js';
import { naiveAgainstFast } from './naive-against-fast.js';
import { overfitConv } from './overfit-conv.js';
import { labOptions, runAll } from './support/lab.js';
import { writeIndex } from './support/report.js';
import { updateRules } from './update-rules.js';
import { weightScale } from './weight-scale.js';

/** In the order of the notebooks, the longest last. */
const EXPERIMENTS = [
  activations,
  initializationSensitivity,
  updateRules,
  deepBatchnorm,
  weightScale,
  batchSize,
  dropout,
  imageFilters,
  naiveAgainstFast,
  overfitConv,
  bestFullyConnected,
];

finish(async () => {
  const options = labOptions('experiments', 'Runs every experiment and writes a page that links the reports.');
  const { outcomes, lab } = await runAll(EXPERIMENTS, options, true);
  const index = writeIndex(options.out, outcomes, lab);
  console.log(`\nAll reports: ${index}`);
  if (outcomes.some((outcome) => 'error' in outcome)) process.exitCode = 1;
});
