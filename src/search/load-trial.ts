import { resolve } from 'node:path';
import { argumentError, describe } from '../arrays/index.js';
import { statOf } from '../files/index.js';
import { importUserFile } from '../runs/user-file.js';
import { didYouMean } from '../terminal/index.js';
import { splitTrial } from './settings.js';
import { choice, integer, logUniform, Space, space, uniform, when } from './space/index.js';
import { type DefinedTrial, defineTrial, isTrial } from './trial.js';

/** What `import 'layerwise/search'` gives in the file of a trial. */
const FOR_TRIALS = {
  ...{ choice, defineTrial, integer, logUniform, Space, space, uniform, when },
  search(): never {
    // It is run by every worker: each would start a search.
    throw new Error('search: the file of a trial starts no search; start it in another file, or by `layerwise search`');
  },
};

/** Trials that were loaded, with what they load for themselves, such as data: by file and time of its last change. */
const loaded = new Map<string, Promise<DefinedTrial>>();

/**
 * The function of a trial's file: of TypeScript or JavaScript.
 *
 * @param trial - The file, and after `#` the name that it exports the function by. Without a name it is `default`, or
 *   the only one that {@link defineTrial} has marked.
 * @throws {Error} if there is no such file, it fails, or it exports no trial: naming it.
 */
export function loadTrial(fn: string, trial: string): Promise<DefinedTrial> {
  const [path, name] = splitTrial(trial);
  const file = resolve(path);
  const key = `${file}#${name} ${statOf(fn, file)?.mtimeMs}`;
  const before = loaded.get(key);
  if (before !== undefined) return before;
  const found = importUserFile(fn, 'trial', file, { 'layerwise/search': FOR_TRIALS }).then((exports) =>
    trialIn(fn, trial, exports, name),
  );
  loaded.set(key, found);
  // The next attempt may succeed: what it imports may have changed.
  found.catch(() => loaded.delete(key));
  return found;
}

function trialIn(fn: string, trial: string, exports: Readonly<Record<string, unknown>>, name: string): DefinedTrial {
  const found = namesOf(exports).filter(([, value]) => isTrial(value));
  const names = found.map(([key]) => key).sort();
  const wanted = name !== '' ? name : names.length === 1 ? names[0] : 'default';
  const value = found.find(([key]) => key === wanted)?.[1];
  if (value !== undefined) return value as DefinedTrial;
  const what = name !== '' ? `no trial ${describe(name)}` : names.length === 0 ? 'no trial' : 'several trials';
  const one = name === '' ? `FILE#NAME with one of ${names.join(', ')}` : names.join(', ');
  const hint = name === '' ? '' : didYouMean(name, names);
  const expected = names.length === 0 ? '`export default defineTrial(…)`' : one + hint;
  throw argumentError(Error, { fn, arg: 'trial', found: `: ${trial} exports ${what}`, expected });
}

/** Exports by name. Those of a CommonJS module may stand below `default`, and `module.exports` may be the trial. */
function namesOf(exports: Readonly<Record<string, unknown>>): [string, unknown][] {
  if (typeof exports === 'function') return [['default', exports]];
  const { default: own } = exports;
  const below = typeof own === 'object' && own !== null ? Object.entries(own) : [];
  return [...new Map([...below, ...Object.entries(exports)])];
}
