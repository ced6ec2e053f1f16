// Reads mutants of one format, and sends the number of each batch's first one, then the report, to its parent.

import { countAllocations } from '../helpers/mutants/allocations.js';

const [, , name, count, seed] = process.argv;

async function main(): Promise<void> {
  countAllocations();
  // Loaded after that, so that every module has the counting classes.
  const { formatNamed } = await import('../helpers/mutants/formats.js');
  const { readMutants } = await import('../helpers/mutants/run.js');
  const report = readMutants(formatNamed(name), { count: Number(count), seed: Number(seed) }, (index) => {
    process.send?.({ index });
  });
  process.send?.({ report });
}

main();
