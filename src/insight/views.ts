// What insight finds, in the form in which the page and reports have it: bytes as base64, numbers that JSON has.

import type * as page from '../ui/protocol.js';
import type { ActivationStatistics } from './activations.js';
import type { Distribution } from './distribution.js';
import type { Filters } from './filters.js';
import type { LayerRow } from './layers.js';
import type { ParameterStatistics } from './parameters.js';

export function layerRows(rows: readonly LayerRow[]): page.LayerRow[] {
  return rows.map(({ type, ...row }) => ({ ...row, kind: type }));
}

/**
 * Layers, in the order in which they run: each with its largest parameter. Those that were not seen to run, as of a
 * user's own classifier, come by their parameters.
 *
 * @param areNumbered - Whether parameters have the number of their layer, as `W1` of a classifier.
 */
export function layerStats(
  activations: readonly ActivationStatistics[] | null,
  parameters: readonly ParameterStatistics[],
  areNumbered: boolean,
): page.LayerStats[] {
  const own = new Map<string, ParameterStatistics>();
  for (const parameter of parameters) {
    const name = ownerOf(parameter.name, areNumbered);
    const other = own.get(name);
    if (other === undefined || sizeOf(parameter) > sizeOf(other)) own.set(name, parameter);
  }
  const rows = (activations ?? []).map(({ name, values }) => {
    const parameter = own.get(name);
    own.delete(name);
    return rowOf(name, values, parameter);
  });
  return [...rows, ...[...own].map(([name, parameter]) => rowOf(name, null, parameter))];
}

/** The layer of a parameter: `1` of `W1`, `2.body.0` of `2.body.0.weight`. */
function ownerOf(name: string, areNumbered: boolean): string {
  if (areNumbered) return /\d+$/.exec(name)?.[0] ?? name;
  const end = name.lastIndexOf('.');
  return end === -1 ? '' : name.slice(0, end);
}

function sizeOf({ shape }: ParameterStatistics): number {
  return shape.reduce((size, length) => size * length, 1);
}

function rowOf(name: string, activation: Distribution | null, parameter?: ParameterStatistics): page.LayerStats {
  return {
    name,
    activation: activation && statistics(activation),
    weight: parameter === undefined ? null : statistics(parameter.values),
    gradient: parameter?.gradient ? statistics(parameter.gradient) : null,
    updateRatio: parameter?.updateRatio ?? null,
  };
}

function statistics({ mean, std, min, max, zeros, histogram }: Distribution): page.Statistics {
  return { mean, std, min, max, zeros, histogram: histogram.counts };
}

export function filtersView({ count, height, width, channels, pixels, change }: Filters): page.FiltersView {
  return {
    ...{ count, height, width, channels },
    pixels: base64(pixels),
    change: change && base64(change.pixels),
    changeNorms: change?.relative ?? null,
  };
}

/**
 * A picture of the sheet of mistakes.
 *
 * @param plane - Pixels of a channel.
 * @param byteOf - From 0 to 255, of a value.
 * @returns The bytes of an example of (C, H, W), with the channels of a pixel side by side.
 */
export function channelsLast(values: ArrayLike<number>, plane: number, byteOf: (value: number) => number): Uint8Array {
  const bytes = new Uint8Array(values.length);
  const C = values.length / plane;
  for (let c = 0; c < C; c++) {
    for (let i = 0; i < plane; i++) bytes[i * C + c] = byteOf(values[c * plane + i]);
  }
  return bytes;
}

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
