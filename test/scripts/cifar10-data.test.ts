import { afterEach, expect, test, vi } from 'vitest';
import { loadImages } from '../../scripts/cifar10-data.js';

afterEach(() => {
  vi.unstubAllEnvs();
});

const ADVICE =
  '`npm run data:cifar10` downloads CIFAR-10 to data/, where it is found without --data; ' +
  '--synthetic trains on drawn pictures instead';

test('a folder that is not there: how to get the images, or do without', () => {
  expect(() => loadImages('nowhere')).toThrow(`--data: there is no folder nowhere. ${ADVICE}`);
  vi.stubEnv('CIFAR10_DIR', 'nowhere/else');
  expect(() => loadImages(undefined)).toThrow(`CIFAR10_DIR: there is no folder nowhere/else. ${ADVICE}`);
});
