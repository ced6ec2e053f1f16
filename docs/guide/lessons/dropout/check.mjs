// Checks exercise.mjs: node check.mjs

import { evalNumericalGradientArray, full, Random } from 'layerwise';
import { lesson, near, unchanged, wrong } from './lesson.mjs';

const P = 0.25;
const [ROWS, COLUMNS] = [100, 80];
const x = full([ROWS, COLUMNS], 3, 'float64');

/** @param {number} [seed] */
const training = (seed = 0) => ({ mode: /** @type {const} */ ('train'), p: P, random: new Random(seed) });
const testing = () => ({ mode: /** @type {const} */ ('test'), p: P, random: new Random(0) });

/** @param {number} share */
const percent = (share) => `${Math.round(100 * share)} %`;

/** The values of an array. @param {import('layerwise').NDArray} a */
const valuesOf = (a) => Array.from(a.data);

/** Which values are not 0, row by row, as text. @param {import('layerwise').NDArray} a */
const patterns = (a) =>
  Array.from({ length: ROWS }, (_, n) => Array.from({ length: COLUMNS }, (_, d) => Number(a.get(n, d) !== 0)).join(''));

await lesson({
  'dropoutForward: test mode changes nothing': ({ dropoutForward }) => {
    const result = dropoutForward(x, testing());
    if (!Array.isArray(result)) wrong('dropoutForward returns no list: return [out, cache]');
    near('in test mode out', result[0], x);
  },

  'dropoutForward: a share of p is kept': ({ dropoutForward }) => {
    const [out] = unchanged({ x }, () => dropoutForward(x, training()));
    if (String(out?.shape) !== String(x.shape)) near('out', out, x);
    if (new Set(patterns(out)).size < 2) wrong('all rows of out have the same zeros: draw a number for each value');
    const kept = valuesOf(out).filter((value) => value !== 0).length / x.size;
    if (Math.abs(kept - (1 - P)) < 0.05) {
      wrong(
        `${percent(kept)} of the values are kept with p = ${P}: p is the probability of keeping one, not of dropping`,
      );
    }
    if (Math.abs(kept - P) > 0.05) wrong(`${percent(kept)} of the values are kept, expected about ${percent(P)}`);
  },

  'dropoutForward: kept values are divided by p': ({ dropoutForward }) => {
    const [out] = dropoutForward(x, training());
    const other = valuesOf(out).find((value) => value !== 0 && Math.abs(value - 3 / P) > 1e-6);
    if (other === undefined) return;
    if (Math.abs(other - 3) < 1e-6)
      wrong('kept values are as they were: divide them by p, so that the mean of out is x');
    wrong(`of a 3 that is kept comes ${other}, expected 3 / p = ${3 / P}`);
  },

  'dropoutForward: every call has a mask of its own': ({ dropoutForward }) => {
    const [out] = dropoutForward(x, training());
    const rows = patterns(out);
    const param = training();
    const [first, second] = [dropoutForward(x, param), dropoutForward(x, param)].map(([each]) =>
      String(patterns(each)),
    );
    if (first === second) wrong('two calls in a row drop the same units: take the numbers from random, which goes on');
    if (first !== String(rows)) {
      wrong('two calls with the same seed drop other units: take all numbers from random, none from Math.random');
    }
  },

  'dropoutBackward: the gradient passes where a unit was kept': ({ dropoutForward, dropoutBackward }) => {
    const [out, cache] = dropoutForward(x, training());
    const dout = full(x.shape, 1, 'float64');
    const dx = unchanged({ dout }, () => dropoutBackward(dout, cache));
    if (String(dx?.shape) !== String(x.shape)) near('dx', dx, x);
    const passes = patterns(dx).join('');
    const kept = patterns(out).join('');
    const at = [...kept].findIndex((one, i) => one !== passes[i]);
    if (at >= 0 && kept[at] === '0') wrong('a unit that was dropped gets a gradient: its output is 0 whatever it is');
    if (at >= 0)
      wrong('a unit that was kept gets no gradient: use the mask of the forward pass, which is in the cache');
    const value = valuesOf(dx).find((one) => one !== 0);
    if (value === 1) wrong('the gradient is not divided by p: out = x · mask, and the mask has 1 / p');
  },

  'dropoutBackward: the numerical gradient': ({ dropoutForward, dropoutBackward }) => {
    const random = new Random(1);
    const [input, dout] = [random.randn([5, 6], 'float64'), random.randn([5, 6], 'float64')];
    for (const param of [training, testing]) {
      const [, cache] = dropoutForward(input, param());
      const numerical = evalNumericalGradientArray((x) => dropoutForward(x, param())[0], input, dout);
      near(`in ${param().mode} mode dx`, dropoutBackward(dout, cache), numerical);
    }
  },

  'dropout2dForward: whole channels': ({ dropout2dForward }) => {
    const images = full([20, 30, 2, 3], 3, 'float64');
    near('in test mode out', dropout2dForward(images, testing()), images);
    const out = unchanged({ images }, () => dropout2dForward(images, training()));
    if (String(out?.shape) !== String(images.shape)) near('out', out, images);
    let kept = 0;
    for (let n = 0; n < 20; n++) {
      for (let c = 0; c < 30; c++) {
        const first = out.get(n, c, 0, 0);
        for (const [i, j] of [
          [0, 1],
          [0, 2],
          [1, 0],
          [1, 1],
          [1, 2],
        ]) {
          if (out.get(n, c, i, j) !== first)
            wrong(`channel ${c} of image ${n} is dropped in part: one number decides for all`);
        }
        if (first !== 0) near('a 3 of a channel that is kept', first, 3 / P);
        kept += Number(first !== 0) / 600;
      }
    }
    if (Math.abs(kept - P) > 0.08) wrong(`${percent(kept)} of the channels are kept, expected about ${percent(P)}`);
    const same = Array.from({ length: 30 }, (_, c) => out.get(0, c, 0, 0) === out.get(1, c, 0, 0));
    if (same.every(Boolean)) wrong('all images keep the same channels: draw a number for each channel of each image');
  },
});
