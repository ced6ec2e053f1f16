import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { array, hostValues, type NDArray, Random, zeros } from '../../src/arrays/index.js';
import { checkPair, type Entry, type PairCheck } from '../../src/cli/gradcheck/check.js';
import { type AnyFunction, findPairs } from '../../src/cli/gradcheck/pairs.js';
import { parametersOf } from '../../src/cli/gradcheck/parameters.js';
import * as layers from '../../src/layers/public.js';
import { command } from '../helpers/command.js';

/** To load the whole library for a user's file takes a second. */
const SLOW = { tags: 'slow' };

type Change = (gradients: Record<'dx' | 'dw' | 'db', NDArray>, dout: NDArray) => unknown;

/** The check of an affine layer whose gradients are changed. */
function changed(change: Change, forward: AnyFunction = layers.affineForward as AnyFunction): PairCheck {
  const backward = (dout: unknown, cache: unknown): unknown => {
    return change(layers.affineBackward(dout as NDArray, cache as layers.AffineCache), dout as NDArray);
  };
  return checkOne({ affineForward: forward, affineBackward: backward });
}

function checkOne(exported: Record<string, unknown>, entry?: Entry): PairCheck {
  return checkPair(findPairs(exported).pairs[0], entry, 0);
}

const mapped = (a: NDArray, f: (value: number, i: number) => number): NDArray =>
  array(Array.from(hostValues(a), f), a.shape, 'float64');

describe('findPairs', () => {
  const fn = (): number => 0;

  test('names of the library and of cs231n, endings, losses, and what stands alone', () => {
    const names = [
      ...['fooForward', 'fooBackward', 'fooBackwardAlt', 'conv_forward_naive', 'conv_backward_naive', 'barForward'],
      ...[
        'aForwardFast',
        'aBackwardFast',
        'my_loss',
        'svm_loss_naive',
        'lossHistory',
        'helper',
        'backward',
        'bazBackward',
      ],
    ];
    const { pairs, alone } = findPairs(Object.fromEntries([...names.map((name) => [name, fn]), ['number', 1]]));
    expect(pairs.map(({ name, forward, backward }) => `${name}: ${forward.name} ${backward?.name}`)).toEqual([
      'foo: fooForward fooBackward',
      'foo (Alt): fooForward fooBackwardAlt',
      'conv (naive): conv_forward_naive conv_backward_naive',
      'a (Fast): aForwardFast aBackwardFast',
      'my_loss: my_loss undefined',
      'svm_loss_naive: svm_loss_naive undefined',
    ]);
    expect(alone).toEqual(['barForward', 'bazBackward']);
  });
});

describe('parametersOf', () => {
  const namesOf = (f: (...args: never[]) => unknown): (string | undefined)[] | undefined =>
    parametersOf(f)?.map(
      ({ name, hasDefault, keys }) => `${keys === null ? name : `{${keys}}`}${hasDefault ? '?' : ''}`,
    );

  test('of functions, arrows and methods, with defaults and destructured objects', () => {
    expect(
      namesOf((x: unknown, w = [1, 2], { stride, pad = 1 }: Record<string, unknown> = {}) => [x, w, stride, pad]),
    ).toEqual(['x', 'w?', '{stride}?']);
    expect(namesOf(Function('return x => x')())).toEqual(['x']);
    expect(namesOf(Function('return async (/* in */ x, // the input\n b) => x')())).toEqual(['x', 'b']);
    expect(
      namesOf(
        {
          method(x: number, y: number) {
            return x + y;
          },
        }.method,
      ),
    ).toEqual(['x', 'y']);
  });

  test('null where the text does not say', () => {
    expect(parametersOf(Math.max)).toBeNull();
    expect(parametersOf((...rest: unknown[]) => rest)).toBeNull();
  });
});

describe('the layers of the library', () => {
  const { pairs, alone } = findPairs(layers);

  test('all are found', () => {
    expect(alone).toEqual([]);
    const forwards = Object.keys(layers).filter((name) => /Forward|Loss$/.test(name));
    expect(new Set(pairs.map(({ forward }) => forward.name))).toEqual(new Set(forwards));
  });

  test.each(['affine', 'batchnorm (Alt)', 'softmaxLoss', 'maxout', 'prelu', 'relu'])('%s is right', (name) => {
    const pair = pairs.find((one) => one.name === name);
    expect(pair && checkPair(pair, undefined, 0)).toMatchObject({ verdict: 'right', problem: null });
  });

  test.each(pairs)('$forward.name, $backward.name', { tags: 'slow' }, (pair) => {
    const { verdict, gradients, problem } = checkPair(pair, undefined, 1);
    expect({ verdict, problem }).toEqual({ verdict: 'right', problem: null });
    for (const { error, shape } of gradients) {
      // Beside an input far from 0, gradients are small and their differences inexact.
      expect(error).toBeLessThan(1e-5);
      expect(shape.length).toBeGreaterThan(0);
    }
  });
});

describe('wrong gradients, and what is said of them', () => {
  const hints = ({ gradients }: PairCheck): Record<string, string | null> =>
    Object.fromEntries(gradients.map(({ argument, hint }) => [argument, hint]));

  test('a right pair has no hints; the place of the largest error is there all the same', () => {
    const check = changed((all) => all);
    expect(check.verdict).toBe('right');
    expect(hints(check)).toEqual({ x: null, w: null, b: null });
    expect(check.gradients[1]).toMatchObject({ argument: 'w', isRight: true, kinks: 0 });
    expect(check.gradients[1].index).toHaveLength(2);
    expect(check.gradients[1].error).toBeLessThan(1e-7);
  });

  test('a tuple is matched in the order of the arguments', () => {
    expect(changed(({ dx, dw, db }) => [dx, dw, db]).verdict).toBe('right');
  });

  test('an object is matched by names, by what names mean, and by what is left', () => {
    const forward = (x: NDArray, weights: NDArray, theta: NDArray): unknown => {
      const [out, cache] = layers.affineForward(x, weights, theta);
      return { out, cache };
    };
    const entry: Entry = (random) => [random.randn([3, 4]), random.randn([4, 5]), random.randn([5])];
    const of = (factor: number) => ({
      foo_forward: forward,
      foo_backward: (dout: NDArray, cache: layers.AffineCache) => {
        const { dx, dw, db } = layers.affineBackward(dout, cache);
        return { grad_X: dx, dW: mapped(dw, (g) => factor * g), d_shift: db };
      },
    });
    expect(checkOne(of(1), entry)).toMatchObject({ verdict: 'right', gradients: { length: 3 } });
    expect(hints(checkOne(of(2), entry))).toEqual({ x: null, weights: 'it is 2 times too large', theta: null });
  });

  test('a backward pass may compute in the place of dout and of the cache', () => {
    const inPlace = (a: NDArray, f: (i: number) => number): NDArray => {
      for (let i = 0; i < a.size; i++) a.data[i] = f(i);
      return a;
    };
    const sigmoid = (x: NDArray): NDArray => mapped(x, (value) => 1 / (1 + Math.exp(-value)));
    const right = checkOne({
      sigmoidForward: (x: NDArray) => [sigmoid(x), sigmoid(x)],
      sigmoidBackward: (dout: NDArray, s: NDArray) => inPlace(dout, (i) => dout.data[i] * s.data[i] * (1 - s.data[i])),
    });
    expect(right.verdict).toBe('right');
    const twice = checkOne({
      sameForward: (x: NDArray) => [array(x), x],
      sameBackward: (dout: NDArray, x: NDArray) => {
        inPlace(x, () => 1);
        return inPlace(dout, (i) => 2 * dout.data[i]);
      },
    });
    expect(hints(twice)).toEqual({ x: 'it is 2 times too large' });
  });

  test('what is cut off far from 0', () => {
    const check = checkOne({
      relu6Forward: layers.relu6Forward,
      relu6Backward: (dout: NDArray, { x }: { x: NDArray }) => mapped(dout, (g, i) => (hostValues(x)[i] > 0 ? g : 0)),
    });
    expect(check.verdict).toBe('wrong');
  });

  test('a sign, a factor, zeros', () => {
    const check = changed(({ dx, dw, db }, { shape: [N] }) => ({
      dx: mapped(dx, (g) => -g),
      dw: mapped(dw, (g) => g * N),
      db: mapped(db, () => 0),
    }));
    expect(check.verdict).toBe('wrong');
    const { x, w, b } = hints(check);
    expect([x, b]).toEqual(['its sign is wrong', 'it is zero everywhere']);
    expect(w).toMatch(/^it is [57] times too large: a mean over N, 1\/N, is missing$/);
    expect(check.gradients[0]).toMatchObject({ isRight: false, error: expect.closeTo(1, 5) });
  });

  test('a mean too many, and half of it', () => {
    const { w, b } = hints(
      changed(({ dx, dw, db }, { shape: [N] }) => ({
        dx,
        dw: mapped(dw, (g) => g / N),
        db: mapped(db, (g) => g / 2.5),
      })),
    );
    expect(w).toMatch(/^it is [57] times too small: 1\/N is there once too often$/);
    expect(b).toBe('it is 2.5 times too small');
  });

  test('a transposed gradient, a sum over the wrong axis, a sum that is missing', () => {
    const sumOfRows = ({ shape: [N, M] }: NDArray, dout: NDArray): NDArray =>
      array(
        Array.from({ length: N }, (_, n) =>
          Array.from({ length: M }, (_, m) => dout.get(n, m)).reduce((a, b) => a + b),
        ),
      );
    const wrong = hints(
      changed(({ dx, dw }, dout) => ({ dx, dw: array(dw.transpose(1, 0)), db: sumOfRows(dout, dout) })),
    );
    expect(wrong.w).toMatch(/^has shape \(\d+, \d+\), expected \(\d+, \d+\): it is transposed$/);
    expect(wrong.b).toMatch(/^has shape \(\d+,\), expected \(\d+,\): the sum is over the wrong axis, N is left$/);
    expect(hints(changed(({ dx, dw }, dout) => ({ dx, dw, db: dout }))).b).toMatch(/: a sum over an axis is missing$/);
    expect(hints(changed(({ dx, dw, db }) => ({ dx, dw, db: array(db, [1, db.size]) }))).b).toMatch(
      /: drop or keep axes of length 1$/,
    );
  });

  test('a square gradient that is transposed; two that have changed places', () => {
    const square = checkOne(
      {
        fooForward: (x: NDArray, w: NDArray) => layers.affineForward(x, w, zeros([4], 'float64')),
        fooBackward: (dout: NDArray, cache: layers.AffineCache) => {
          const { dx, dw } = layers.affineBackward(dout, cache);
          return { dx, dw: array(dw.transpose(1, 0)) };
        },
      },
      (random) => [random.randn([3, 4]), random.randn([4, 4])],
    );
    expect(hints(square)).toEqual({ x: null, w: 'it is transposed' });
    const swapped = checkOne({
      normForward: layers.layernormForward,
      normBackward: (dout: NDArray, cache: layers.LayernormCache) => {
        const { dx, dgamma, dbeta } = layers.layernormBackward(dout, cache);
        return { dx, dgamma: dbeta, dbeta: dgamma };
      },
    });
    expect(hints(swapped)).toMatchObject({
      x: null,
      gamma: 'it is the gradient of beta: two gradients have changed places',
      beta: 'it is the gradient of gamma: two gradients have changed places',
    });
  });

  test('the derivative or dout is missing', () => {
    const tanh = (backward: (dout: NDArray, out: NDArray) => NDArray): PairCheck =>
      checkOne({
        tanhForward: (x: NDArray) => [layers.tanhForward(x)[0], layers.tanhForward(x)[0]],
        tanhBackward: backward,
      });
    expect(tanh((dout) => dout).gradients[0].hint).toBe('it is dout itself: the derivative of the layer is missing');
    expect(tanh((_, out) => mapped(out, (y) => 1 - y * y)).gradients[0].hint).toBe('dout is missing: multiply by it');
    const some = tanh((dout, out) => mapped(out, (y, i) => (y > 0 ? (1 - y * y) * hostValues(dout)[i] : 0)));
    expect(some.gradients[0].hint).toMatch(/^\d+ of \d+ elements differ$/);
    expect(tanh((_, out) => mapped(out, () => Number.NaN)).gradients[0]).toMatchObject({
      isRight: false,
      error: null,
      hint: 'it holds NaN',
    });
  });

  test('a term through a mean is missing', () => {
    const centred = (x: NDArray): NDArray => {
      const [N, D] = x.shape;
      const mean = (d: number): number => Array.from({ length: N }, (_, n) => x.get(n, d)).reduce((a, b) => a + b) / N;
      return mapped(x, (value, i) => value - mean(i % D));
    };
    const check = checkOne({
      centerForward: (x: NDArray) => [centred(x), null],
      centerBackward: (dout: NDArray) => dout,
    });
    expect(check.gradients[0].hint).toMatch(/dout itself|through a mean/);
    const scaled = checkOne({
      centerForward: (x: NDArray) => [mapped(centred(x), (value) => 3 * value), null],
      centerBackward: (dout: NDArray) => mapped(dout, (value) => 3 * value),
    });
    expect(scaled.gradients[0].hint).toBe(
      'it differs by one number for all examples: a term through a mean is missing',
    );
  });

  test('a kink is told from a wrong gradient', () => {
    const entry: Entry = () => [array([[1, 3e-6, -2, -4e-6]])];
    const relu = { reluForward: layers.reluForward, reluBackward: layers.reluBackward };
    expect(checkOne(relu, entry)).toMatchObject({ verdict: 'right', gradients: [{ kinks: 6 }] });
    const wrong = checkOne({ ...relu, reluBackward: (dout: NDArray) => mapped(dout, (g) => 3 * g) }, entry);
    expect(wrong.verdict).toBe('wrong');
  });
});

describe('pairs that are wrong as a whole', () => {
  const x2 = (x: NDArray): NDArray => mapped(x, (value) => 2 * value);

  test.each([
    ['backward fails', { fooBackward: () => (null as unknown as NDArray).shape }, /^fooBackward fails: /],
    ['no gradient', { fooBackward: () => ({ loss: 1 }) }, /^fooBackward returns no gradient: expected an array/],
    [
      'it changes its input',
      {
        fooForward: (x: NDArray) => {
          hostValues(x).fill(1);
          return [x2(x), null];
        },
      },
      /^fooForward changes its argument x: compute into a new array$/,
    ],
    [
      'float32',
      { fooForward: (x: NDArray) => [array(x2(x), undefined, 'float32'), null] },
      /^fooForward returns float32 for float64 inputs/,
    ],
  ])('%s', (_, part, problem) => {
    const pair = { fooForward: (x: NDArray) => [x2(x), null], fooBackward: x2, ...part };
    const check = checkOne(pair);
    expect(check.problem).toMatch(problem);
    expect(check.verdict).toBe(/float32/.test(String(problem)) ? 'needs float64' : 'wrong');
  });

  test('gradients that are missing, or that belong to nothing', () => {
    expect(changed(({ dx }) => dx).problem).toBe('affineBackward returns no gradient of w and b');
    expect(changed(({ dx, db }) => ({ dx, db, dtheta: db, dphi: db })).problem).toBe(
      'affineBackward returns dtheta, which is the gradient of no argument: name it after one of x, w, b',
    );
  });

  test('float32 on the way, where differences are noise and every fault looks like a kink', () => {
    const rounded = (x: NDArray, w: NDArray, b: NDArray): unknown => {
      const single = (a: NDArray): NDArray => array(a, a.shape, 'float32');
      const [out] = layers.affineForward(single(x), single(w), single(b));
      return [array(out, out.shape, 'float64'), layers.affineForward(x, w, b)[1]];
    };
    expect(changed((all) => all, rounded as AnyFunction)).toMatchObject({
      verdict: 'needs float64',
      problem: 'affineForward rounds x or what it computes of it: make its arrays in float64',
    });
  });

  test.each([
    [
      'a parameter of which nothing is known',
      { fooForward: (x: NDArray, theta: number) => [x, theta] },
      'it is not known what theta of fooForward is',
    ],
    [
      'a parameter with the name of what every object has',
      { fooForward: Function('x', 'constructor', 'return [x, constructor]') },
      'it is not known what constructor of fooForward is',
    ],
    [
      'rest parameters',
      { fooForward: (...x: NDArray[]) => [x[0], 1] },
      'it is not known how to call it: the parameters of fooForward cannot be read',
    ],
    [
      'no shape fits',
      {
        fooForward: (x: NDArray) => {
          throw new RangeError(`no ${x.shape.length} axes`);
        },
      },
      'no shapes were found for x: no 4 axes',
    ],
    [
      'other values at each call',
      { fooForward: (x: NDArray) => [mapped(x, () => new Random().randn([1]).get(0)), null] },
      'no shapes were found for x: fooForward returns other values at each call: give it a seed or a mask',
    ],
    [
      'no array',
      { fooForward: (x: NDArray) => x.size },
      'no shapes were found for x: fooForward returns no [out, cache] with an array out',
    ],
  ])('needs an entry: %s', (_, part, problem) => {
    expect(checkOne({ fooBackward: x2, ...part })).toMatchObject({ verdict: 'needs an entry', problem });
  });

  test('an entry that fails, and one that does not fit', () => {
    const pair = { fooForward: layers.reluForward, fooBackward: layers.reluBackward };
    const failing = checkOne(pair, () => {
      throw new Error('no');
    });
    expect(failing.problem).toBe('its entry in gradcheck fails: no');
    expect(checkOne(pair, () => 5 as never).problem).toBe('its entry in gradcheck returns no list of arguments');
    expect(checkOne(pair, () => [7]).problem).toMatch(/^fooForward does not take what its entry in gradcheck makes: /);
  });
});

describe('layerwise gradcheck', () => {
  let dir = '';
  beforeAll(() => {
    dir = mkdtempSync(path.join(tmpdir(), 'gradcheck-'));
    writeFileSync(
      path.join(dir, 'layers.ts'),
      `import { affineForward, affineBackward, array, NDArray, zeros } from 'layerwise';
       export const scale_forward = (x: NDArray, theta: number) => [array(x.tolist?.() ?? x), theta];
       export function double_forward(x: NDArray): [NDArray, null] {
         const out = zeros(x.shape, 'float64');
         x.data.forEach((value, i) => { out.data[i] = 2 * value; });
         return [out, null];
       }
       export function double_backward(dout: NDArray, cache: null): NDArray {
         const dx = zeros(dout.shape, 'float64');
         dout.data.forEach((value, i) => { dx.data[i] = FACTOR * value; });
         return dx;
       }
       const FACTOR = Number(process.env.GRADCHECK_FACTOR ?? 2);
       export const linearForward = (input: NDArray, theta: NDArray, b: NDArray) => affineForward(input, theta, b);
       export const linearBackward = (dout: NDArray, cache: never) => {
         const { dx, dw, db } = affineBackward(dout, cache);
         return { dinput: dx, dtheta: dw, db };
       };
       const shapes = [[3, 4], [4, 2], [2]];
       export const gradcheck = { linear: (random: any) => shapes.map((shape) => random.randn(shape)) };`,
    );
    writeFileSync(
      path.join(dir, 'open.mjs'),
      'export const fooForward = (x, q) => x;\nexport const fooBackward = (d) => d;',
    );
    writeFileSync(path.join(dir, 'none.mjs'), 'export const fooForward = (x) => x;');
    writeFileSync(path.join(dir, 'bad.mjs'), 'export const gradcheck = 5, aForward = (x) => x, aBackward = (x) => x;');
    writeFileSync(path.join(dir, 'throws.mjs'), 'throw new Error("not today");');
  });
  afterAll(() => rmSync(dir, { recursive: true }));
  const gradcheck = (...args: string[]) => command(dir, ['gradcheck', ...args], 120);

  test('a file of TypeScript whose pairs are right: a table, exit code 0', SLOW, async () => {
    const { code, out, err } = await gradcheck('layers.ts');
    expect(err).not.toContain('Error');
    expect(out).toMatch(/^pair +gradient +shape +error +at +numerical +analytic +verdict\n/);
    expect(out).toMatch(/\ndouble +dx +\(\d+, \d+\) .* right\n/);
    expect(out).toMatch(/\nlinear +dinput .*\n +dtheta +\(4, 2\) .*\n +db +\(2\) .* right\n/);
    expect(out).toContain('scale_forward has no other half, and was not checked\n\n2 of 2 pairs are right\n');
    expect(code).toBe(0);
  });

  test('one that is wrong: exit code 1', SLOW, async () => {
    process.env.GRADCHECK_FACTOR = '-2';
    const { code, out, err } = await gradcheck('layers.ts', '--pair', 'double');
    delete process.env.GRADCHECK_FACTOR;
    expect([code, err]).toEqual([1, '']);
    expect(out).toContain(' WRONG\n\ndouble, dx: its sign is wrong\n');
    expect(out).toContain('0 of 1 pairs is right, 1 is wrong');
  });

  test('one that needs an entry: exit code 2', SLOW, async () => {
    const { code, out } = await gradcheck('open.mjs');
    expect(code).toBe(2);
    expect(out).toContain('foo: it is not known what q of fooForward is');
    expect(out).toContain('0 of 1 pairs is right, 1 needs an entry in gradcheck (layerwise gradcheck --help)');
  });

  test('--json, the same with the same seed', async () => {
    const { code, out } = await gradcheck('layerwise', '--pair', 'relu', '--seed', '7', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      file: 'layerwise',
      seed: '7',
      pairs: [{ name: 'relu', forward: 'reluForward', backward: 'reluBackward', verdict: 'right', problem: null }],
    });
    expect((await gradcheck('layerwise', '--pair', 'relu', '--seed', '7', '--json')).out).toBe(out);
  });

  test.each([
    ['missing.ts', [], 1, 'gradcheck: FILE: there is no file '],
    ['throws.mjs', [], 1, 'throws.mjs fails: not today (line 1)'],
    ['none.mjs', [], 2, 'none.mjs exports no pair such as fooForward and fooBackward; fooForward stands alone'],
    ['bad.mjs', [], 2, 'bad.mjs exports a gradcheck that is no object of functions'],
    ['layerwise', ['--pair', 'afine'], 2, 'gradcheck: --pair afine: layerwise has no such pair; did you mean affine?'],
  ])('%s %s', SLOW, async (file, rest, code, message) => {
    const { code: found, err } = await gradcheck(file, ...rest);
    expect(err).toContain(message);
    expect(found).toBe(code);
  });
});
