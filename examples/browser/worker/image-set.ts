import { channelStats, Random } from 'layerwise';
import type { DataFacts } from '../protocol.js';
import { channelsLast } from './pixels.js';
import { type Shape, sizeOf } from './shape.js';

/** Pictures as bytes, each plane by plane, and their classes. */
export interface Part {
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
}

/** What a network is trained on. */
export interface ImageSet {
  readonly name: string;
  readonly shape: Shape;
  readonly classes: readonly string[];
  readonly training: Part;
  readonly validation: Part;
  /** Of the channels of the training pictures. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Validation pictures at most: they are looked at again and again. */
const MOST_VALIDATION = 1000;
const SAMPLES = 10;

/** A set of parts. Without pictures for validation, some of those for training are kept apart. */
export function imageSet(
  { name, shape, classes }: Pick<ImageSet, 'name' | 'shape' | 'classes'>,
  training: Part,
  validation: Part | null,
): ImageSet {
  const size = sizeOf(shape);
  const count = training.labels.length;
  if (validation === null && count < 2) {
    throw new Error(
      `${name}: one picture is too few, since some are kept to check with. Two or more can be trained on.`,
    );
  }
  if (validation !== null) validation = range(validation, size, 0, MOST_VALIDATION);
  else {
    const kept = Math.min(MOST_VALIDATION, Math.ceil(count / 10));
    validation = range(training, size, count - kept, count);
    training = range(training, size, 0, count - kept);
  }
  const { mean, std } = channelStats({ data: training.images, shape: [training.labels.length, ...shape] });
  // A channel that is the same everywhere, as of black pictures, is left as it is.
  return { name, shape, classes, training, validation, mean, std: std.map((value) => value || 1) };
}

/** The pictures in another order, always the same one. */
export function shuffled({ images, labels }: Part, size: number): Part {
  const order = new Random('order').permutation(labels.length);
  const mixed = { images: new Uint8Array(images.length), labels: new Uint8Array(labels.length) };
  for (let n = 0; n < order.length; n++) {
    const from = order[n]!;
    mixed.labels[n] = labels[from]!;
    mixed.images.set(images.subarray(from * size, (from + 1) * size), n * size);
  }
  return mixed;
}

/** Several parts as one. */
export function joined(parts: readonly Part[]): Part {
  const all = (which: keyof Part): Uint8Array => {
    const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part[which].length, 0));
    let at = 0;
    for (const part of parts) {
      bytes.set(part[which], at);
      at += part[which].length;
    }
    return bytes;
  };
  return parts.length === 1 ? parts[0]! : { images: all('images'), labels: all('labels') };
}

/** What the page shows of a set: a picture of each of the first classes, and numbers. */
export function factsOf({ name, shape, classes, training, validation }: ImageSet): DataFacts {
  const size = sizeOf(shape);
  const numbers = classes.slice(0, SAMPLES).flatMap((_, label) => {
    const at = training.labels.indexOf(label);
    return at < 0 ? [] : [at];
  });
  const samples = new Uint8Array(numbers.length * size);
  numbers.forEach((n, i) => {
    samples.set(training.images.subarray(n * size, (n + 1) * size), i * size);
  });
  return {
    name,
    training: training.labels.length,
    validation: validation.labels.length,
    shape,
    classes,
    samples: channelsLast(samples, shape),
    labels: numbers.map((n) => training.labels[n]!),
  };
}

function range({ images, labels }: Part, size: number, from: number, to: number): Part {
  return { images: images.subarray(from * size, to * size), labels: labels.subarray(from, to) };
}
