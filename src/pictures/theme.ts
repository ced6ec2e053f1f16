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

/** Sans serif, whatever the machine calls it. */
export const FONT = 'Helvetica Neue, Helvetica, Arial, Liberation Sans, DejaVu Sans, Noto Sans, sans-serif';
/** Of texts. */
export const INK = '#24292f';
/** Of axes. */
export const LINE = '#8c959f';

/** How many columns a legend has room for. */
export function legendColumns(names: readonly string[]): number {
  const longest = Math.max(...names.map((name) => name.length));
  // A symbol and its margins take 50 pixels, a letter of 12 pixels about 7.
  return Math.max(1, Math.floor(PLOT_WIDTH / (50 + 7 * Math.min(longest, 60))));
}
