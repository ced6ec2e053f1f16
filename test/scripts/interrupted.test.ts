// @module-tag slow

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDir } from '../helpers/cifar10.js';
import { withFewPictures } from '../helpers/few-pictures.js';

/** Starts the main job on few synthetic pictures, for longer than anybody waits. */
function train(folder: string) {
  const out = path.join(folder, 'results', 'net.json');
  const command = ['-r', 'ts-node/register', 'scripts/train-two-layer-net.ts', '--synthetic', '--out', out];
  const settings = ['--epochs', '100000', '--train', '400', '--hidden', '5', '--print-every', '10'];
  return { child: spawn(process.execPath, [...command, ...settings], { env: withFewPictures(folder) }), out };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 50));
}

test('Ctrl-C leaves the history so far, whole, and where it goes has been said', async () => {
  const { child, out } = train(temporaryDir());
  let printed = '';
  child.stdout.on('data', (text) => {
    printed += text;
  });
  const ended = new Promise((resolve) => child.on('exit', (_, signal) => resolve(signal)));
  await until(() => fs.existsSync(out) && JSON.parse(fs.readFileSync(out, 'utf8')).lossHistory.length > 10);
  child.kill('SIGINT');
  expect(await ended).toBe('SIGINT');
  expect(printed).toContain(`The history is kept in ${out} while it trains`);
  const { finished, lossHistory, options } = JSON.parse(fs.readFileSync(out, 'utf8'));
  expect(finished).toBe(false);
  expect(lossHistory.every(Number.isFinite)).toBe(true);
  expect(options).toMatchObject({ hidden: 5, train: 400 });
  expect(fs.readdirSync(path.dirname(out))).toEqual(['net.json']);
}, 120_000);

test('a reader that goes away ends the script without a word, and the history is there', async () => {
  const { child, out } = train(temporaryDir());
  let complaint = '';
  child.stderr.on('data', (text) => {
    complaint += text;
  });
  const ended = new Promise((resolve) => child.on('exit', resolve));
  child.stdout.once('data', () => child.stdout.destroy());
  expect(await ended).toBe(0);
  expect(complaint).toBe('');
  expect(JSON.parse(fs.readFileSync(out, 'utf8'))).toMatchObject({ finished: false });
}, 120_000);
