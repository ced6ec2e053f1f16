// Makes the modules of src/ that are made from others and not committed: the kernels, and the live page. Each does
// nothing where it is up to date.

import { fileURLToPath } from 'node:url';
import { buildKernels } from './kernels.mjs';
import { buildPage } from './page.mjs';

/** Makes them all, one after the other. */
export async function buildGenerated() {
  await report('kernels', buildKernels);
  await report('page', buildPage);
}

async function report(name, make) {
  try {
    const sizes = await make();
    const builds = sizes && Object.entries(sizes).map(([part, bytes]) => `${part} ${bytes} bytes`);
    // On stderr: the next command may use stdout for its results, as `npm run bench -- --json` does.
    console.error(`${name}: ${builds ? builds.join(', ') : 'up to date'}`);
  } catch (error) {
    throw new Error(`${name}: ${error.message}`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  buildGenerated().catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
