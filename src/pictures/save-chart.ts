import { argumentError, describe } from '../arrays/index.js';
import { writeAtomically } from '../files/index.js';
import { checkFormat } from './files.js';
import { loadResvg } from './peers.js';
import { FONT, PIXELATED } from './theme.js';

/** Pixels of a PNG to a pixel of the chart: sharp on dense screens. */
const ZOOM = 2;

/**
 * Writes a chart as a picture.
 *
 * @param file - `.svg` or `.png`; PNG is twice as wide and high, to be sharp on dense screens.
 * @param svg - What {@link lineChart}, {@link barChart}, {@link heatMap} or {@link imageGrid} made.
 * @throws {TypeError | RangeError} if `svg` is none, or `file` has another ending.
 * @throws {Error} if the file cannot be written; for `.png`, if `@resvg/resvg-js` is not installed.
 */
export async function saveChart(file: string, svg: string): Promise<void> {
  const fn = 'saveChart';
  const format = checkFormat(fn, file, ['.svg', '.png']);
  checkSvg(fn, 'svg', svg);
  writeAtomically(fn, file, format === '.svg' ? svg : await toPng(fn, svg));
}

/** @throws {TypeError} if `value` does not begin as SVG does. */
export function checkSvg(fn: string, name: string, value: unknown): asserts value is string {
  if (typeof value === 'string' && value.startsWith('<svg')) return;
  const found = isThenable(value) ? 'a Promise: await it' : describe(value).slice(0, 60);
  throw argumentError(TypeError, { fn, arg: name, found: `is ${found}`, expected: 'SVG' });
}

function isThenable(value: unknown): boolean {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}

/**
 * A chart as the bytes of a PNG file.
 *
 * @throws {Error} if the renderer is not installed, or the machine has no font, without which it would draw no texts.
 */
export async function toPng(fn: string, svg: string): Promise<Uint8Array> {
  const { Resvg } = await loadResvg(fn);
  const letter = `<text y="15" font-family="${FONT}">M</text>`;
  const probe = `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20">${letter}</svg>`;
  if (new Resvg(probe).getBBox() === undefined) {
    throw new Error(
      `${fn}: this machine has no font to write the texts of a PNG with: install one (Debian: apt-get install ` +
        'fonts-dejavu-core), or write .svg',
    );
  }
  // The renderer knows only the older attribute, which the style overrides: the style is removed.
  const plain = svg.replaceAll(PIXELATED, '');
  return new Resvg(plain, { fitTo: { mode: 'zoom', value: ZOOM } }).render().asPng();
}
