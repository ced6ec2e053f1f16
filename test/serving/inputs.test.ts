import { expect, test } from 'vitest';
import type { HttpError } from '../../src/http/index.js';
import type { Spec } from '../../src/serving/index.js';
import { checkMediaType, inputsOf } from '../../src/serving/inputs.js';
import { PICTURES, ROWS } from './models.js';
import { png } from './png.js';

const COLOURS: Spec = { ...PICTURES, inputShape: [3, 2, 2] };

function read(type: string, body: string | Uint8Array, spec = PICTURES, query = ''): [count: number, number[]] {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const { values, count } = inputsOf(type, bytes, spec, new URLSearchParams(query));
  return [count, [...values]];
}

function refused(type: string, body: string | Uint8Array, spec = PICTURES, query = ''): string {
  try {
    read(type, body, spec, query);
  } catch (error) {
    const { status, message } = error as HttpError;
    return `${status} ${message}`;
  }
  return 'not refused';
}

const JSON_TYPE = 'application/json';

test('JSON: one example or several, flat or nested', () => {
  const pixels = [0, 1.5, 2, 255];
  for (const inputs of [
    pixels,
    [[pixels.slice(0, 2), pixels.slice(2)]],
    [pixels],
    [
      [
        [
          [0, 1.5],
          [2, 255],
        ],
      ],
    ],
  ]) {
    expect(read(JSON_TYPE, JSON.stringify({ inputs }))).toEqual([1, pixels]);
  }
  expect(read(JSON_TYPE, '{"inputs": [[1,2,3,4],[5,6,7,8]]}')).toEqual([2, [1, 2, 3, 4, 5, 6, 7, 8]]);
  expect(read(JSON_TYPE, '{"inputs": [-1e30, 2]}', ROWS)).toEqual([1, [Math.fround(-1e30), 2]]);
  const colours = Array.from({ length: 12 }, (_, i) => i);
  const nested = [0, 4, 8].map((c) => [
    [c, c + 1],
    [c + 2, c + 3],
  ]);
  expect(read(JSON_TYPE, JSON.stringify({ inputs: [nested, nested] }), COLOURS)).toEqual([2, [...colours, ...colours]]);
});

test('JSON: what is wrong with it, and what was expected', () => {
  const expected = 'expected { "inputs": [one or more examples of shape (1, 2, 2) or flat lists of 4] }';
  expect(refused(JSON_TYPE, '{"inputs": [[1,2,3]]}')).toBe(`400 the body has inputs of shape (1, 3), ${expected}`);
  const cases: [body: string, message: string][] = [
    ['', 'the body is empty'],
    ['{"inputs": [1,2,3', 'the body is not JSON'],
    ['{"inputs": [NaN,2,3,4]}', 'the body is not JSON'],
    ['[1,2,3,4]', 'the body is no object'],
    ['null', 'the body is no object'],
    ['{}', 'the body has other keys'],
    ['{"input": [1,2,3,4]}', 'the body has other keys'],
    ['{"inputs": [1,2,3,4], "top": 1}', 'the body has texts or other keys'],
    ['{"inputs": 5}', 'the body has inputs that are no list'],
    ['{"inputs": {}}', 'the body has inputs that are no list'],
    ['{"inputs": []}', 'the body has inputs of shape (0)'],
    ['{"inputs": [[]]}', 'the body has inputs of shape (1, 0)'],
    ['{"inputs": [[1,2,3,4],[5,6,7]]}', 'the body has inputs of uneven lengths'],
    ['{"inputs": [[1,2,3,4],5]}', 'the body has inputs of uneven lengths'],
    ['{"inputs": [[1,2],[3,4]]}', 'the body has inputs of shape (2, 2)'],
    ['{"inputs": [1,2,null,4]}', 'the body has something else than numbers in inputs'],
    ['{"inputs": [1,2,[3],4]}', 'the body has something else than numbers in inputs'],
    ['{"inputs": [1,2,3,true]}', 'the body has something else than numbers in inputs'],
    ['{"inputs": ["1","2","3","4"]}', 'the body has texts or other keys'],
    ['{"inputs": [1,2,3,256]}', 'the body has 256 in inputs, expected pixels from 0 to 255'],
    ['{"inputs": [1,2,3,-1]}', 'the body has -1 in inputs, expected pixels from 0 to 255'],
    ['{"inputs": [1,2,3,1e999]}', 'the body has Infinity in inputs, expected pixels from 0 to 255'],
    ['{"__proto__": {"inputs": [1,2,3,4]}}', 'the body has texts or other keys'],
    [`{"inputs": ${'['.repeat(1e5)}${']'.repeat(1e5)}}`, 'the body has lists in lists that are nested too deeply'],
  ];
  for (const [body, message] of cases) {
    const said = refused(JSON_TYPE, body);
    expect(said.startsWith(`400 ${message}`), `${body.slice(0, 60)}: ${said}`).toBe(true);
  }
  const large = '400 the body has Infinity in inputs, expected finite numbers';
  expect(refused(JSON_TYPE, '{"inputs": [1e39, 1]}', ROWS)).toBe(large);
  const lists = `{"inputs": [${'[],'.repeat(1e5)}[]]}`;
  expect(refused(JSON_TYPE, lists, { ...PICTURES, inputShape: [1, 4, 4] })).toMatch(
    /^400 the body has more lists than examples of that shape have/,
  );
  expect(refused(JSON_TYPE, Buffer.from([0x22, 0xff, 0x22]))).toBe('400 the body is not UTF-8');
});

test('octets: pixels of a byte, or float32', () => {
  const type = 'application/octet-stream';
  expect(read(type, Buffer.from([1, 2, 3, 4, 5, 6, 7, 8]))).toEqual([2, [1, 2, 3, 4, 5, 6, 7, 8]]);
  const floats = new Uint8Array(Float32Array.from([0.5, 2, 3, 255]).buffer);
  // Bytes of a body may begin anywhere in memory.
  const shifted = Buffer.concat([Buffer.alloc(1), floats]).subarray(1);
  expect(read(type, shifted, PICTURES, 'dtype=float32')).toEqual([1, [0.5, 2, 3, 255]]);
  expect(read(type, new Uint8Array(Float32Array.from([-1, 7]).buffer), ROWS)).toEqual([1, [-1, 7]]);
  expect(refused(type, Buffer.alloc(5))).toBe(
    '400 the body has 5 bytes, expected a multiple of 4: examples of shape (1, 2, 2) in uint8',
  );
  const other = '400 dtype is another, expected';
  expect(refused(type, Buffer.alloc(16), PICTURES, 'dtype=int8')).toBe(`${other} uint8 or float32`);
  expect(refused(type, Buffer.alloc(8), ROWS, 'dtype=uint8')).toBe(`${other} float32`);
  const wrong = new Uint8Array(Float32Array.from([0, 0, Number.NaN, 0]).buffer);
  expect(refused(type, wrong, PICTURES, 'dtype=float32')).toBe('400 the body has NaN, expected pixels from 0 to 255');
  expect(refused(type, wrong, ROWS)).toBe('400 the body has NaN, expected finite numbers');
});

test('pictures: of any size; damaged, cut off and too large ones are refused', () => {
  const small = png(2, 2, Uint8Array.from([0, 1, 2, 0, 3, 4]));
  expect(read('image/png', small)).toEqual([1, [1, 2, 3, 4]]);
  const even = png(
    4,
    4,
    new Uint8Array(20).map((_, i) => (i % 5 === 0 ? 0 : 9)),
  );
  expect(read('image/png', even)).toEqual([1, [9, 9, 9, 9]]);
  expect(read('image/png', small, { ...PICTURES, inputShape: [1, 1, 2] })).toEqual([1, [2, 3]]);
  expect(refused('image/png', small.subarray(0, 50))).toMatch(/^400 the body is a PNG that is cut off/);
  expect(refused('image/png', png(60_000, 60_000, new Uint8Array(9)))).toMatch(
    /^400 the body has 60000 × 60000 pixels, expected at most 16000000/,
  );
  expect(refused('image/png', png(2, 2, new Uint8Array(5e5)))).toMatch(/^400 the body is .*more rows than it is high/);
  expect(refused('image/png', 'GIF89a and more than that')).toMatch(/^400 the body is a GIF/);
  const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 2, 0xff, 0xd9, 0, 2, 0, 0]);
  expect(refused('image/jpeg', jpeg)).toMatch(/^400 the body is a JPEG without a picture/);
});

test('CSV: rows by the names of columns', () => {
  const type = 'text/csv';
  expect(read(type, 'b,other,a\n1,x,2\n3,y,4\n', ROWS)).toEqual([2, [2, 1, 4, 3]]);
  expect(refused(type, 'a\n1\n', ROWS)).toMatch(/^400 .*'b'/);
  expect(refused(type, 'a,b\n1,x\n', ROWS)).toMatch(/^400 the body.*line 2, column 'b'/);
  expect(refused(type, 'a,b\n1,\n', ROWS)).toMatch(/^400 the body.*line 2, column 'b'/);
  expect(refused(type, 'a,b\n1\n', ROWS)).toMatch(/^400 the body.*line 2/);
  expect(refused(type, 'a,b\n1,1e39\n', ROWS)).toMatch(/^400 the body.*float32 can hold/);
  expect(refused(type, 'a,b\n', ROWS)).toMatch(/^400 the body/);
});

test('media types: each model has its own', () => {
  expect(() => checkMediaType('text/csv', PICTURES)).toThrow(
    'the Content-Type is another, expected application/json, image/png, image/jpeg, application/octet-stream',
  );
  expect(() => checkMediaType('', ROWS)).toThrow(
    'the Content-Type is missing, expected application/json, application/octet-stream, text/csv',
  );
  expect(() => checkMediaType('__proto__', ROWS)).toThrow('the Content-Type is another');
});
