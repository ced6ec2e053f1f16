// Checks exercise.mjs: node check.mjs

import { array, DataLoader, Random, Standardizer } from 'layerwise';
import { lesson, near, unchanged, wrong } from './lesson.mjs';

const X = array([1, 10, 5, 2, 30, 5, 3, 20, 5, 900, -900, 70], [4, 3], 'float64');
const TRAINING = [0, 1, 2];
/** Nine of class 0, three of class 7, in no order. */
const LABELS = [0, 7, 0, 0, 0, 7, 0, 0, 0, 0, 7, 0];

/** Says which of the numbers 0 to count − 1 are missing or there twice. @param {number[]} list @param {number} count */
function eachOnce(list, count) {
  for (let place = 0; place < count; place++) {
    const times = list.filter((one) => one === place).length;
    if (times !== 1) wrong(`place ${place} is there ${times} times, expected once`);
  }
  if (list.length !== count) wrong(`there are ${list.length} places, expected ${count}`);
}

/** @param {any} lists */
function checkLists(lists) {
  if (!Array.isArray(lists) || lists.length !== 2) wrong('split returns no two lists: return [first, second]');
}

await lesson({
  'measure: the mean, of the training rows alone': ({ measure }) => {
    const { mean } = measure(X, TRAINING);
    if (Math.abs(mean[0] - 226.5) < 1) wrong('the mean is that of all rows: row 3 is none of the training rows');
    near('mean', mean, [2, 20, 5]);
  },

  'measure: the deviation, and 1 for a column of equal values': ({ measure }) => {
    const { std } = measure(X, TRAINING);
    if (Math.abs(std[0] - 1) < 1e-6) wrong('std[0] is 1: divide the squares by their number, not by one less');
    near('std', std, [Math.sqrt(2 / 3), Math.sqrt(200 / 3), 1]);
  },

  'measure: gaps do not count': ({ measure }) => {
    const gaps = array([1, Number.NaN, 3, 7], [4, 1], 'float64');
    const { mean, std } = measure(gaps, [0, 1, 2]);
    near('mean of 1, NaN, 3', mean, [2]);
    near('std of 1, NaN, 3', std, [1]);
  },

  'standardize: (x − mean) / std, in a new array': ({ measure, standardize }) => {
    const scale = measure(X, TRAINING);
    unchanged({ X }, () => near('out', standardize(X, scale), new Standardizer().fit(X, TRAINING).transform(X)));
    near('out of NaN', standardize(array([Number.NaN], [1, 1]), { mean: [5], std: [2] }), array([0], [1, 1]));
  },

  'split: every example is in one list': ({ split }) => {
    const lists = split(LABELS, 2 / 3, new Random(0));
    checkLists(lists);
    eachOnce(lists.flat(), LABELS.length);
  },

  'split: both lists have their share of each class': ({ split }) => {
    for (const seed of [0, 1, 2, 3, 4]) {
      const [first] = split(LABELS, 2 / 3, new Random(seed));
      for (const [label, count] of [
        [0, 6],
        [7, 2],
      ]) {
        const found = first.filter((/** @type {number} */ place) => LABELS[place] === label).length;
        if (found !== count) wrong(`the first list has ${found} examples of class ${label}, expected ${count}`);
      }
    }
  },

  'split: at random': ({ split }) => {
    const sorted = [0, 1, 2, 3, 4].map((seed) => String([...split(LABELS, 2 / 3, new Random(seed))[0]].sort()));
    if (new Set(sorted).size === 1) wrong('five seeds give the same first list: take the places in random order');
    const twice = [0, 0].map((seed) => String(split(LABELS, 2 / 3, new Random(seed))));
    if (twice[0] !== twice[1]) wrong('one seed gives two splits: draw from `random` alone');
  },

  'batches: every place once, the last batch with what is left': ({ batches }) => {
    const list = [...batches(10, 4, new Random(0))];
    const sizes = list.map(({ length }) => length).join(', ');
    if (sizes !== '4, 4, 2') wrong(`10 places in batches of 4 have sizes ${sizes || 'none'}, expected 4, 4, 2`);
    eachOnce(list.flat(), 10);
    const even = [...batches(8, 4, new Random(0))].length;
    if (even !== 2) wrong(`8 places in batches of 4 are ${even} batches, expected 2`);
  },

  'batches: each epoch in another order': ({ batches }) => {
    const random = new Random(0);
    const [first, second] = [0, 1].map(() => String([...batches(10, 4, random)].flat()));
    if (first === second) wrong('two epochs have the same order');
    if (first === '0,1,2,3,4,5,6,7,8,9') wrong('the order is that of the places: draw it from `random`');
  },

  'Windows: a window and the value behind it': ({ Windows }) => {
    const windows = new Windows([10, 11, 12, 13, 14], 3);
    if (windows.length === 3) wrong('length is 3: the last window has no next value');
    near('length', windows.length, 2);
    const [x, y] = windows.get(1);
    near('x of example 1', x, [11, 12, 13]);
    near('y of example 1', y, [14]);
  },

  'Windows: a DataLoader takes them': ({ Windows }) => {
    const loader = new DataLoader(new Windows([10, 11, 12, 13, 14], 2), { batchSize: 3 });
    const [[inputs, targets]] = loader;
    near('the batch', inputs, array([10, 11, 11, 12, 12, 13], [3, 2]));
    near('its targets', targets, array([12, 13, 14], [3, 1]));
  },
});
