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

/** About the width in pixels of a letter of 12 pixels' height: there is no font to ask. */
export const LETTER = 6.6;

/** How many columns a legend has room for. */
export function legendColumns(names: readonly string[]): number {
  const longest = Math.max(...names.map((name) => name.length));
  // A symbol and its margins take 50 pixels.
  return Math.max(1, Math.floor(PLOT_WIDTH / (50 + LETTER * Math.min(longest, 60))));
}

/** Vega's expression for the lines of a label that {@link wrapAll} made. */
export const LINES = "split(datum.label, '\\n')";

/** Texts broken into lines that are not longer than `width` pixels; as they are, and slanted, where a word is longer. */
export function wrapAll(texts: readonly string[], width: number): { texts: string[]; slanted: boolean } {
  const most = Math.floor(width / LETTER);
  if (texts.some((text) => text.split(' ').some((word) => word.length > most)))
    return { texts: [...texts], slanted: true };
  return { texts: texts.map((text) => wrap(text, most)), slanted: false };
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
