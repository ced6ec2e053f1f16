// What `predict` prints and writes.

import { bar, widthOf } from '../../terminal/index.js';
import type { Io } from '../io.js';
import { percent, plain } from '../numbers.js';
import type { Prediction } from './predictions.js';

/** Characters of a whole bar. */
const BAR = 24;

/** Prints what is said of one example: a line for each class, with a bar. @param title - Names the example. */
export function printPrediction(io: Io, title: string, prediction: Prediction, top: number): void {
  if (prediction.kind === 'numbers') {
    const values = Object.entries(prediction.values).map(([name, value]) => `${name} ${plain(value)}`);
    io.print(`${title}  ${values.join(', ')}`);
    return;
  }
  const choices = prediction.choices.slice(0, top);
  const width = Math.max(...prediction.choices.map(({ label }) => widthOf(label)));
  const lines = choices.map(({ label, probability }) => {
    const name = label + ' '.repeat(width - widthOf(label));
    return `${name}  ${percent(probability, 1).padStart(7)}  ${io.style.cyan(bar(probability, BAR))}`.trimEnd();
  });
  if (lines.length === 1) io.print(`${title}  ${lines[0]}`);
  else {
    io.print(io.style.bold(title));
    for (const line of lines) io.print(`  ${line}`);
  }
}

/** What is said of one example, as an object for `--json`. */
export function jsonOf(prediction: Prediction, top: number): object {
  if (prediction.kind === 'numbers') return { values: prediction.values };
  const { choices } = prediction;
  return { ...choices[0], top: choices.slice(0, top) };
}

/** The columns of a CSV file for predictions: `prediction`, `probability`, of more classes `prediction 2`, …. */
export function csvColumns(prediction: Prediction, top: number): string[] {
  if (prediction.kind === 'numbers') return Object.keys(prediction.values).map((name) => `predicted ${name}`);
  return prediction.choices.slice(0, top).flatMap((_, i) => {
    return ['prediction', 'probability'].map((name) => (i === 0 ? name : `${name} ${i + 1}`));
  });
}

/** The fields of a prediction, for {@link csvColumns}. */
export function csvFields(prediction: Prediction, top: number): string[] {
  if (prediction.kind === 'numbers') return Object.values(prediction.values).map(String);
  return prediction.choices.slice(0, top).flatMap(({ label, probability }) => [label, String(probability)]);
}
