import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { loadModelFile } from '../../src/runs/model-file.js';
import { temporaryDir } from '../helpers/cifar10.js';

vi.mock('../../src/runs/peers.js', () => ({ loadJiti: async () => null }));

test('without jiti a file of TypeScript needs a Node that reads it; JavaScript needs neither', async () => {
  const dir = temporaryDir();
  const typescript = Object.getOwnPropertyDescriptor(process.features, 'typescript');
  Object.defineProperty(process.features, 'typescript', { value: false, configurable: true });
  writeFileSync(join(dir, 'net.ts'), 'export default 1;');
  await expect(loadModelFile('train', 'MODEL', join(dir, 'net.ts'))).rejects.toThrow(
    /is TypeScript, which Node \d+\.\d+\.\d+ does not read: npm install jiti, or take Node 22\.18 or later$/,
  );
  if (typescript !== undefined) Object.defineProperty(process.features, 'typescript', typescript);
  else Reflect.deleteProperty(process.features, 'typescript');
  writeFileSync(join(dir, 'net.mjs'), 'export default { params: {}, loss() {} };');
  const { build } = await loadModelFile('train', 'MODEL', join(dir, 'net.mjs'));
  expect(build({ classes: 3, inputShape: [8], seed: 1 })).toHaveProperty('loss');
});
