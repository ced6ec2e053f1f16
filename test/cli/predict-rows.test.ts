import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, onTestFinished, test } from 'vitest';
import { array } from '../../src/arrays/index.js';
import { makeIo } from '../../src/cli/io.js';
import { writeCsv } from '../../src/cli/predict/csv.js';
import { type Job, predictRows } from '../../src/cli/predict/job.js';
import { parseCsv } from '../../src/data/index.js';
import type { Trained } from '../../src/runs/index.js';
import { temporaryDir } from '../helpers/cifar10.js';

/** A model of rows (a, b): class `big` with the probability a, or the number 10 a. */
function rowModel(classes: string[] | null, missing: 'error' | 'drop' = 'error'): Trained {
  return {
    classes,
    inputShape: [2],
    preprocessing: { kind: 'rows', inputs: ['a', 'b'], targets: ['price'], reading: { delimiter: ',', header: true } },
    rowInputs: (text: string) => parseCsv(text, { columns: ['a', 'b'], missing }).X,
    predict: (X: { shape: number[]; get(n: number, d: number): number }) => {
      const rows = Array.from({ length: X.shape[0] }, (_, n) => {
        const a = X.get(n, 0);
        return classes === null ? [10 * a] : [1 - a, a];
      });
      return array(rows);
    },
  } as unknown as Trained;
}

/** A job in an empty folder, and what it prints. */
function jobOf(trained: Trained, options: Partial<Job> & { isJson?: boolean } = {}) {
  const cwd = temporaryDir();
  const [out, err]: string[][] = [[], []];
  const { isJson = false, ...rest } = options;
  const io = makeIo({
    ...{ cwd, env: {}, isJson, isVerbose: false },
    stdout: { write: (text: string) => out.push(text) },
    stderr: { write: (text: string) => err.push(text) },
  });
  const job: Job = { io, fn: 'predict', trained, path: 'runs/a', top: 1, isWritten: false, ...rest };
  const file = (name: string, text: string | Uint8Array): string => {
    writeFileSync(path.join(cwd, name), text);
    return name;
  };
  return { cwd, job, file, out: () => out.join(''), err: () => err.join('') };
}

const ROWS = 'name,b,a\none,7,0.25\n"two, x",7,0.75\n';

test('each row with its class and a bar', async () => {
  const { job, file, out } = jobOf(rowModel(['small', 'big']));
  expect(await predictRows(job, [file('a.csv', ROWS)])).toEqual({ table: null, failed: 0 });
  expect(out()).toBe('row 1  small   75.0 %  ██████████████████\nrow 2  big     75.0 %  ██████████████████\n');
});

test('as JSON, a line for each', async () => {
  const { job, file, out } = jobOf(rowModel(['small', 'big']), { isJson: true, top: 2 });
  await predictRows(job, [file('a.csv', ROWS)]);
  const [first] = out().split('\n');
  const small = { label: 'small', probability: 0.75 };
  const big = { label: 'big', probability: 0.25 };
  expect(JSON.parse(first)).toEqual({ file: 'a.csv', row: 1, ...small, top: [small, big] });
});

test('numbers by the names of the targets', async () => {
  const { job, file, out } = jobOf(rowModel(null));
  await predictRows(job, [file('a.csv', ROWS), file('b.csv', ROWS)]);
  expect(out()).toBe(
    ['a.csv row 1', 'a.csv row 2', 'b.csv row 1', 'b.csv row 2']
      .map((title, i) => `${title}  price ${i % 2 === 0 ? '2.5' : '7.5'}\n`)
      .join(''),
  );
});

test('of stdin', async () => {
  const own = Object.getOwnPropertyDescriptor(process, 'stdin') as PropertyDescriptor;
  onTestFinished(() => void Object.defineProperty(process, 'stdin', own));
  Object.defineProperty(process, 'stdin', { configurable: true, value: Readable.from([Buffer.from(ROWS)]) });
  const { job, out, err } = jobOf(rowModel(null), { isJson: true });
  expect((await predictRows(job, ['-'])).failed).toBe(0);
  expect(JSON.parse(out().split('\n')[0])).toEqual({ file: '-', row: 1, values: { price: 2.5 } });
  expect(err()).toBe('');
});

describe('a file of predictions', () => {
  test('has the columns as they were, and those of the predictions', async () => {
    const { cwd, job, file } = jobOf(rowModel(['small', 'big']), { isWritten: true, top: 2 });
    const { table } = await predictRows(job, [file('a.csv', ROWS), file('b.csv', ROWS)]);
    if (table === null) throw new Error('no table');
    expect(table.rows).toHaveLength(4);
    writeCsv('predict', path.join(cwd, 'out.csv'), { ...table, rows: table.rows.slice(0, 2) });
    expect(readFileSync(path.join(cwd, 'out.csv'), 'utf8')).toBe(
      [
        'name,b,a,prediction,probability,prediction 2,probability 2',
        'one,7,0.25,small,0.75,big,0.25',
        '"two, x",7,0.75,big,0.75,small,0.25',
        '',
      ].join('\n'),
    );
  });

  test('of many rows are not all printed', async () => {
    const { job, file, out } = jobOf(rowModel(['small', 'big']), { isWritten: true });
    await predictRows(job, [file('a.csv', `a,b\n${'0.5,1\n'.repeat(150)}`)]);
    expect(out()).toMatch(/row {2}20 .*\n… and 130 more\n$/);
  });
});

describe('a file that is refused, while others go on', () => {
  const refused = async (text: string | Uint8Array, trained = rowModel(['small', 'big'])) => {
    const { job, file, err } = jobOf(trained, { isWritten: true });
    const { failed, table } = await predictRows(job, [file('good.csv', ROWS), file('bad.csv', text)]);
    expect([failed, table?.rows.length]).toEqual([1, 2]);
    return err();
  };

  test('rows that cannot be read', async () => {
    expect(await refused('a\n1\n')).toMatch(/^predict: bad\.csv: columns is 'b', expected a column of text: 'a'\n$/);
  });

  test('a picture, or no text', async () => {
    expect(await refused(Uint8Array.of(0x89, 0x50, 0x4e, 0x47))).toBe(
      'predict: bad.csv is a picture, and runs/a takes rows of a CSV file with the columns a, b\n',
    );
    expect(await refused(Uint8Array.of(0xff, 0))).toBe('predict: bad.csv is no text, expected a CSV file in UTF-8\n');
  });

  test('rows that would be left out', async () => {
    expect(await refused('a,b,name\n1,2,x\n,3,y\n', rowModel(['small', 'big'], 'drop'))).toBe(
      'predict: bad.csv: 1 of 2 rows have missing values, and the model was trained on complete ones; drop them\n',
    );
  });

  test('columns that --out cannot have', async () => {
    expect(await refused('a,b,prediction\n1,2,3\n')).toBe(
      "predict: bad.csv has a column 'prediction', which --out would add; rename it\n",
    );
    expect(await refused('a,b,other\n1,2,3\n')).toBe(
      'predict: bad.csv has other columns than the files before; give it an --out of its own\n',
    );
  });
});
