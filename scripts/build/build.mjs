// Builds the package from nothing: the kernels, then dist/ with its declarations.

import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { buildKernels, ROOT } from './kernels.mjs';

process.chdir(ROOT);
rmSync('dist', { recursive: true, force: true });
await buildKernels();

const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
if (status !== 0) process.exit(1);

// The root is CommonJS for ts-node's sake; what is published is ESM.
writeFileSync('dist/package.json', `${JSON.stringify({ type: 'module' })}\n`);
