// The packages that draw and encode pictures are optional peers: the call that needs one loads it.

export type Vega = typeof import('vega');
export type VegaLite = typeof import('vega-lite');
export type FastPng = typeof import('fast-png');
export type Resvg = typeof import('@resvg/resvg-js');

/** It is needed in few places, so its types are not. */
export type VegaInterpreter = { readonly expressionInterpreter: unknown };

/** The packages by their names. */
interface Packages {
  readonly vega: Vega;
  readonly 'vega-lite': VegaLite;
  readonly 'vega-interpreter': VegaInterpreter;
  readonly 'fast-png': FastPng;
  readonly '@resvg/resvg-js': Resvg;
}

/**
 * What draws charts.
 *
 * @throws {Error} naming `fn` and the command that installs what is missing.
 */
export async function loadCharts(fn: string): Promise<{ vega: Vega; vegaLite: VegaLite }> {
  // All at once: who draws a chart often wants a picture of it next.
  const need = 'charts need the packages vega and vega-lite, and @resvg/resvg-js where they become PNG';
  const wanted = `${need}: npm install vega vega-lite @resvg/resvg-js`;
  return { vega: await load(fn, 'vega', wanted), vegaLite: await load(fn, 'vega-lite', wanted) };
}

/**
 * What evaluates the expressions of charts where code may not be generated from strings.
 *
 * @throws {Error} naming `fn` and the command that installs what is missing.
 */
export function loadInterpreter(fn: string): Promise<VegaInterpreter> {
  const where = 'where code may not be generated from strings';
  const need = `${where} charts need the package vega-interpreter too: npm install vega-interpreter`;
  return load(fn, 'vega-interpreter', need);
}

/**
 * What encodes PNG.
 *
 * @throws {Error} naming `fn` and the command that installs what is missing.
 */
export function loadPng(fn: string): Promise<FastPng> {
  return load(fn, 'fast-png', 'PNG needs the package fast-png: npm install fast-png');
}

/**
 * What turns SVG into PNG.
 *
 * @throws {Error} naming `fn` and the command that installs what is missing.
 */
export function loadResvg(fn: string): Promise<Resvg> {
  const need = 'charts as PNG need the package @resvg/resvg-js: npm install @resvg/resvg-js (or write .svg)';
  return load(fn, '@resvg/resvg-js', need);
}

/**
 * A package by a name that bundlers do not follow: they would take all of it into every bundle where it is installed,
 * and stop at what no bundle can hold, as resvg's binary.
 */
async function load<Name extends keyof Packages>(fn: string, name: Name, need: string): Promise<Packages[Name]> {
  try {
    return await import(/* webpackIgnore: true */ /* @vite-ignore */ name);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const absent = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
    const reason = absent ? '' : ` (${name} did not load: ${message.split('\n')[0]})`;
    throw new Error(`${fn}: ${need}${reason}`, { cause: error });
  }
}
