// The packages that draw and encode pictures are optional peers: the call that needs one loads it.

export type Vega = typeof import('vega');
export type VegaLite = typeof import('vega-lite');
export type FastPng = typeof import('fast-png');
export type Resvg = typeof import('@resvg/resvg-js');

// Each name stands in an `import()` inside a `try`: so bundlers find the package where it is installed, and only warn
// where it is not.

/**
 * What draws charts.
 *
 * @throws {Error} naming `fn` and the command that installs what is missing.
 */
export async function loadCharts(fn: string): Promise<{ vega: Vega; vegaLite: VegaLite }> {
  // All at once: who draws a chart often wants a picture of it next.
  const need = 'charts need the packages vega and vega-lite, and @resvg/resvg-js where they become PNG';
  const missing = new Missing(fn, `${need}: npm install vega vega-lite @resvg/resvg-js`);
  return { vega: await loadVega(missing), vegaLite: await loadVegaLite(missing) };
}

async function loadVega(missing: Missing): Promise<Vega> {
  try {
    return await import('vega');
  } catch (error) {
    return missing.instead('vega', error);
  }
}

async function loadVegaLite(missing: Missing): Promise<VegaLite> {
  try {
    return await import('vega-lite');
  } catch (error) {
    return missing.instead('vega-lite', error);
  }
}

/**
 * What encodes PNG.
 *
 * @throws {Error} naming `fn` and the command that installs what is missing.
 */
export async function loadPng(fn: string): Promise<FastPng> {
  try {
    return await import('fast-png');
  } catch (error) {
    return new Missing(fn, 'PNG needs the package fast-png: npm install fast-png').instead('fast-png', error);
  }
}

/**
 * What turns SVG into PNG.
 *
 * @throws {Error} naming `fn` and the command that installs what is missing.
 */
export async function loadResvg(fn: string): Promise<Resvg> {
  try {
    return await import('@resvg/resvg-js');
  } catch (error) {
    const need = 'charts as PNG need the package @resvg/resvg-js: npm install @resvg/resvg-js (or write .svg)';
    return new Missing(fn, need).instead('@resvg/resvg-js', error);
  }
}

/** What to do where an import failed. */
class Missing {
  readonly #fn: string;
  readonly #need: string;

  constructor(fn: string, need: string) {
    this.#fn = fn;
    this.#need = need;
  }

  /**
   * The package by another way, where the first one fails for what it is and not for what is installed.
   *
   * Compiled to CommonJS, as ts-node does, `import()` is a `require()`, and that refuses packages with a top-level
   * await, which vega has. Inside a `Function` it stays what it is.
   *
   * @throws {Error} naming the function and the command that installs the package.
   */
  async instead<Package>(name: string, error: unknown): Promise<Package> {
    if (codeOf(error) !== 'ERR_REQUIRE_ASYNC_MODULE') throw this.#error(name, error);
    try {
      return await (new Function('name', 'return import(name)')(name) as Promise<Package>);
    } catch (second) {
      throw this.#error(name, second);
    }
  }

  #error(name: string, error: unknown): Error {
    const absent = ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'].includes(String(codeOf(error)));
    const reason = absent ? '' : ` (${name} did not load: ${String((error as Error)?.message).split('\n')[0]})`;
    return new Error(`${this.#fn}: ${this.#need}${reason}`, { cause: error });
  }
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | null)?.code;
}
