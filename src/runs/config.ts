import { argumentError } from '../arrays/index.js';
import { findData } from './data-sources.js';
import type { ConfigValue, RunConfig } from './types.js';
import { VERSION } from './version.js';

/** What a config is made from. */
export interface ConfigParts {
  /** A name of a model, or the path of a file that exports one. Default: that of `base`. */
  readonly model?: string;
  /** The path or the name of data. Default: that of `base`, else CIFAR-10 if it is found, else synthetic pictures. */
  readonly data?: string;
  /** A config to start from: what it leaves out has its default. */
  readonly base?: unknown;
  /** Settings, `key=value`. */
  readonly set?: readonly string[];
  /** The folder that paths are relative to. Default: the current one. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** A complete config. @throws {RangeError | TypeError} naming what does not fit, before anything is made. */
export async function makeConfig(fn: string, parts: ConfigParts): Promise<RunConfig> {
  const { model = 'twolayer', data, set = [], cwd = process.cwd(), env = process.env } = parts;
  if (model !== 'twolayer') {
    throw argumentError(RangeError, { fn, arg: 'MODEL', found: `is '${model}'`, expected: "'twolayer'" });
  }
  const found = findData(fn, data, { cwd, env });
  const config: RunConfig = {
    layerwise: VERSION,
    model: { name: model, options: { hiddenDim: 100, weightScale: 1e-3, reg: 0 } },
    data: { ...found, numTraining: null, numValidation: 1000, numTest: 10000 },
    training: { optimizer: 'sgd', lr: 1e-3, lrDecay: 0.95, batchSize: 100, epochs: 10, printEvery: 100 },
    seed: 231,
  };
  return set.reduce((so, text) => withSetting(fn, so, text), config);
}

function withSetting(fn: string, config: RunConfig, text: string): RunConfig {
  const [key, ...rest] = text.split('=');
  const value = rest.join('=');
  let parsed: ConfigValue;
  try {
    parsed = JSON.parse(value);
  } catch {
    parsed = value;
  }
  const copy = structuredClone(config) as unknown as Record<string, Record<string, ConfigValue>>;
  const sections = [copy.training, copy.model.options as unknown as Record<string, ConfigValue>, copy.data];
  const section = key === 'seed' ? (copy as unknown as Record<string, ConfigValue>) : sections.find((s) => key in s);
  if (section === undefined) throw new RangeError(`${fn}: --set ${key}: there is no such setting`);
  section[key] = parsed;
  return copy as unknown as RunConfig;
}
