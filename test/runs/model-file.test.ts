import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as layerwise from '../../src/index.js';
import { changeOfModelFile, makeConfig, openTask } from '../../src/runs/index.js';
import { loadModelFile } from '../../src/runs/model-file.js';
import { temporaryDir } from '../helpers/cifar10.js';
import { bitsOf, tinyConfig, tinyImages, trained } from '../helpers/runs.js';

/** A file with this text, in a folder of its own. */
function fileOf(text: string, name = 'net.ts'): string {
  const file = join(temporaryDir(), name);
  writeFileSync(file, text);
  return file;
}

const FUNCTION = `
import { nn, type NDArray } from 'layerwise';
interface Inputs { classes: number; inputShape: readonly number[]; seed: number }
const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
export const training = { optimizer: 'SGD', lr: 0.01, momentum: 0.5 };
export default ({ classes, inputShape }: Inputs): nn.Module =>
  new nn.Sequential(new nn.Flatten(), new nn.Linear(size(inputShape), 4), new nn.Dropout(), new nn.Linear(4, classes));
`;
const CLASSIFIER = `
const { TwoLayerNet } = require('layerwise');
module.exports.makeModel = ({ classes, seed }) => new TwoLayerNet({ hiddenDim: 3, numClasses: classes, seed });
`;

const inputs = { classes: 3, inputShape: [8], seed: 1 };
const load = (file: string): ReturnType<typeof loadModelFile> => loadModelFile('train', 'MODEL', file);

describe("a model in a user's file", () => {
  test('in TypeScript is made with the very library that runs, and brings its recipe', { tags: 'slow' }, async () => {
    const file = fileOf(FUNCTION);
    expect((await load(file)).build(inputs)).toBeInstanceOf(layerwise.nn.Sequential);
    const config = await tinyConfig(file, tinyImages());
    expect(config.model).toEqual({ name: 'net', file, sha256: expect.stringMatching(/^[0-9a-f]{64}$/), options: {} });
    expect(config.training).toMatchObject({ optimizer: 'SGD', lr: 0.01, momentum: 0.5, epochs: 2 });
    const { bits } = await trained(config);
    expect((await trained(config)).bits).toEqual(bits);
  });

  test('in CommonJS may be a classifier, which a Solver trains', { tags: 'slow' }, async () => {
    const config = await tinyConfig(fileOf(CLASSIFIER, 'net.cjs'), tinyImages());
    expect(config.training).toMatchObject({ optimizer: 'adam', lr: 1e-3 });
    const { task } = await trained(config);
    expect([task.kind, Object.keys(bitsOf(task.model))]).toEqual(['Solver', ['W1', 'b1', 'W2', 'b2']]);
  });

  test('that is exported as it is, is built anew by each task', async () => {
    const text = "import { models } from 'layerwise';\nexport const model = models.mlp([3072, 10]);";
    const config = await tinyConfig(fileOf(text, 'net.mjs'), tinyImages());
    const [first, second] = [await openTask(config), await openTask(config)];
    expect(first.model).not.toBe(second.model);
    expect(bitsOf(first.model)).toEqual(bitsOf(second.model));
  });

  test('may have a recipe with settings of another optimizer, which fall away where the user chooses one', async () => {
    const config = await tinyConfig(fileOf(FUNCTION), tinyImages(), ['optimizer=Adam']);
    expect(config.training).toMatchObject({ optimizer: 'Adam', lr: 1e-3 });
    expect(config.training).not.toHaveProperty('momentum');
  });

  test('in CommonJS may be all that it exports', async () => {
    const text = "const { nn } = require('layerwise');\nmodule.exports = ({ classes }) => new nn.Linear(8, classes);";
    expect((await load(fileOf(text, 'net.cjs'))).build(inputs)).toBeInstanceOf(layerwise.nn.Linear);
  });

  test('says that it has changed', async () => {
    const file = fileOf(FUNCTION);
    const config = await tinyConfig(file, tinyImages());
    expect(changeOfModelFile('train', config)).toBeNull();
    writeFileSync(file, `${FUNCTION}\n// changed`);
    expect(changeOfModelFile('train', config)).toMatch(
      /net\.ts has changed since the run was made: what it exports now/,
    );
  });

  test.each([
    [
      'export const a = 1;',
      /^train: MODEL: .*net\.ts exports no model, expected a module, a classifier \(params, loss\), or/,
    ],
    ['export default 3;', /net\.ts exports 3, expected a module/],
    ['export default () => 3;', /net\.ts exports a function that returns 3, expected a module/],
    ['export default class Net {}', /net\.ts exports a class, expected a module/],
    ['export default (', /^train: MODEL: .*net\.ts fails: /],
    ["\nthrow new Error('no\\nmore');", /^train: MODEL: .*net\.ts fails: no/],
    ["import 'nothing-of-the-kind';", /net\.ts fails: Cannot find module 'nothing-of-the-kind'/],
    [
      'export default () => ({}); export const training = 3;',
      /net\.ts exports training as 3, expected an object of sett/,
    ],
    [
      'export default { forward() {}, namedParameters() {} };',
      /a module of another copy of layerwise than .*: run the command of the copy that the file imports, or install/,
    ],
  ])('is refused: %s', async (text, message) => {
    const file = fileOf(text);
    await expect(load(file).then((loaded) => loaded.build(inputs))).rejects.toThrow(message);
  });

  test('is refused where there is no such file', async () => {
    await expect(makeConfig('train', { model: './none.ts', data: 'synthetic' })).rejects.toThrow(
      /^train: MODEL \.\/none\.ts: there is no file .*none\.ts, expected the path of a file \(\.ts, /,
    );
  });

  test('is refused where its recipe has a setting that there is not', async () => {
    const file = fileOf('export const training = { lrr: 1 };\nexport default { params: {}, loss() {} };');
    await expect(makeConfig('train', { model: file, data: 'synthetic' })).rejects.toThrow(
      /net\.ts: training\.lrr: there is no such setting: did you mean training\.lr\?$/,
    );
  });

  test('may import other files beside it', async () => {
    const dir = temporaryDir();
    mkdirSync(join(dir, 'parts'));
    writeFileSync(join(dir, 'parts', 'sizes.ts'), 'export const H: number = 6;');
    const text =
      "import { nn } from 'layerwise';\nimport { H } from './parts/sizes.js';\nexport default new nn.Linear(8, H);";
    writeFileSync(join(dir, 'net.ts'), text);
    expect(String((await load(join(dir, 'net.ts'))).build(inputs))).toBe('Linear(8, 6)');
  });
});
