// What is known of data before they are read.

import type { DataKind } from './types.js';

/** Classes and shape of an example, by the kind of data; null: the files say it. */
const KNOWN: Readonly<Record<DataKind, { readonly classes: number | null; readonly shape: readonly number[] | null }>> =
  {
    synthetic: { classes: 10, shape: [3, 32, 32] },
    cifar10: { classes: 10, shape: [3, 32, 32] },
    cifar100: { classes: 100, shape: [3, 32, 32] },
    mnist: { classes: 10, shape: [1, 28, 28] },
    'fashion-mnist': { classes: 10, shape: [1, 28, 28] },
    folder: { classes: null, shape: null },
    csv: { classes: null, shape: null },
  };

/** How many classes there are; null: the files say it. */
export function classesOfKind(kind: DataKind): number | null {
  return KNOWN[kind].classes;
}

/**
 * The shape of an example as a model gets it; null: the files say it.
 *
 * @param size - Pixels of a side that pictures are resized to, if they are.
 * @param channels - Of the pictures in a folder.
 */
export function shapeOfKind(kind: DataKind, size: number | null, channels = 3): readonly number[] | null {
  if (kind === 'folder') return size === null ? null : [channels, size, size];
  const { shape } = KNOWN[kind];
  return shape === null || size === null ? shape : [shape[0], size, size];
}
