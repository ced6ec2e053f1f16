// A complete config, made of a model, data, another config, and settings.

import { resolve } from 'node:path';
import { argumentError, SEED } from '../arrays/index.js';
import { type BaseConfig, baseOf, givenIn } from './base-config.js';
import { choicesOf, OPTIMIZER_SETTINGS, optimizerNamed } from './choices.js';
import { type ChosenModel, chosenModel, loopAndRecipe } from './chosen-model.js';
import { type Context, type Section, settingsFor, whyNot } from './context.js';
import { checkContradictions } from './contradictions.js';
import { DATA_KINDS, type FoundData, findData } from './data-sources.js';
import { withFullKey } from './keys.js';
import { MODELS, type Recipe } from './models.js';
import type { Surroundings } from './places.js';
import { shownPath } from './places.js';
import { classesOfKind, shapeOfKind } from './shapes.js';
import type { ConfigSection, ConfigValue, DataKind, RunConfig } from './types.js';
import { checkedValue, type Given, parseSet } from './values.js';
import { VERSION } from './version.js';

/** What a config is made from. */
export interface ConfigParts {
  /** A name of a model, or the path of a file that exports one. Default: that of `base`. */
  readonly model?: string | undefined;
  /** The path or the name of data. Default: that of `base`, else CIFAR-10 if it is found, else synthetic pictures. */
  readonly data?: string | undefined;
  /** A config to start from, complete or not: what it leaves out has its default. */
  readonly base?: unknown;
  /** Settings, `key=value`; of two with one key the second counts. */
  readonly set?: readonly string[];
  /** The folder that paths are relative to. Default: the current one. */
  readonly cwd?: string;
  readonly env?: Surroundings['env'];
}

/**
 * A complete config: what nobody has set has the default of the model's recipe and of the data.
 *
 * @param fn - What errors begin with: the command.
 * @throws {RangeError | TypeError | Error} naming the model, data, key or value that is unknown or out of range, with
 *   the nearest name; or two that contradict each other. Nothing has been made then.
 */
export async function makeConfig(fn: string, parts: ConfigParts): Promise<RunConfig> {
  const { cwd = process.cwd(), env = process.env } = parts;
  const base = baseOf(fn, parts.base);
  const set = (parts.set ?? []).map((text) => withFullKey(fn, parseSet(fn, text)));
  const kinds = set.filter(({ key }) => key === 'data.kind').map((given) => checkedValue(fn, given, KINDS) as DataKind);
  const seeds = set.filter(({ key }) => key === 'seed');
  if (base.seed !== undefined) seeds.unshift({ key: 'seed', value: base.seed, arg: 'config: seed', from: 'config' });
  const checked = seeds.map((given) => checkedValue(fn, given, SEED) as number | string);
  const seed = checked.at(-1) ?? 231;

  const data = chosenData(fn, parts.data, base.data, { cwd, env }, kinds.at(-1));
  const model = await chosenModel(fn, parts.model, base.model, cwd);
  const { loaded, file } = model;
  // Another model has a recipe of its own, and prepares data in its own way.
  const given = [
    ...(loaded === null ? [] : givenIn(fn, 'training', loaded.training, 'file', `${shownPath(file as string, cwd)}: `)),
    ...(model.isOld ? givenIn(fn, 'model', base.model.options, 'config') : []),
    ...(data.isOld && model.isOld ? givenIn(fn, 'data', settingsOfData(base.data), 'config') : []),
    ...(model.isOld ? givenIn(fn, 'training', base.training, 'config') : []),
    ...set.filter(({ key }) => key !== 'seed' && key !== 'data.kind'),
  ];
  return completed(fn, model, data, given, seed);
}

const KINDS = {
  allows: (value: unknown) => DATA_KINDS.includes(value as DataKind),
  expected: `one of ${DATA_KINDS.join(', ')}`,
  Kind: RangeError,
};

function settingsOfData({ kind: _, path: _path, ...settings }: BaseConfig['data']): ConfigSection {
  return settings;
}

/** The data, and whether they are of the kind of the config that this one starts from. */
function chosenData(
  fn: string,
  data: string | undefined,
  base: BaseConfig['data'],
  surroundings: Surroundings,
  kind: DataKind | undefined,
): FoundData & { readonly isOld: boolean } {
  if (data === undefined && base.kind !== undefined) {
    if (base.path != null) {
      const path = resolve(surroundings.cwd, base.path);
      return { kind: kind ?? base.kind, path, isOld: (kind ?? base.kind) === base.kind };
    }
    return { ...findData(fn, undefined, surroundings, kind ?? base.kind), isOld: (kind ?? base.kind) === base.kind };
  }
  const found = findData(fn, data ?? base.path ?? undefined, surroundings, kind);
  return { ...found, isOld: base.kind === undefined || base.kind === found.kind };
}

function completed(
  fn: string,
  model: ChosenModel,
  { kind, path }: FoundData,
  all: readonly Given[],
  seed: number | string,
): RunConfig {
  const { name, file, loaded } = model;
  const inputs = { classes: classesOfKind(kind) ?? 10, inputShape: shapeOfKind(kind, 32) ?? [8], seed };
  const { loop, recipe } = loopAndRecipe(model, inputs);
  const { optimizer, schedule, given } = choicesOf(fn, loop, name, all, recipe.training);
  const context: Context = { model: file === null ? name : null, modelName: name, loop, kind, optimizer, schedule };
  const values = valuesOf(fn, context, given, recipeFor(recipe, context, path));
  const { lr, ...training } = values.training;
  const config: RunConfig = {
    layerwise: VERSION,
    model: { name, ...(file !== null && { file, sha256: loaded?.sha256 as string }), options: values.model },
    data: { kind, path, ...values.data },
    training: {
      ...{ optimizer, lr: lr as number, ...(schedule !== null && { schedule }) },
      ...(training as Pick<RunConfig['training'], 'epochs' | 'batchSize' | 'printEvery'>),
    },
    seed,
  };
  checkContradictions(fn, config, loop);
  return config;
}

/** What a recipe says of this run: another optimizer than the recipe's has its own defaults. */
function recipeFor(
  { training, data }: Recipe,
  context: Context,
  path: string | null,
): Readonly<Record<Section, ConfigSection>> {
  const { loop, kind, optimizer, model } = context;
  const isOwn = optimizerNamed(loop, String(training.optimizer)) === optimizer;
  const kept = Object.entries(training).filter(([name]) => isOwn || !OPTIMIZER_SETTINGS.has(name));
  const side = model === null ? null : MODELS[model].side;
  const rows = kind === 'csv' ? ROWS[optimizer.toLowerCase().startsWith('adam') ? 'adam' : 'others'] : {};
  return {
    model: kind === 'csv' && loop === 'Solver' ? { weightScale: 0.1 } : {},
    data: {
      ...data,
      // A digit in a mirror is another one, or none.
      ...(data.flip === true && { flip: kind !== 'mnist' }),
      ...(side !== null && { size: side }),
      ...(kind === 'csv' && path !== null && /\.tsv$/i.test(path) && { delimiter: '\t' }),
    },
    training: { ...Object.fromEntries(kept), ...rows },
  };
}

/** Tables have fewer examples than sets of pictures, and take larger steps. */
const ROWS: Readonly<Record<'adam' | 'others', ConfigSection>> = {
  adam: { epochs: 50, batchSize: 32, lr: 1e-2 },
  others: { epochs: 50, batchSize: 32, lr: 0.1 },
};

/** All settings that there are: as given, else as the recipe says, else the default. */
function valuesOf(
  fn: string,
  context: Context,
  given: readonly Given[],
  recipe: Readonly<Record<Section, ConfigSection>>,
): Record<Section, Record<string, ConfigValue>> {
  const tables = settingsFor(context);
  const values: Record<Section, Record<string, ConfigValue>> = { model: {}, data: {}, training: {} };
  for (const section of ['model', 'data', 'training'] as const) {
    for (const [name, { byDefault }] of Object.entries(tables[section])) {
      values[section][name] = recipe[section][name] ?? byDefault;
    }
  }
  const nearest = Math.max(-1, ...given.filter(({ key }) => CHOICES.includes(key)).map(rankOf));
  const chosen = given.filter(({ key }) => key === 'training.optimizer');
  const isOther = ({ value }: Given): boolean => optimizerNamed(context.loop, String(value)) !== context.optimizer;
  const last = chosen.at(-1);
  for (const one of given) {
    const [section, name] = one.key.split('.') as [Section, string];
    const entry = tables[section][name];
    if (CHOICES.includes(one.key)) continue;
    // What belongs to the optimizer of a config falls away where the user chooses another one.
    if (OPTIMIZER_SETTINGS.has(name) && last !== undefined && rankOf(one) < rankOf(last) && chosen.some(isOther))
      continue;
    if (entry !== undefined) values[section][name] = checkedValue(fn, one, entry.range);
    // So does what belongs to its schedule.
    else if (rankOf(one) >= nearest || section !== 'training') {
      throw argumentError(RangeError, { fn, arg: one.arg, found: `: ${whyNot(section, name, context)}` });
    }
  }
  return values;
}

const CHOICES = ['training.optimizer', 'training.schedule'];
/** Where settings are from, the nearest to the user last. */
const SOURCES: readonly Given['from'][] = ['file', 'config', 'set'];

function rankOf({ from }: Given): number {
  return SOURCES.indexOf(from);
}
