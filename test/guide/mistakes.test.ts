// @module-tag slow
// What the checks of the lessons say of usual mistakes: each is a change of the solution, with the words that name it.

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';

type Mistake = readonly [code: string, wrong: string, says: string];

const MISTAKES: Readonly<Record<string, readonly Mistake[]>> = {
  batchnorm: [
    ['return [out, { xhat, sigma, gamma }]', 'return out', 'batchnormForward returns no list'],
    ['** 2 / N', '** 2 / (N - 1)', 'the variance is a sum over N − 1'],
    ['Math.sqrt(variance + eps)', 'variance + eps', 'out is divided by the variance'],
    ['Math.sqrt(variance + eps)', 'Math.sqrt(variance) + eps', 'eps is added to the root'],
    ['gamma.get(d) * xhat.get(n, d) + beta', 'xhat.get(n, d) + beta', 'out[0, 0] is 4, expected 3'],
    ['runningMean.set(', '((d, v) => v)(', 'bnParam.runningMean has not changed'],
    [
      'momentum * runningMean.get(d) + (1 - momentum)',
      '0.1 * runningMean.get(d) + 0.9',
      'momentum is the weight of the old',
    ],
    ['(1 - momentum) * variance', '(1 - momentum) * Math.sqrt(variance)', 'average the variance'],
    ["if (mode === 'train')", 'if (N > 0)', 'in test mode out is normalized by the batch'],
    ['dbeta.get(d) + dout', 'dout', 'dbeta[0] is'],
    ['dout.get(n, d) * xhat.get(n, d));', 'dout.get(n, d));', 'dgamma[0] is'],
    [
      'dc = (dout.get(n, d) * gamma.get(d)) / s + (2 / N) * centred * dv',
      'dc = dout.get(n, d) / s',
      'back along the variance',
    ],
    ['dmu / N', '0', 'back along the mean'],
    [
      'const dc = (dout',
      'dx.set(n, d, dout.get(n, d) / s); continue; const dc = (dout',
      'as if the mean and the variance were constants',
    ],
    ['- dbeta.get(d) - xhat', '- xhat', 'dx[0, 0] is'],
  ],
  dropout: [
    ['[product(x, mask), mask]', 'product(x, mask)', 'dropoutForward returns no list'],
    ["mode === 'test' ? full", "mode === 'off' ? full", 'in test mode out[0, 0] is'],
    ['< p ? 1 / p', '>= p ? 1 / p', 'p is the probability of keeping one'],
    ['< p ? 1 / p', '< p ? 1', 'divide them by p'],
    ['random.rand(shape', 'new Random(7).rand(shape', 'two calls in a row drop the same units'],
    ['maskOf(x.shape, p, random)', 'maskOf(x.shape, p, new Random(Math.random()))', 'none from Math.random'],
    [
      'return product(dout, mask)',
      'return product(dout, full(dout.shape, 1))',
      'a unit that was dropped gets a gradient',
    ],
    [
      'return product(dout, mask)',
      'return product(dout, product(mask, full(dout.shape, 0.25)))',
      'is not divided by p',
    ],
    ['* mask.get(n, c)', '* mask.get(0, c)', 'all images keep the same channels'],
    ['* mask.get(n, c)', '* mask.get(n, (c + j) % C)', 'is dropped in part'],
  ],
  convolution: [
    ['w.get(f, c, p, q);', 'w.get(f, c, HH - 1 - p, WW - 1 - q);', 'the filter is turned around'],
    ['let sum = b.get(f)', 'let sum = 0', 'with a bias of 100, out[0, 0, 0, 0] is 1, expected 101'],
    ['+ p - pad', '+ p', 'with pad 1, out[0, 0, 0, 1] is'],
    ['i * stride', 'i', 'of the pixels 1 to 25 with stride 2, out[0, 0, 1, 0] is'],
    ['2 * pad', 'pad', 'out has shape (1, 1, 3, 3), expected (1, 1, 4, 4)'],
    ['db.get(f) + gradient', 'gradient', 'db[0] is'],
    ['dx.get(n, c, row, column) + gradient', 'gradient', 'dx[0, 0, 0, 0] is'],
    ['* size + p) * size + q', '* size + q) * size + p', 'columns[1, 0] is 4, expected 2'],
    ['+ b.get(f));', '+ 0);', 'with stride 1 and pad 1, out[0, 0, 0, 0] is'],
    ['> x.get(n, c, best', '< x.get(n, c, best', 'out[0, 0, 0, 0] is 1, expected 5'],
    ['> x.get(n, c, best', '>= x.get(n, c, best', 'of 6 6 0 2, dx[0, 0, 0, 0] is 0, expected 10'],
  ],
  autograd: [
    ['.sort((a, b) => b.order - a.order)', '', 'x.grad of h + relu(h)'],
    ['sum(gradients.get(input), part)', 'part', 'x.grad of relu(h) + h with h = 3 · x,[0] is 0, expected 3'],
    ['if (value.isParameter) value.grad', 'value.grad', 'a constant has a grad'],
    ['sum(value.grad, gradient)', 'gradient', 'x.grad after two passes of 3 · x[0] is 3, expected 6'],
    [
      'before ? F.add(before, gradient).data : gradient',
      'before ? (before.data.forEach((v, i) => { before.data[i] = v + gradient.data[i]; }), before) : gradient',
      'b.grad of (a + b) + a[0] is 2, expected 1',
    ],
    [
      'const reached = new Set([end]);',
      'const walk = (v, g) => {' +
        '  if (v.isParameter) v.grad = sum(v.grad, g);' +
        '  v.back?.(g).forEach((part, i) => walk(v.inputs[i], part));' +
        '};' +
        "walk(end, ones(end.data.shape, 'float64')); return; const reached = new Set([end]);",
      '12 functions went back 4095 times',
    ],
    [' && !names.has(member)', '', 'the names are scale, layers.0.w, layers.0.b, again'],
    ["typeof member === 'object'", 'Array.isArray(member)', 'the names are scale, again, expected'],
  ],
  saving: [
    ['bytes.buffer, bytes.byteOffset', 'bytes.buffer, 0', 'the header ends at byte'],
    ['size === 4 ? view.getFloat32(at, true)', 'size === 4 ? view.getFloat32(at)', 'hidden.weight[0, 0] is'],
    ["if (name === '__metadata__') continue;", '', '__metadata__: dtype is undefined'],
    ['from >= 0 && ', '', 'offsets that begin before the numbers was taken'],
    ['count * size !== to - from', 'false', 'a shape of 3 numbers with 8 bytes: the error does not name beta'],
    ['const values = valuesOf(a)', 'const values = [...a.data]', "'column' has 24 bytes"],
    ['BigInt(text.length)', 'BigInt(header.length)', 'decodeSafetensors'],
  ],
  data: [
    ['rows.map((n) => X.get(n, d))', '[0, 1, 2, 3].map((n) => X.get(n, d))', 'the mean is that of all rows'],
    [' || 1);', ');', 'std[2] is 0, expected 1'],
    ['average(values.map', '1.5 * average(values.map', 'divide the squares by their number'],
    ['.filter((value) => !Number.isNaN(value))', '', 'mean of 1, NaN, 3[0] is NaN'],
    ['zeros([N, D], X.dtype)', 'X', 'X has changed'],
    ['Number.isNaN(value) ? 0 : ', '', 'out of NaN[0, 0] is NaN'],
    ['mixed.slice(cut)', 'mixed.slice(cut + 1)', 'is there 0 times, expected once'],
    ['labels[place] === label);', 'label === 0);', 'the first list has 7 examples of class 0, expected 6'],
    ['random.permutation(places.length)', 'places.keys()', 'five seeds give the same first list'],
    ['at < count; at += size', 'at + size <= count; at += size', 'sizes 4, 4, expected 4, 4, 2'],
    ['random.permutation(count)', 'Array(count).keys()', 'two epochs have the same order'],
    ['this.signal.length - this.width)', 'this.signal.length - this.width + 1)', 'the last window has no next value'],
    ['[this.signal[end]]', '[this.signal[end - 1]]', 'y of example 1[0] is 13, expected 14'],
  ],
  scaling: [
    ['r * size + Math.min(r, left)', 'r * size', 'share 1 of 10 rows in 4 shares begins at 2, expected 3'],
    ['[Math.floor(count / parts), count % parts]', '[Math.ceil(count / parts), 0]', 'ends at 12, expected 10'],
    ['sizes[r] / all', '1 / sizes.length', 'w is the plain mean'],
    ['(loss * sizes[r]) / y.length', 'loss / sizes.length', 'the loss of 2 shares is'],
    ['.filter(([from, to]) => from < to)', '', 'X has shape (0, 5)'],
    ['2 * (replicas - 1)', '2 * replicas', 'one replica is'],
    ['replicas <= most', 'replicas < most', 'a job without gradients, up to 8 is 7, expected 8'],
  ],
};

afterEach(() => {
  vi.restoreAllMocks();
});

describe.each(Object.entries(MISTAKES))('%s', (name, mistakes) => {
  const from = join('docs/guide/lessons', name);
  const solution = readFileSync(join(from, 'solution.mjs'), 'utf8');
  let folder = '';
  beforeAll(() => {
    // Here the library is found by its name.
    folder = mkdtempSync(resolve('test/programs/lessons.generated-'));
    cpSync('docs/guide/lessons/lesson.mjs', join(folder, 'lesson.mjs'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each(mistakes)('%s: %s', async (code, wrong, says) => {
    expect(solution).toContain(code);
    const number = mistakes.findIndex((one) => one[1] === wrong && one[0] === code);
    const [check, exercise] = ['check', 'exercise'].map((file) => join(folder, `${file}-${number}.mjs`));
    cpSync(join(from, 'check.mjs'), check);
    const imports = "import { Random } from 'layerwise';\n";
    writeFileSync(exercise, `${wrong.includes('new Random') ? imports : ''}${solution.replace(code, wrong)}`);
    let out = '';
    vi.spyOn(console, 'log').mockImplementation((text = '') => {
      out += `${text}\n`;
    });
    vi.spyOn(process, 'exit').mockImplementation((status) => {
      throw new Error(`exit ${status}`);
    });
    process.argv[2] = exercise;
    await expect(import(pathToFileURL(check).href)).rejects.toThrow('exit 1');
    expect(out).toContain(says);
  });
});
