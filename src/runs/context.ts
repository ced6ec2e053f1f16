// Which settings there are for a model, data, an optimizer and a schedule; and what to say of those that there are not.

import { SEED } from '../arrays/index.js';
import { MODELS } from './models.js';
import {
  AUGMENTATION,
  DATA,
  LOOPS,
  OPTIMIZERS,
  SCHEDULES,
  type Setting,
  type SettingTable,
  TRAINING,
} from './settings.js';
import type { ConfigValue, DataKind, Loop, RunConfig } from './types.js';

/** The part of a config that a setting stands in. */
export type Section = 'model' | 'data' | 'training';

/** What decides which settings there are. */
export interface Context {
  /** Null: a file of the user's, which has no options. */
  readonly model: string | null;
  readonly modelName: string;
  readonly loop: Loop;
  readonly kind: DataKind;
  readonly optimizer: string;
  /** Null of a Solver, which has none. */
  readonly schedule: string | null;
}

/** What decides whether some settings are there. */
type Dimension = 'model' | 'data' | 'augmentation' | 'loop' | 'optimizer' | 'schedule';

/** Settings that belong to something. */
interface Group {
  readonly section: Section;
  readonly of: Dimension;
  /** What they belong to, in words. */
  readonly owner: string;
  /** Where only one loop has them. */
  readonly loop?: Loop;
  readonly settings: SettingTable;
  readonly applies: (context: Context) => boolean;
}

const LOOP_OWNERS: Readonly<Record<Loop, string>> = {
  Solver: 'classifiers, which a Solver trains',
  fit: 'modules, which fit trains',
};

const isPictures = (kind: DataKind): boolean => kind !== 'csv';

/** All groups, in the order in which a config has their settings. */
const GROUPS: readonly Group[] = [
  ...Object.entries(MODELS).map(([name, { options }]): Group => {
    const applies = ({ model }: Context): boolean => model === name;
    return { section: 'model', of: 'model', owner: name, settings: options, applies };
  }),
  ...Object.entries(DATA).map(([kind, settings]): Group => {
    return { section: 'data', of: 'data', owner: kind, settings, applies: (context) => context.kind === kind };
  }),
  {
    ...{ section: 'data', of: 'augmentation', owner: 'pictures that fit trains on', settings: AUGMENTATION },
    applies: ({ kind, loop }) => isPictures(kind) && loop === 'fit',
  },
  ...(['Solver', 'fit'] as const).flatMap((loop) =>
    Object.entries(OPTIMIZERS[loop]).map(([name, settings]): Group => {
      const applies = (context: Context): boolean => context.loop === loop && context.optimizer === name;
      return { section: 'training', of: 'optimizer', owner: `optimizer=${name}`, loop, settings, applies };
    }),
  ),
  ...Object.entries(SCHEDULES).map(([name, settings]): Group => {
    const applies = ({ schedule }: Context): boolean => schedule === name;
    return { section: 'training', of: 'schedule', owner: `schedule=${name}`, loop: 'fit', settings, applies };
  }),
  { section: 'training', of: 'loop', owner: 'all models', settings: TRAINING, applies: () => true },
  ...(['Solver', 'fit'] as const).map((loop): Group => {
    const applies = (context: Context): boolean => context.loop === loop;
    return { section: 'training', of: 'loop', owner: LOOP_OWNERS[loop], loop, settings: LOOPS[loop], applies };
  }),
];

/** The settings that there are, by section. */
export function settingsFor(context: Context): Readonly<Record<Section, Readonly<Record<string, Setting>>>> {
  const found: Record<Section, Record<string, Setting>> = { model: {}, data: {}, training: {} };
  for (const { section, settings, applies } of GROUPS) {
    if (applies(context)) Object.assign(found[section], settings);
  }
  return found;
}

/** The names that stand for themselves in a section, beside its settings. */
const FIXED: Readonly<Record<Section, readonly string[]>> = {
  model: [],
  data: ['kind', 'path'],
  training: ['optimizer', 'schedule'],
};

/** All keys that there are for any model and any data: `training.lr`, and `seed`. */
export function allKeys(): string[] {
  const keys = new Set<string>(['seed']);
  for (const section of ['model', 'data', 'training'] as const) {
    for (const name of FIXED[section]) keys.add(`${section}.${name}`);
    for (const group of GROUPS) {
      if (group.section === section) for (const name of Object.keys(group.settings)) keys.add(`${section}.${name}`);
    }
  }
  return [...keys];
}

/** A setting, for people: a row of a table in help. */
export interface SettingRow {
  /** `training.lr` */
  readonly key: string;
  /** Where nobody sets it, and no recipe does. */
  readonly byDefault: ConfigValue;
  /** What its value may be: `a number > 0`. */
  readonly expected: string;
  readonly comment: string;
  /** What has it: `optimizer=SGD`, `fc`, `csv`. */
  readonly owners: readonly string[];
}

/** The settings of a config, with its values in the place of the defaults: those of its recipe, say. */
export function settingsOf(config: RunConfig): SettingRow[] {
  const { model, data, training, seed } = config;
  const schedule = (training.schedule as string | undefined) ?? null;
  const loop = schedule === null ? 'Solver' : 'fit';
  const name = model.file === undefined ? model.name : null;
  const { kind } = data;
  const { optimizer } = training;
  const tables = settingsFor({ model: name, modelName: model.name, loop, kind, optimizer, schedule });
  const values = { model: model.options, data, training };
  const rows = (['model', 'data', 'training'] as const).flatMap((section) =>
    Object.entries(tables[section]).map(([short, { range, comment }]): SettingRow => {
      const key = `${section}.${short}`;
      return { key, byDefault: values[section][short], expected: range.expected, comment, owners: [] };
    }),
  );
  const others = [...choiceRows(loop, optimizer, schedule), { ...SEED_ROW, byDefault: seed }];
  return [...rows, ...others.map((row) => ({ ...row, owners: [] }))];
}

const SEED_ROW = {
  ...{ key: 'seed', byDefault: 231, expected: SEED.expected, owners: ['all models'] },
  comment: 'what the weights, the minibatches and the split are drawn from',
};

/** What decides which other settings there are. */
function choiceRows(loop: Loop, optimizer: string, schedule: string | null): SettingRow[] {
  const owners = [LOOP_OWNERS[loop]];
  const rows: SettingRow[] = [
    {
      ...{ key: 'training.optimizer', byDefault: optimizer, owners },
      ...{ expected: `one of ${Object.keys(OPTIMIZERS[loop]).join(', ')}`, comment: 'the update rule' },
    },
  ];
  if (schedule === null) return rows;
  const expected = `one of ${Object.keys(SCHEDULES).join(', ')}`;
  return [
    ...rows,
    { key: 'training.schedule', byDefault: schedule, owners, expected, comment: 'how the learning rate falls' },
  ];
}

/** All settings, each once for each meaning that it has. */
export function settingRows(): SettingRow[] {
  const rows = new Map<string, SettingRow & { owners: string[] }>();
  for (const { section, owner, settings } of GROUPS) {
    for (const [name, { byDefault, range, comment }] of Object.entries(settings)) {
      const key = `${section}.${name}`;
      const row = rows.get(`${key}: ${comment}`);
      if (row === undefined) {
        rows.set(`${key}: ${comment}`, { key, byDefault, expected: range.expected, comment, owners: [owner] });
      } else row.owners.push(owner);
    }
  }
  return [...rows.values(), ...choiceRows('Solver', 'sgd', null), ...choiceRows('fit', 'Adam', 'constant'), SEED_ROW];
}

/** Keys that mean another one elsewhere. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'model.reg': 'training.weightDecay',
  'training.weightDecay': 'model.reg',
  'model.batchNorm': 'model.normalization',
  'model.normalization': 'model.batchNorm',
};

/** Why there is no setting `section.name` here: it belongs to something else than this run has; names both. */
export function whyNot(section: Section, name: string, context: Context): string {
  const all = GROUPS.filter((group) => group.section === section && Object.hasOwn(group.settings, name));
  // Those of the other loop do not help.
  const near = all.filter(({ loop }) => loop === undefined || loop === context.loop);
  const groups = near.length > 0 ? near : all;
  const { of, loop } = groups[0] ?? { of: 'schedule', loop: 'fit' };
  const owners = groups.length === 0 ? [LOOP_OWNERS.fit] : groups.map(({ owner }) => owner);
  const isOtherLoop = loop !== undefined && loop !== context.loop;
  const [other, key] = (ELSEWHERE[`${section}.${name}`] ?? '').split('.');
  const isThere = key !== undefined && Object.hasOwn(settingsFor(context)[other as Section], key);
  const own = currentOf(isOtherLoop ? 'loop' : of, context);
  return `it is for ${listed(owners)}, and this run has ${own}${isThere ? `; set ${key}` : ''}`;
}

/** What this run has, of a dimension. */
function currentOf(dimension: Dimension, { modelName, loop, kind, optimizer, schedule }: Context): string {
  const model = `the model ${modelName}`;
  const trained = `${model}, which ${loop === 'fit' ? 'fit' : 'a Solver'} trains`;
  const data = `${kind} data`;
  const augmented = isPictures(kind) ? trained : data;
  const current = { model, data, augmentation: augmented, loop: trained, optimizer: `optimizer=${optimizer}` };
  return dimension === 'schedule' ? `schedule=${schedule}` : current[dimension];
}

function listed(texts: readonly string[]): string {
  return texts.length < 2 ? texts.join('') : `${texts.slice(0, -1).join(', ')} and ${texts.at(-1)}`;
}
