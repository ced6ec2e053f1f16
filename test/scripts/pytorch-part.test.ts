// @module-tag slow

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withFewPictures } from '../helpers/few-pictures.js';

let folder: string;
let env: NodeJS.ProcessEnv;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'layerwise-scripts-'));
  env = withFewPictures(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a script as a user does, on a few drawn pictures. */
function run(script: string, ...options: string[]): { stdout: string; stderr: string } {
  const args = ['-r', 'ts-node/register', `scripts/${script}.ts`, '--synthetic', '--train', '64', ...options];
  return spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 120_000, env });
}

describe('the scripts of the PyTorch part', () => {
  test('barebones-pytorch trains nets that are functions of tensors', () => {
    const { stdout, stderr } = run('barebones-pytorch', '--hidden', '20');
    expect(stderr).toBe('');
    expect(stdout).toMatch(/Two-layer net: validation accuracy 0\.\d{4} after an epoch of \d+\.\d s\n/);
    expect(stdout).toMatch(/Convolutional net: validation accuracy 0\.\d{4} after an epoch of \d+\.\d s\n/);
  }, 120_000);

  test.each(['module-api', 'sequential-api'])(
    '%s trains modules, two epochs if asked',
    (script) => {
      const { stdout, stderr } = run(script, '--model', 'two-layer', '--hidden', '20', '--epochs', '2');
      expect(stderr).toBe('');
      expect(stdout).toMatch(/\(Epoch 2 \/ 2\) train acc: 0\.\d+; val_acc: 0\.\d+/);
      expect(stdout).not.toContain('Convolutional');
    },
    120_000,
  );

  test('cifar10-challenge trains, tests once, and reports', () => {
    const out = join(folder, 'challenge');
    const { stdout, stderr } = run('cifar10-challenge', '--model', 'notebook', '--epochs', '1', '--out', out);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/Validation accuracy 0\.\d{4}, test accuracy 0\.\d{4}/);
    const results = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8'));
    expect(results).toMatchObject({ model: 'notebook', batch: 64, epochs: 1, lr: 0.01 });
    expect(results.histories[0].lossHistory).toHaveLength(1);
    const html = readFileSync(join(out, 'report.html'), 'utf8');
    for (const part of ['Accuracy of each epoch', 'What the test images were taken for', 'mistakes it is surest of']) {
      expect(html).toContain(part);
    }
  }, 120_000);

  test('cifar10-challenge leaves the test images alone if asked, and averages an ensemble', () => {
    const out = join(folder, 'ensemble');
    const options = ['--model', 'notebook', '--epochs', '1', '--ensemble', '2', '--no-test', '--out', out];
    const { stdout, stderr } = run('cifar10-challenge', ...options);
    expect(stderr).toBe('');
    expect(stdout).not.toContain('test accuracy');
    expect(stdout).toContain('Network 2 of 2');
    expect(existsSync(join(out, 'report.html'))).toBe(false);
  }, 120_000);

  test('cifar10-challenge trains the record’s network, saves the run, and goes on with the same bits', () => {
    const [out, checkpoints] = [join(folder, 'fast'), join(folder, 'fast-checkpoints')];
    const options = ['--model', 'fast', '--batch', '8', '--train', '20', '--seed', '1', '--no-test'];
    const whole = run('cifar10-challenge', ...options, '--epochs', '2', '--out', out, '--checkpoints', checkpoints);
    expect(whole.stderr).toBe('');
    const results = (dir: string) => JSON.parse(readFileSync(join(dir, 'results.json'), 'utf8'));
    // Two full batches of an epoch, and the rate of batches of eight.
    expect(results(out)).toMatchObject({ model: 'fast', batch: 8, lr: expect.closeTo((1.5 * 8) / 1024, 12) });
    expect(results(out).histories[0].lossHistory).toHaveLength(4);
    const again = join(folder, 'fast-again');
    const rest = run(
      'cifar10-challenge',
      ...options,
      '--epochs',
      '2',
      '--out',
      again,
      '--checkpoints',
      checkpoints,
      '--resume',
    );
    expect(rest.stderr).toBe('');
    expect(results(again).valAcc).toBe(results(out).valAcc);
  }, 120_000);

  test('an option that does not exist is an error', () => {
    const { stderr } = run('cifar10-challenge', '--model', 'vgg');
    expect(stderr).toContain("argument 'vgg' is invalid. Allowed choices are airbench, fast, resnet, notebook.");
  }, 120_000);
});
