import { resolve } from 'node:path';
import { Command } from 'commander';
import { columnsOf, didYouMean } from '../../terminal/index.js';
import { EXIT, Reported, UsageError } from '../errors.js';
import { examples } from '../examples.js';
import type { Entry, GradientCheck, PairCheck } from '../gradcheck/check.js';
import type { Io } from '../io.js';

interface Options {
  readonly pair?: readonly string[];
  readonly seed: string;
}

/** The name in the place of a file that stands for the layers of the library. */
const LIBRARY = 'layerwise';

const HELP = `
Pairs are fooForward with fooBackward, or foo_forward with foo_backward, and losses (fooLoss):
  fooForward(x, w, b) returns [out, cache] or { out, cache },
  fooBackward(dout, cache) returns { dx, dw, db } or [dx, dw, db]
  fooLoss(x, y) returns { loss, dx } or [loss, dx]
Inputs are made by the names of the parameters (x, w, b, gamma, beta, convParam, bnParam, y, …). For others, or for
shapes of your own, the file exports functions that make the arguments:
  export const gradcheck = {
    foo: (random) => [random.randn([4, 5]), random.randn([5, 3]), { alpha: 0.5 }],
  };
All is computed in float64; a difference across a kink, as of a ReLU, counts neither way.

Exit code: 0 all gradients are right, 1 one is wrong, 2 a pair needs an entry in
gradcheck, or float64.`;

/** `layerwise gradcheck FILE`: the gradients of a user's layers against centred differences. */
export function gradcheckCommand(io: Io): Command {
  const command = new Command('gradcheck')
    .description('check the gradients of the layers in a file by centred differences')
    .argument(
      '<file>',
      `TypeScript or JavaScript that exports forward/backward pairs; ${LIBRARY}: those of the library`,
    )
    .option('--pair <name...>', 'check these pairs only')
    .option('--seed <seed>', 'of the shapes and numbers', '0')
    .action((file: string, options: Options) => gradcheck(io, file, options));
  return examples(command.addHelpText('after', HELP), [
    'layerwise gradcheck layerwise --pair affine conv',
    'layerwise gradcheck layerwise --pair softmaxLoss --json',
  ]);
}

async function gradcheck(io: Io, file: string, { pair: wanted, seed }: Options): Promise<void> {
  const fn = 'gradcheck';
  const { findPairs } = await import('../gradcheck/pairs.js');
  const { checkPair } = await import('../gradcheck/check.js');
  const exported = await exportsOf(io, file);
  const found = findPairs(exported);
  if (found.pairs.length === 0) {
    const alone = found.alone.length === 0 ? '' : `; ${found.alone.join(', ')} ${stands(found.alone)} alone`;
    throw new UsageError(`${fn}: ${file} exports no pair such as fooForward and fooBackward${alone}`);
  }
  const pairs = found.pairs.filter(({ name, forward, backward }) => {
    const names = [name, name.split(' ')[0], forward.name, backward?.name];
    return wanted === undefined || wanted.some((one) => names.includes(one));
  });
  for (const one of wanted ?? []) {
    const names = found.pairs.flatMap(({ name, forward, backward }) => [
      name.split(' ')[0],
      forward.name,
      backward?.name,
    ]);
    if (names.includes(one) || found.pairs.some(({ name }) => name === one)) continue;
    const known = found.pairs.map(({ name }) => name);
    throw new UsageError(`${fn}: --pair ${one}: ${file} has no such pair${didYouMean(one, known)}`);
  }
  const entries = entriesOf(fn, file, exported);
  const progress = io.progress(pairs.length, 'pair');
  const checks: PairCheck[] = [];
  for (const pair of pairs) {
    const names = [pair.name, pair.name.split(' ')[0], pair.forward.name];
    const own = names.find((name) => Object.hasOwn(entries, name));
    const entry = own === undefined ? undefined : entries[own];
    checks.push(checkPair(pair, entry, seed));
    progress.update(checks.length);
  }
  progress.clear();
  if (io.isJson) io.json({ file, seed, pairs: checks, alone: found.alone });
  else print(io, checks, found.alone);
  if (checks.some(({ verdict }) => verdict === 'wrong')) throw new Reported(EXIT.failed);
  if (checks.some(({ verdict }) => verdict !== 'right')) throw new Reported(EXIT.wrongUse);
}

async function exportsOf(io: Io, file: string): Promise<Readonly<Record<string, unknown>>> {
  if (file === LIBRARY) return { ...(await import('../../layers/public.js')) };
  const { importUserFile } = await import('../../runs/user-file.js');
  const all = await importUserFile('gradcheck', 'FILE', resolve(io.cwd, file));
  const { default: inner } = all;
  return typeof inner === 'object' && inner !== null ? { ...inner, ...all } : { ...all };
}

/** What the file exports as `gradcheck`. */
function entriesOf(fn: string, file: string, { gradcheck = {} }: { gradcheck?: unknown }): Record<string, Entry> {
  const isObject = typeof gradcheck === 'object' && gradcheck !== null;
  if (isObject && Object.values(gradcheck).every((entry) => typeof entry === 'function')) {
    return gradcheck as Record<string, Entry>;
  }
  throw new UsageError(
    `${fn}: ${file} exports a gradcheck that is no object of functions, { foo: (random) => [x, w] }`,
  );
}

function print(io: Io, checks: readonly PairCheck[], alone: readonly string[]): void {
  const { style } = io;
  const rows = checks.flatMap(({ name, verdict, gradients }) => {
    if (gradients.length === 0) return [[name, '', '', '', '', '', '', verdict]];
    return gradients.map((gradient, i) => [i === 0 ? name : '', ...cellsOf(gradient)]);
  });
  const columns = ['pair', 'gradient', 'shape', 'error', 'at', 'numerical', 'analytic', 'verdict'];
  const [header, ...lines] = columnsOf(columns, rows, io.isTerminal ? io.columns : undefined);
  io.print(style.bold(header));
  for (const line of lines) io.print(/right( \(\d+ kinks?\))?$/.test(line) ? line : style.red(line));
  const explained = checks.flatMap(({ name, gradients, problem }) => [
    ...(problem === null ? [] : [`${name}: ${problem}`]),
    ...gradients.flatMap(({ argument, hint }) => (hint === null ? [] : [`${name}, d${argument}: ${hint}`])),
  ]);
  if (explained.length + alone.length > 0) io.print();
  for (const line of explained) io.print(line);
  for (const name of alone) io.print(`${name} has no other half, and was not checked`);
  io.print();
  io.print(summary(checks));
}

function cellsOf({ argument, shape, isRight, error, index, numerical, analytic, kinks }: GradientCheck): string[] {
  const number = (value: number | null): string => (value === null ? '–' : String(Number(value.toPrecision(6))));
  const kinked = kinks === 0 ? '' : ` (${kinks} kink${kinks === 1 ? '' : 's'})`;
  return [
    `d${argument}`,
    `(${shape.join(', ')})`,
    error === null ? '–' : error.toExponential(1),
    index === null ? '–' : `[${index.join(', ')}]`,
    number(numerical),
    number(analytic),
    (isRight ? 'right' : 'WRONG') + kinked,
  ];
}

function summary(checks: readonly PairCheck[]): string {
  const count = (verdict: PairCheck['verdict']): number => checks.filter((one) => one.verdict === verdict).length;
  const [wrong, open, imprecise] = [count('wrong'), count('needs an entry'), count('needs float64')];
  const parts = [`${count('right')} of ${checks.length} pairs ${checks.length === 1 ? 'is' : 'are'} right`];
  if (wrong > 0) parts.push(`${wrong} ${wrong === 1 ? 'is' : 'are'} wrong`);
  if (open > 0) parts.push(`${open} need${open === 1 ? 's' : ''} an entry in gradcheck (layerwise gradcheck --help)`);
  if (imprecise > 0) parts.push(`${imprecise} need${imprecise === 1 ? 's' : ''} float64`);
  return parts.join(', ');
}

function stands(names: readonly string[]): string {
  return names.length === 1 ? 'stands' : 'stand';
}
