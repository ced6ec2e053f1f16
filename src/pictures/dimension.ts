import { extentOf } from './checks.js';
import { formatNumber } from './markup.js';
import { powersIn } from './spacing.js';

/** A value of a {@link Dimension}; null: there is none. */
export type DimensionValue = number | string | null;

/** What several things have a value of: a number, or one of some texts. */
export interface Dimension {
  readonly name: string;
  /** How numbers are spaced, or the texts in their order. */
  readonly scale: 'linear' | 'log' | readonly string[];
}

/** A dimension as an axis of length 1. */
export interface UnitAxis {
  /** Where a value is, from 0 to 1; null: nowhere. */
  at(value: DimensionValue): number | null;
  readonly ticks: readonly { readonly at: number; readonly text: string }[];
}

/** Ticks closer to an end than this are left out, since the ends have texts too. */
const CLOSE = 0.09;

/** The axis that shows these values of a dimension. */
export function unitAxis({ scale }: Dimension, values: readonly DimensionValue[]): UnitAxis {
  if (typeof scale !== 'string') return textAxis(scale);
  const isLog = scale === 'log';
  const numbers = values.filter((value) => isShown(value, isLog)) as number[];
  if (numbers.length === 0) return { at: () => null, ticks: [] };
  const [low, high] = extentOf(numbers);
  const flat = (value: number): number => (isLog ? Math.log10(value) : value);
  const at = (value: number): number => (low === high ? 0.5 : (flat(value) - flat(low)) / (flat(high) - flat(low)));
  const inner = (isLog ? powersIn(low, high) : stepsIn(low, high)).filter((tick) => {
    return at(tick) > CLOSE && at(tick) < 1 - CLOSE;
  });
  const ticks = (low === high ? [low] : [low, ...inner, high]).map((tick) => ({
    at: at(tick),
    text: formatNumber(tick, 3),
  }));
  return { at: (value) => (isShown(value, isLog) ? at(value as number) : null), ticks };
}

function textAxis(texts: readonly string[]): UnitAxis {
  const at = (i: number): number => (texts.length === 1 ? 0.5 : i / (texts.length - 1));
  return {
    at: (value) => (texts.includes(String(value)) ? at(texts.indexOf(String(value))) : null),
    ticks: texts.map((text, i) => ({ at: at(i), text: text.length > 14 ? `${text.slice(0, 13)}…` : text })),
  };
}

/** Whether a value has a place on an axis of numbers. */
export function isShown(value: DimensionValue, isLog: boolean): boolean {
  return typeof value === 'number' && Number.isFinite(value) && (!isLog || value > 0);
}

/** Round numbers, about four of them. */
function stepsIn(low: number, high: number): number[] {
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10) * power;
  const first = Math.ceil(low / step);
  const length = Math.max(0, Math.floor(high / step) - first + 1);
  return Array.from({ length }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}
