import { textOf } from './names.js';

/**
 * Okabe and Ito's palette, which people with any kind of colour vision can tell apart, less its yellow and black, which
 * do not show on white or on dark; a grey and a wine red stand in for them.
 *
 * @see https://jfly.uni-koeln.de/color/
 */
const PALETTE = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#7f7f7f', '#882255'];

/** The colour of the `i`th of several things; from the ninth on they repeat. */
export function colorOf(i: number): string {
  return PALETTE[i % PALETTE.length];
}

/** Dashes of a line whose colour is taken: none for the first round of the palette. */
export function dashOf(i: number): number[] {
  return [[], [2, 2], [8, 3, 2, 3]][Math.floor(i / PALETTE.length) % 3];
}

/** Dashes of a line that asks for them. */
export const DASHED = [6, 4];

/** Width in pixels of the room between the axes, which leaves a chart with its labels about 700 wide. */
export const PLOT_WIDTH = 620;

/** Sans serif, by its names on different systems. */
export const FONT = 'Helvetica Neue, Helvetica, Arial, Liberation Sans, DejaVu Sans, Noto Sans, sans-serif';
/** Of texts. */
export const INK = '#24292f';
/** Of axes. */
export const LINE = '#8c959f';

/** An enlarged image shows its pixels as they are. */
export const PIXELATED = ' style="image-rendering:pixelated"';

/** An estimate of the width in pixels of a letter of 12 pixels' height: no font is loaded to measure it. */
export const LETTER = 6.6;

/** The number of letters of the longest of some texts; 0 without any. */
export function longestOf(texts: readonly string[]): number {
  return texts.reduce((longest, { length }) => Math.max(longest, length), 0);
}

/** How many columns a legend has room for. */
export function legendColumns(names: readonly string[]): number {
  const longest = longestOf(names);
  // A symbol and its margins take 50 pixels.
  return Math.max(1, Math.floor(PLOT_WIDTH / (50 + LETTER * Math.min(longest, 60))));
}

/** Degrees that labels are turned by where they have no room beside each other. */
const SLANT = 35;

/** How an axis shows names, whose keys are those of {@link keyOf}. */
export interface Labels {
  readonly labelExpr: string;
  readonly labelAngle: number;
  readonly labelLimit: number;
  readonly titleY?: number;
}

/**
 * Labels for names that stand `room` pixels apart: broken into lines between words; slanted where that is not enough.
 *
 * @param wraps - Whether to break them.
 */
export function labelsOf(names: readonly string[], room: number, wraps = true): Labels {
  const texts = wraps ? names.map((name) => wrap(name, Math.floor(room / LETTER))) : [...names];
  const widths = texts.map((text) => LETTER * longestOf(text.split('\n')));
  if (widths.every((width, i) => i === 0 || (width + widths[i - 1]) / 2 < room)) {
    return { labelExpr: linesOf(texts), labelAngle: 0, labelLimit: 300 };
  }
  const longest = LETTER * Math.min(45, longestOf(names));
  // Vega takes letters to be wider than they are, and would put the axis title too far below.
  const titleY = 24 + Math.sin((SLANT * Math.PI) / 180) * longest;
  return { labelExpr: linesOf(names), labelAngle: -SLANT, labelLimit: 300, titleY };
}

/** Vega's expression for the lines of a name. */
function linesOf(names: readonly string[]): string {
  return `split(${textOf(names)}, '\\n')`;
}

function wrap(text: string, most: number): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1)} ${word}`.trimStart();
    if (longer.length <= most || lines.at(-1) === '') lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.join('\n');
}
