import { array, type NDArray, topKAccuracy } from 'layerwise';
import { filtersOf } from '../../../src/insight/filters.js';
import { mostConfidentMistakes } from '../../../src/insight/mistakes.js';
import type { Look } from '../protocol.js';
import type { ImageSet } from './image-set.js';
import type { Net } from './net.js';
import { channelsLast } from './pixels.js';
import { sizeOf } from './shape.js';

const MISTAKES = 12;
const FILTERS = 48;

/** What the network has learned, and where it is wrong. */
export function look(net: Net, set: ImageSet): Look {
  const { shape } = net.plan;
  const iteration = net.iterations;
  const filters = filtersOf(net.model, { inputShape: shape, most: FILTERS });
  if (!net.fits(set)) {
    const pictures = channelsLast(new Uint8Array(0), shape);
    return { iteration, accuracy: null, filters, mistakes: [], pictures };
  }
  const { validation } = set;
  const { images, labels } = validation;
  const size = sizeOf(shape);
  const probabilities = net.probabilities(array(images, [labels.length, ...shape]));
  const wrong = mostConfidentMistakes(probabilities, labels, MISTAKES, { areProbabilities: true });
  const pictures = new Uint8Array(wrong.length * size);
  wrong.forEach(({ index }, i) => {
    pictures.set(images.subarray(index * size, (index + 1) * size), i * size);
  });
  return {
    iteration,
    accuracy: topKAccuracy(probabilities, labels, { k: 1 }),
    filters,
    mistakes: wrong.map(({ label, predicted, probability }) => ({ label, predicted, probability })),
    pictures: channelsLast(pictures, shape),
  };
}

/** The probabilities of the classes of one picture. */
export function judge(net: Net, picture: Uint8Array): number[] {
  const X: NDArray = array(picture, [1, ...net.plan.shape]);
  return Array.from(net.probabilities(X).data);
}
