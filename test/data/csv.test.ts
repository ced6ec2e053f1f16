import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { hostValues, type NDArray, toNested } from '../../src/arrays/index.js';
import { type CsvOptions, csv, DataLoader, parseCsv } from '../../src/data/index.js';
import { temporaryDir } from '../helpers/cifar10.js';

const HOUSES = ['area,town,rooms,price', '50,Bern,2,100', '80.5,Aarau,3,150', '120,Bern,5,400'].join('\n');

describe('parseCsv', () => {
  test('classes tell by type whether the target is labels', () => {
    const { y, classes } = parseCsv('area,price\n50,100', { target: 'price' });
    if (classes === undefined) expectTypeOf(y).toEqualTypeOf<NDArray>();
    else expectTypeOf(y).toEqualTypeOf<Int32Array>();
    expect(classes).toBeUndefined();
  });

  test('numbers become columns, the target apart', () => {
    const { X, y, columns, ...rest } = parseCsv('a,b,c\n1,2,3\n-4.5,+5e1,.5\n', { target: 'b' });
    expect(columns).toEqual(['a', 'c']);
    expect(toNested(X)).toEqual([
      [1, 3],
      [-4.5, 0.5],
    ]);
    expect(X.data).toBeInstanceOf(Float32Array);
    // As a Linear layer of one output predicts.
    expect(toNested(y as never)).toEqual([[2], [50]]);
    expect(rest).toEqual({ inputs: ['a', 'c'], categories: {} });
  });

  test('without a target, all columns are inputs', () => {
    const data = parseCsv('1;2\n3;4', { header: false, delimiter: ';', dtype: 'float64' });
    expect(data.columns).toEqual(['column 1', 'column 2']);
    expect(toNested(data.X)).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(data.X.data).toBeInstanceOf(Float64Array);
    expect(data).not.toHaveProperty('y');
  });

  test('several targets, chosen columns, and columns by place', () => {
    const text = 'a,b,c,d\n1,2,3,4\n5,6,7,8';
    const data = parseCsv(text, { target: ['d', 'a'], columns: ['c', 1] });
    expect(data.columns).toEqual(['c', 'b']);
    expect([toNested(data.X), toNested(data.y as never)]).toEqual([
      [
        [3, 2],
        [7, 6],
      ],
      [
        [4, 1],
        [8, 5],
      ],
    ]);
    expect(toNested(parseCsv(text, { target: -1 }).y as never)).toEqual([[4], [8]]);
  });

  test('a target of texts becomes labels', () => {
    const { y, classes, categories } = parseCsv('x,kind\n1,dog\n2,cat\n3,dog', { target: 'kind' });
    expect(y).toEqual(Int32Array.of(1, 0, 1));
    expect(classes).toEqual(['cat', 'dog']);
    expect(categories).toEqual({ kind: ['cat', 'dog'] });
  });

  test('a target of numbers becomes labels where that is asked for, in the order of the numbers', () => {
    const { y, classes } = parseCsv('x,digit\n1,10\n2,9\n3,10', { target: 'digit', categories: ['digit'] });
    expect(y).toEqual(Int32Array.of(1, 0, 1));
    expect(classes).toEqual(['9', '10']);
  });

  test('categories become columns of 0 and 1, or codes', () => {
    const one = parseCsv(HOUSES, { target: 'price', categories: ['town'] });
    expect(one.columns).toEqual(['area', 'town=Aarau', 'town=Bern', 'rooms']);
    expect(toNested(one.X)).toEqual([
      [50, 0, 1, 2],
      [80.5, 1, 0, 3],
      [120, 0, 1, 5],
    ]);
    const codes = parseCsv(HOUSES, { target: 'price', categories: ['town'], encode: 'codes' });
    expect(codes.columns).toEqual(['area', 'town', 'rooms']);
    expect(toNested(codes.X.pick(null, 1) as never)).toEqual([1, 0, 1]);
  });

  test('the categories of one file are those of another', () => {
    const { categories } = parseCsv('x,colour,kind\n1,red,cat\n2,blue,dog', { target: 'kind', categories: ['colour'] });
    expect(categories).toEqual({ colour: ['blue', 'red'], kind: ['cat', 'dog'] });
    const other = parseCsv('x,colour,kind\n3,red,dog', { target: 'kind', categories });
    expect(other.columns).toEqual(['x', 'colour=blue', 'colour=red']);
    expect(other.y).toEqual(Int32Array.of(1));
    expect(other.classes).toEqual(['cat', 'dog']);
    expect(() => parseCsv('x,colour,kind\n3,green,dog', { target: 'kind', categories })).toThrow(
      "parseCsv: text, line 2, column 'colour': 'green', expected one of 'blue', 'red'",
    );
  });

  test('the inputs of one file are the columns of another, which has them in another order', () => {
    const { columns, inputs, categories } = parseCsv(HOUSES, { target: 'price', categories: ['town'] });
    expect(inputs).toEqual(['area', 'town', 'rooms']);
    const other = parseCsv('rooms,note,town,area\n2,1,Bern,50', { columns: inputs, categories });
    expect(other.columns).toEqual(columns);
    expect(other.inputs).toEqual(inputs);
    expect(toNested(other.X)).toEqual([[50, 0, 1, 2]]);
    expect(parseCsv('a,b,c\n1,2,3', { columns: [-1, 'a'] }).inputs).toEqual(['c', 'a']);
  });

  test('quotes, spaces, empty lines, ends of lines and a mark of the byte order', () => {
    const text = '\ufeff"a, b" , c\r\n\r\n"1" , 2\r\n"3","4"\r\n\r\n';
    const { X, columns } = parseCsv(text);
    expect(columns).toEqual(['a, b', 'c']);
    expect(toNested(X)).toEqual([
      [1, 2],
      [3, 4],
    ]);
    const texts = parseCsv('x,note\n1,"two\nlines, ""quoted"""\n2,b', { categories: ['note'] });
    expect(texts.categories).toEqual({ note: ['b', 'two\nlines, "quoted"'] });
  });

  test.each<[text: string, values: number[][]]>([
    [
      'a,b\r\n1,2\n3,4\r\n',
      [
        [1, 2],
        [3, 4],
      ],
    ],
    [
      'a,b\n1,2\r\n3,4\n',
      [
        [1, 2],
        [3, 4],
      ],
    ],
    [
      '"a","b"\r\n"1","2"\n\r\n"3","4"\r\n',
      [
        [1, 2],
        [3, 4],
      ],
    ],
    [
      'a,b\r1,2\r"3","4"\r',
      [
        [1, 2],
        [3, 4],
      ],
    ],
  ])('lines may end in different ways: %j', (text, values) => {
    expect(toNested(parseCsv(text).X)).toEqual(values);
  });

  test('a column of as many categories as records', () => {
    const count = 400;
    const { X } = parseCsv(`id\n${Array.from({ length: count }, (_, i) => i).join('\n')}`, { categories: ['id'] });
    expect(X.shape).toEqual([count, count]);
    expect(hostValues(X).every((value, i) => value === (i % (count + 1) === 0 ? 1 : 0))).toBe(true);
    const text = `id\n${Array.from({ length: 33_000 }, (_, i) => i).join('\n')}`;
    expect(() => parseCsv(text, { categories: ['id'] })).toThrow(
      "parseCsv: text, column 'id' makes X of shape (33000, 33000), expected at most 1073741824 numbers: " +
        "leave the column out by columns, or set encode: 'codes'",
    );
  });

  test('any table of numbers comes back', () => {
    const numbers = fc.double({ noNaN: true, noDefaultInfinity: true });
    const tables = fc
      .integer({ min: 1, max: 6 })
      .chain((width) =>
        fc.array(fc.array(numbers, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 6 }),
      );
    const property = fc.property(tables, fc.constantFrom(',', ';', '\t'), (table, delimiter) => {
      const text = table.map((row) => row.map((x) => `"${x}"`).join(delimiter)).join('\n');
      const { X } = parseCsv(text, { header: false, delimiter, dtype: 'float64' });
      expect([...hostValues(X)]).toEqual(table.flat().map((x) => (Object.is(x, -0) ? Number(`${x}`) : x)));
    });
    fc.assert(property, { seed: 231, numRuns: 100 });
  });
});

describe('missing values', () => {
  const text = 'a,b,kind,y\n1,NA,x,1\n,4,?,2\n3,8,x,3\n5,6,z,4';
  const options = { target: 'y', categories: ['kind'] } as const;

  test('are errors by default', () => {
    expect(() => parseCsv(text, options)).toThrow(
      "parseCsv: text, line 3, column 'a': '', expected a value, or missing: 'drop', 'nan' or 'mean'",
    );
  });

  test('drop their records', () => {
    const { X, y, columns } = parseCsv(text, { ...options, missing: 'drop' });
    expect(columns).toEqual(['a', 'b', 'kind=x', 'kind=z']);
    expect([toNested(X), toNested(y as never)]).toEqual([
      [
        [3, 8, 1, 0],
        [5, 6, 0, 1],
      ],
      [[3], [4]],
    ]);
    // Those of columns that are not taken do not count.
    expect(parseCsv(text, { target: 'y', columns: ['a'], missing: 'drop' }).X.shape).toEqual([3, 1]);
    expect(() => parseCsv('a,b\n1,\n2,NA', { missing: 'drop' })).toThrow(
      'parseCsv: text has a missing value in each of its 2 records, expected one that is complete',
    );
  });

  test('become NaN, and no category', () => {
    expect(toNested(parseCsv(text, { ...options, missing: 'nan' }).X)).toEqual([
      [1, Number.NaN, 1, 0],
      [Number.NaN, 4, 0, 0],
      [3, 8, 1, 0],
      [5, 6, 0, 1],
    ]);
    expect(parseCsv(text, { ...options, missing: 'nan', encode: 'codes' }).X.get(1, 2)).toBeNaN();
  });

  test('become the mean, or the most frequent category', () => {
    expect(toNested(parseCsv(text, { ...options, missing: 'mean' }).X)).toEqual([
      [1, 6, 1, 0],
      [3, 4, 1, 0],
      [3, 8, 1, 0],
      [5, 6, 0, 1],
    ]);
    for (const categories of [[], ['a']]) {
      expect(() => parseCsv('a,b\nNA,1', { missing: 'mean', categories })).toThrow(
        "parseCsv: text, column 'a' has missing values alone, expected one value at least to take the mean of",
      );
    }
  });

  test('of a target are errors, or drop the record', () => {
    for (const missing of ['error', 'nan', 'mean'] as const) {
      expect(() => parseCsv('a,y\n1,2\n2,', { target: 'y', missing })).toThrow(
        "parseCsv: text, line 3, column 'y': '', expected a value, or missing: 'drop'",
      );
    }
    expect(toNested(parseCsv('a,y\n1,2\n2,', { target: 'y', missing: 'drop' }).y as never)).toEqual([[2]]);
  });

  test('are the texts that are named', () => {
    const { X } = parseCsv('a\n1\n-999', { missing: 'nan', missingValues: ['-999'] });
    expect(X.get(1, 0)).toBeNaN();
    expect(() => parseCsv('a\n1\nNA', { missing: 'nan', missingValues: ['-999'] })).toThrow("column 'a': 'NA'");
  });
});

describe('csv', () => {
  test('reads a file, for a loader', () => {
    const file = path.join(temporaryDir(), 'houses.csv');
    fs.writeFileSync(file, HOUSES);
    const { X, y } = csv(file, { target: 'price', columns: ['area', 'rooms'] });
    const batches = [...new DataLoader({ X, y }, { batchSize: 2 })];
    expect(batches.map(([inputs, targets]) => [inputs.shape, (targets as typeof X).shape])).toEqual([
      [
        [2, 2],
        [2, 1],
      ],
      [
        [1, 2],
        [1, 1],
      ],
    ]);
  });

  test('names file, line, column and text of what is no number', () => {
    const file = path.join(temporaryDir(), 'a.csv');
    fs.writeFileSync(file, 'x,"two\nlines",z\n\n1,"2\n",3\n4,5,six\n');
    expect(() => csv(file)).toThrow(
      `csv: ${file}, line 6, column 'z': 'six', expected a number: name the column in categories if it has texts, or ` +
        'the text in missingValues',
    );
  });

  test('names a file that is missing, a folder, or no text', () => {
    const dir = temporaryDir();
    const file = path.join(dir, 'a.csv');
    expect(() => csv(file)).toThrow(`csv: cannot read ${file} (ENOENT`);
    expect(() => csv(dir)).toThrow(`csv: ${dir} is a folder, expected a regular file`);
    fs.writeFileSync(file, Uint8Array.of(0xff, 0xfe, 0x61, 0));
    expect(() => csv(file)).toThrow(`csv: ${file} is no text, expected UTF-8`);
    fs.writeFileSync(file, '');
    expect(() => csv(file)).toThrow(`csv: ${file} is empty, expected a table`);
    expect(() => csv(7 as never)).toThrow('csv: file is 7, expected a path');
  });
});

describe('parseCsv refuses', () => {
  test.each<[string, CsvOptions, string]>([
    ['', {}, 'parseCsv: text is empty, expected a table'],
    ['\n \n', {}, 'parseCsv: text is empty, expected a table'],
    ['a,b\n', {}, 'parseCsv: text has a header alone, expected at least one record'],
    ['a,b,a\n1,2,3', {}, "parseCsv: text, line 1 has the column 'a' twice, expected different names"],
    ['\na,b\n1,2\n1,2,3', {}, 'parseCsv: text, line 4 has 3 fields, expected 2, as on line 2'],
    ['a,b\n1', {}, 'parseCsv: text, line 2 has 1 field, expected 2, as on line 1'],
    ['a,b\n1,"2', {}, 'parseCsv: text, line 2 has a quote that is not closed, expected a quoted field in quotes'],
    ['a,b\n1,"2"3', {}, 'parseCsv: text, line 2 has a quote within a field, expected'],
    ['a\n0x10', {}, "parseCsv: text, line 2, column 'a': '0x10', expected a number"],
    ['a\nInfinity', {}, "column 'a': 'Infinity', expected a number"],
    ['a\n1,5', { delimiter: ';' }, "a number: write the comma of decimals as '.'"],
    ['a;b\n1;2', {}, "column 'a;b': '1;2', expected a number: the fields of text are separated by ';': set delimiter"],
    ['a\n1e39', {}, "parseCsv: text, line 2, column 'a': '1e39', expected a number that float32 can hold"],
    ['a\n1e999', { dtype: 'float64' }, 'expected a number that float64 can hold'],
    ['a,b\n1,2\n3,x', { target: 'b' }, "parseCsv: text, line 3, column 'b': 'x', expected a number"],
    ['a,b\n1,2', { target: 'c' }, "parseCsv: target is 'c', expected a column of text: 'a', 'b'"],
    ['a,b\n1,2', { target: 2 }, 'parseCsv: target is 2, expected a column of text'],
    [
      'a;b\n1;2',
      { target: 'b' },
      "expected a column of text: 'a;b': the fields of text are separated by ';': set delimiter",
    ],
    ['a,b\n1,2', { columns: ['a', 0] }, "parseCsv: columns has 'a' twice, expected each once"],
    ['a,b\n1,2', { target: 'a', columns: ['a'] }, "parseCsv: columns has the target 'a', expected inputs"],
    ['a\n1', { target: 'a' }, 'parseCsv: target is every column, expected one to be left for X'],
    ['a,b\n1,2', { categories: ['c'] }, "parseCsv: categories is 'c', expected a column of text"],
    ['a\nx', { categories: { a: ['x', 'x'] } }, "parseCsv: categories.a has 'x' twice, expected different texts"],
    ['a\n1', { categories: 'a' as never }, "parseCsv: categories is 'a', expected a list of columns, or an object"],
    ['a\n1', { delimiter: ', ' }, "parseCsv: delimiter is ', ', expected a character as"],
    ['a\n1', { missing: 'zero' as never }, "parseCsv: missing is 'zero', expected 'error', 'drop', 'nan' or 'mean'"],
    ['a\n1', { target: [] }, 'parseCsv: target is [], expected a column by name or place, or a list of them'],
    ['a\n1', { columns: [] }, 'parseCsv: columns is [], expected a list of columns, by name or place'],
    ['a\n1', { taget: 'a' } as never, "parseCsv: unknown option 'taget', expected target, header, delimiter"],
    [7 as never, {}, 'parseCsv: text is 7, expected a text'],
  ])('%j %j', (text, options, message) => {
    expect(() => parseCsv(text, options)).toThrow(message);
  });

  // The time is not the square of the length: that would be minutes.
  test('a long field and a wide header at once', () => {
    expect(() => parseCsv(`a\n${'1'.repeat(300_000)}x`)).toThrow("text, line 2, column 'a': '1111");
    expect(() => parseCsv(`a,a,${'b,'.repeat(99_999)}\n1`)).toThrow("text, line 1 has the column 'a' twice");
    const header = Array.from({ length: 100_000 }, (_, i) => i).join();
    expect(() => parseCsv(`${header}\n1`)).toThrow('text, line 2 has 1 field, expected 100000');
  });

  test('a header of one name, but not where other columns are empty names', () => {
    expect(parseCsv(',a\n1,2').columns).toEqual(['column 1', 'a']);
  });
});
