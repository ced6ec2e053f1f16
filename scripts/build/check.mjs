// `npm run check`: the checks of package.json, the longest first, two at a time where there are two cores. Each prints
// what it has to say when it is done.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { ROOT } from './kernels.mjs';

const CHECKS = ['package', 'docs', 'types', 'lint', 'imports', 'api'];

const waiting = CHECKS.map((name) => `check:${name}`);
const failed = [];

async function work() {
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    const check = spawn('npm', ['run', name], { cwd: ROOT, shell: process.platform === 'win32' });
    const output = [];
    for (const stream of [check.stdout, check.stderr]) stream.on('data', (text) => output.push(text));
    const [status] = await once(check, 'close');
    console.log(Buffer.concat(output).toString());
    if (status !== 0) failed.push(name);
  }
}

await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, work));
for (const name of failed) console.error(`check: npm run ${name} failed`);
process.exitCode = failed.length > 0 ? 1 : 0;
