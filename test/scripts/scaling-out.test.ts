import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Measured, readMeasured } from '../../scripts/scaling/measure.js';
import { tablesOf, withTables } from '../../scripts/scaling/tables.js';

const net = { batch: 64, bytes: 1e6, whole: 0.1, half: 0.06, twoRanks: 0.065 };
const measured: Measured = {
  machine: 'a machine',
  node: '20.0.0',
  nets: { one: net, other: { ...net, batch: 10, twoRanks: null } },
  allReduces: [1 << 16, 1 << 20].map((bytes) => ({ bytes, seconds: 1e-4 + bytes / 1e9 })),
};

test('scaling-out.md has the tables of what was measured', () => {
  const page = readFileSync('docs/scaling-out.md', 'utf8');
  expect(withTables(page, readMeasured()) === page, 'run npx ts-node scripts/scaling-out.ts').toBe(true);
});

test('a step is divided, and what two ranks take is predicted', () => {
  const tables = tablesOf(measured);
  expect(tables.nets.split('\n')[2]).toBe('| one | 64 | 100 | 80.0 | 20.0 | 1.00 |');
  expect(tables.allReduces.split('\n').at(-1)).toBe('| 1 MB | 1.1 | 1.1 | 0.91 |');
  // 80 / 2 + 20 + 0.1 + 1 ms; other was not measured.
  expect(tables.twoRanks.split('\n').slice(2)).toEqual([
    '| one | 100 | 61.1 | 65.0 | 1.64× | 1.54× |',
    '| other | 100 | 61.1 | – | 1.64× | – |',
  ]);
});

test('on paper, no rank is without an example', () => {
  const { shared, fastest } = tablesOf(measured);
  expect(shared.split('\n')[3]).toMatch(/^\| other \| [\d.]+×, – \| [\d.]+×, – \| [\d.]+×, – \|$/);
  expect(fastest.split('\n')[3]).toMatch(/ \| 5; 10, \d\.\d\d× \|$/);
});

test('a page without a table is noticed', () => {
  expect(() => withTables('# Page\n', measured)).toThrow('the page has no table for nets: | net | batch | step, ms |');
});
