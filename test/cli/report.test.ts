// @module-tag slow

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { Snapshot } from '../../src/ui/protocol.js';
import { command } from '../helpers/command.js';
import { recordedRun, twoEpochs } from '../helpers/recorded-run.js';
import { useTrainedRun } from '../helpers/trained-run.js';

const made = useTrainedRun();

function snapshotIn(file: string): Snapshot {
  const html = readFileSync(path.join(made.dir, file), 'utf8');
  const [, json] = /<script type="application\/json" id="snapshot">(.*?)<\/script>/s.exec(html) ?? [];
  return JSON.parse(json)[0];
}

test('a run as one page in its folder', async () => {
  const { code, out, err } = await command(made.dir, ['report', made.run]);
  expect([code, err]).toEqual([0, '']);
  expect(out).toBe('Report written to runs/a/report.html\n');
  const { info, insight, epochs, points } = snapshotIn('runs/a/report.html');
  expect(info).toMatchObject({ title: 'a', fn: 'Solver', batchSize: 10, totalIterations: 18 });
  expect(info.config.report).toEqual({ examples: '24 validation examples' });
  expect(epochs.at(-1)?.valAcc).toBe(made.outcome.history.valAccHistory.at(-1));
  expect(insight?.confusion?.examples).toBe(24);
  const { examples, wrong, items } = insight?.mistakes ?? { examples: 0, wrong: 0, items: [] };
  expect(1 - wrong / examples).toBeCloseTo(made.outcome.bestValAcc as number);
  expect(Buffer.from(items[0].pixels ?? '', 'base64')).toHaveLength(32 * 32 * 3);
  expect(insight?.filters).toMatchObject({ height: 32, width: 32, channels: 3 });
  expect(Buffer.from(points ?? '', 'base64')).toHaveLength(18 * 24);
});

test('to another file, of the test examples, as JSON', async () => {
  const { out } = await command(made.dir, ['report', made.run, '--out', 'r.html', '--split', 'test', '--json']);
  expect(JSON.parse(out)).toMatchObject({ file: path.join(made.dir, 'r.html'), weights: 'best' });
  expect(snapshotIn('r.html').info.config.report).toEqual({ examples: '30 test examples' });
});

test('a run without weights has curves', async () => {
  recordedRun(made.dir, 'new', twoEpochs(null));
  const { code, out, err } = await command(made.dir, ['report', 'new', '--out', 'new.html']);
  expect([code, out]).toEqual([0, 'Report written to new.html\n']);
  expect(err).toBe('note: new has no weights yet, so the report has curves and settings alone\n');
  expect(snapshotIn('new.html')).toMatchObject({ insight: null, status: { iteration: 4, state: 'interrupted' } });
});

test('what cannot be written', async () => {
  const { code, err } = await command(made.dir, ['report', made.run, '--out', 'no/such/folder.html']);
  expect([code, err]).toEqual([
    1,
    expect.stringMatching(/^report: there is no folder .*such to write folder.html to\n$/),
  ]);
});
