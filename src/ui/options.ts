import {
  ANY,
  argumentError,
  count,
  describe,
  FUNCTION,
  isPlainObject,
  type OptionsOf,
  option,
  POSITIVE,
  type Range,
  settingsOf,
  TEXT,
} from '../arrays/index.js';
import { builtin } from '../node.js';

const TOKEN: Range = {
  allows: (value) => typeof value === 'string' && /^[\w.~-]{16,}$/.test(value),
  expected: 'at least 16 letters, digits and any of . _ ~ -',
  Kind: RangeError,
};

const NAMES: Range = {
  allows: (value) => Array.isArray(value) && value.every((name) => typeof name === 'string'),
  expected: 'a list of texts',
  Kind: TypeError,
};

const UI = {
  /** The port of the page; one that is taken is an error, 0 is any. Default: 8123, or the next one that is free. */
  port: option<number | undefined>(undefined, count(0, 65535)),
  /**
   * The name or address to serve at. Default `'127.0.0.1'`: this machine alone. For any other, requests need a token,
   * which stands in the printed address; nothing is encrypted.
   */
  host: option('127.0.0.1', TEXT),
  /** The token, for a host that others reach. Default: a random one for each process. */
  token: option<string | undefined>(undefined, TOKEN),
  /** What the page calls the run. Default: the function that trains. */
  title: option<string | undefined>(undefined, TEXT),
  /** What the page shows as settings: plain JSON, of any names. Default: some of the options of the run. */
  config: option<object | undefined>(undefined, ANY),
  /** The names of the classes, in the order of the labels, for confusion and mistakes. Default: their numbers. */
  classes: option<readonly string[] | undefined>(undefined, NAMES),
  /** Gets the address of the page when the run begins, in place of a line that is printed. */
  onListen: option<((address: string) => void) | undefined>(undefined, FUNCTION),
  /** The least seconds between two looks at filters, layers and mistakes; they never take more than 1 % of the time. */
  every: option(2, POSITIVE),
};

/** Where the live page of a run is, and what it shows. */
export interface UiOptions extends OptionsOf<typeof UI> {}

/** The options, defaults filled in. */
export type CheckedUi = ReturnType<typeof settingsOf<typeof UI>>;

/** The entry of both loops' tables of options. */
export const UI_OPTIONS = {
  /**
   * Serves a page that shows the run while it trains, and takes commands: pause, resume, another learning rate, stop.
   * Its address is printed, once for all runs of a process. `true`: at 127.0.0.1, at port 8123 or the next one that is
   * free; or an object of {@link UiOptions}. Another thread serves it, until the process ends, which it does not delay:
   * a program that is to keep the page after the training waits, as by `setInterval(() => {}, 1 << 30)`.
   * Training ends with the same bits, unless the page changes the learning rate. Stopping is leaving the loop: a
   * checkpoint is saved where there is one, the model has the weights of the last step, and the run may be resumed.
   * Needs Node. Default false. docs/command.md says what the page shows and how it is protected.
   *
   * @example
   * fit(model, loader, { optimizer, valLoader, epochs: 10, ui: { title: 'first try', classes: ['cat', 'dog'] } });
   */
  ui: option<boolean | UiOptions>(false, ANY),
};

/** @returns What `ui` says; null: no page. @throws {TypeError | RangeError} naming what does not fit. */
export function checkUi(fn: string, ui: boolean | UiOptions): CheckedUi | null {
  if (ui === false) return null;
  if (ui !== true && !(typeof ui === 'object' && ui !== null && isPlainObject(ui))) {
    const [found, expected] = [`is ${describe(ui)}`, 'true, false or an object'];
    throw argumentError(TypeError, { fn, arg: 'ui', found, expected, wayOut: 'such as { port: 8123 }' });
  }
  const settings = settingsOf(`${fn}: ui`, UI, ui === true ? {} : ui);
  if (builtin('node:worker_threads') === null) {
    const expected = 'false where there is no Node 20.19 or later';
    const wayOut = 'in a browser, draw what onEpoch or loggers tell';
    throw argumentError(TypeError, { fn, arg: 'ui', found: `is ${describe(ui)}`, expected, wayOut });
  }
  return settings.config === undefined ? settings : { ...settings, config: plainConfig(fn, settings.config) };
}

/** Settings as the page gets them, as JSON. @throws {TypeError} for what JSON has no text for. */
function plainConfig(fn: string, config: object): object {
  let found = `is ${describe(config)}`;
  try {
    const plain: unknown = JSON.parse(JSON.stringify(config) ?? 'null');
    if (typeof plain === 'object' && plain !== null && !Array.isArray(plain)) return plain;
  } catch (error) {
    found = `cannot be written as JSON (${(error as Error)?.message?.split('\n')[0] ?? error})`;
  }
  throw argumentError(TypeError, { fn: `${fn}: ui`, arg: 'config', found, expected: 'an object of plain JSON' });
}
