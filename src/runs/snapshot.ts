import type { Model } from '../classifiers/index.js';
import {
  activationStatistics,
  base64,
  confusion,
  filtersOf,
  filtersView,
  layerRows,
  layerStats,
  layerTable,
  mostConfidentMistakes,
  parameterStatistics,
} from '../insight/index.js';
import { Module } from '../nn/index.js';
import type { Insight, RunInfo, Snapshot } from '../ui/protocol.js';
import { scoreAll } from './evaluation.js';
import type { RunFolder } from './folder.js';
import type { Metrics } from './metrics.js';
import { mistakesView } from './mistakes-view.js';
import { bestEpoch, epochRows, infoOf, statusOf } from './summary.js';
import type { TaskData, TaskPart } from './types.js';
import { lastCheckpoint } from './weights.js';

/** Mistakes on the sheet. */
const MISTAKES = 24;

/** Examples that activations are looked at with. */
const LOOKED_AT = 32;

/** Points of a curve: more are not seen, and make a large file. */
const POINTS = 50_000;

/** A model to look at, with the data of its run. */
export interface Seen {
  readonly model: Module | Model;
  readonly data: TaskData;
  /** The part whose confusion and mistakes are shown: by default the validation examples, else those of the test. */
  readonly part?: 'val' | 'test' | 'train';
  /** Which weights the model has. Default `'best'`. */
  readonly weights?: 'best' | 'last';
}

/**
 * All that is known of a run, for the page and for reports: from its folder, and, where a model is given, what it has
 * learned. Nothing of the model changes.
 *
 * @param seen - Null for a run without weights: then there is no insight and no table of layers.
 * @param onProgress - Called with the number of examples that have been scored, of all.
 */
export function snapshotOf(
  run: RunFolder,
  seen: Seen | null,
  onProgress?: (done: number, total: number) => void,
): Snapshot {
  // Before the metrics, whose columns the next reading may change.
  const { state } = run;
  const metrics = run.metrics();
  // The one who has written the end still has the folder.
  const status = statusOf(run.config, metrics, metrics.end?.state ?? state);
  const points = pointsOf(metrics);
  const epochs = epochRows(metrics);
  const last = lastCheckpoint(run) ?? status.iteration;
  const iteration = seen?.weights === 'last' ? last : (bestEpoch(epochs)?.iteration ?? last);
  return {
    info: seen === null ? infoOf(run, metrics) : withModel(infoOf(run, metrics), seen),
    status: { ...status, points: points.length / COLUMNS },
    epochs,
    insight: seen === null ? null : insightOf(seen, iteration, onProgress),
    points: base64(new Uint8Array(points.buffer)),
  };
}

function withModel(info: RunInfo, seen: Seen): RunInfo {
  const { model, data } = seen;
  const part = shownPart(seen);
  const name = part === data.train ? 'training' : part === data.val ? 'validation' : 'test';
  const sizes = model instanceof Module ? model.parameters().map((p) => p.data) : Object.values(model.params);
  return {
    ...info,
    fn: model instanceof Module ? 'fit' : 'Solver',
    classes: data.classes,
    layers: layerRows(layerTable(model, data.inputShape) ?? []),
    parameters: sizes.reduce((sum, { size }) => sum + size, 0),
    config: { ...info.config, report: { examples: `${part.length} ${name} examples` } },
  };
}

/** The part of the data whose confusion and mistakes are shown. */
export function shownPart({ data, part }: Seen): TaskPart {
  return (part === undefined ? (data.val ?? data.test) : data[part]) ?? data.train;
}

function insightOf(
  seen: Seen,
  iteration: number,
  onProgress: (done: number, total: number) => void = () => {},
): Insight {
  const { model, data } = seen;
  const part = shownPart(seen);
  const few = part.batch(Int32Array.from({ length: Math.min(LOOKED_AT, part.length) }, (_, i) => i));
  const filters = filtersOf(model, { inputShape: data.inputShape });
  const found = {
    iteration,
    layers: layerStats(activationStatistics(model, few), parameterStatistics(model), !(model instanceof Module)),
    filters: filters && filtersView(filters),
  };
  const { classes } = data;
  if (classes === null || part.labels === null) return { ...found, confusion: null, mistakes: null };
  const total = part.length;
  const { scores, labels, areProbabilities } = scoreAll(model, part, (done) => onProgress(done, total));
  const wrong = mostConfidentMistakes(scores, labels, total, { areProbabilities });
  const shown = wrong.slice(0, MISTAKES);
  const counts = confusion(scores, labels, classes.length).flat();
  return {
    ...found,
    confusion: { counts, classes, examples: counts.reduce((sum, count) => sum + count, 0) },
    mistakes: mistakesView(shown, shown.length === 0 ? null : part.pictures(shown.map(({ index }) => index)), {
      examples: total,
      wrong: wrong.length,
    }),
  };
}

/** Columns of a point: see `POINT_COLUMNS`. */
const COLUMNS = 3;

/**
 * Iterations, losses and learning rates of a run, column by column. Where there are more than {@link POINTS}, of each
 * of many equal parts the points with the least and the greatest loss, so that the line covers what it would have
 * covered.
 */
export function pointsOf({ steps }: Pick<Metrics, 'steps'>, most = POINTS): Float64Array<ArrayBuffer> {
  const places = placesOf(steps.loss, most);
  const points = new Float64Array(COLUMNS * places.length);
  for (const [column, values] of [steps.iteration, steps.loss, steps.learningRate].entries()) {
    for (const [i, place] of places.entries()) points[column * places.length + i] = known(values[place]);
  }
  return points;
}

function placesOf(losses: Float64Array, most: number): number[] {
  const n = losses.length;
  if (n <= most) return Array.from({ length: n }, (_, i) => i);
  const parts = Math.floor(most / 2);
  const places = new Set<number>();
  for (let part = 0; part < parts; part++) {
    const [start, end] = [Math.floor((part * n) / parts), Math.floor(((part + 1) * n) / parts)];
    let [low, high] = [start, start];
    for (let i = start; i < end; i++) {
      if (losses[i] < losses[low] || Number.isNaN(losses[low])) low = i;
      if (losses[i] > losses[high] || Number.isNaN(losses[high])) high = i;
    }
    places.add(Math.min(low, high));
    places.add(Math.max(low, high));
  }
  return [...places];
}

function known(value: number): number {
  return Number.isFinite(value) ? value : Number.NaN;
}
