// The command as npm installs it: trains on a few drawn pictures, a model of the library and one of a file.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

const SHELL = process.platform === 'win32';

function layerwise(...args) {
  const { status, stdout, stderr } = spawnSync('npx', ['--no-install', 'layerwise', ...args], {
    encoding: 'utf8',
    shell: SHELL,
  });
  if (status !== 0) throw new Error(`layerwise ${args.join(' ')} ended with ${status}: ${stderr}`);
  return stdout;
}

mkdirSync('pictures');
layerwise('data', 'synthetic', 'pictures', '--train', '500', '--test', '100');
const { version } = JSON.parse(layerwise('info', '--json'));
if (layerwise('--version').trim() !== version) throw new Error('two versions');

const options = ['--data', 'pictures', '--epochs', '1', '--quiet'];
layerwise('train', 'twolayer', ...options, '--run', join('runs', 'first'));
layerwise('train', 'model.mjs', ...options, '--run', join('runs', 'second'));
for (const run of ['first', 'second']) {
  if (!existsSync(join('runs', run, 'model.safetensors'))) throw new Error(`${run} has no weights`);
  JSON.parse(layerwise('eval', join('runs', run), '--json'));
}
const wrong = spawnSync('npx', ['--no-install', 'layerwise', 'trian'], { encoding: 'utf8', shell: SHELL });
if (wrong.status !== 2 || !wrong.stderr.includes('did you mean train?')) throw new Error(wrong.stderr);
