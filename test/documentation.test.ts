// @module-tag slow
import { resolve } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';
import * as layerwise from '../src/index.js';

/** What every class of the package is called, those of namespaces with theirs: `nn.Conv2d`. */
function classes(names: object, prefix = ''): string[] {
  return Object.entries(names).flatMap(([name, value]) => {
    if (typeof value === 'function') return isClass(value) ? [`${prefix}${name}`] : [];
    const isNamespace = typeof value === 'object' && value !== null && prefix.split('.').length < 3;
    return isNamespace ? classes(value, `${prefix}${name}.`) : [];
  });
}

function isClass(value: object): boolean {
  return /^class\b/.test(Function.prototype.toString.call(value));
}

/** What an editor shows over each of these expressions. */
function hovers(expressions: readonly string[]): string[] {
  const file = resolve('test/hover.ts');
  const text = ["import * as layerwise from '../src/index.js';", ...expressions].join('\n');
  const { config } = ts.readConfigFile('tsconfig.json', ts.sys.readFile);
  // The types of JavaScript itself take longer to read than all of the library, and the sentences are without them too.
  const options = { ...ts.parseJsonConfigFileContent(config, ts.sys, '.').options, noLib: true, types: [] };
  const service = ts.createLanguageService({
    getCompilationSettings: () => options,
    getScriptFileNames: () => [file],
    getScriptVersion: () => '1',
    getScriptSnapshot: (name) => {
      const contents = name === file ? text : ts.sys.readFile(name);
      return contents === undefined ? undefined : ts.ScriptSnapshot.fromString(contents);
    },
    getCurrentDirectory: () => '.',
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: (name) => name === file || ts.sys.fileExists(name),
    readFile: ts.sys.readFile,
    directoryExists: ts.sys.directoryExists,
  });
  return expressions.map((expression) => {
    const info = service.getQuickInfoAtPosition(file, text.indexOf(expression) + expression.lastIndexOf('(') - 1);
    return ts.displayPartsToString(info?.documentation);
  });
}

test('an editor has a sentence over every constructor', () => {
  const names = classes(layerwise);
  expect(names).toEqual(
    expect.arrayContaining(['Solver', 'Tensor', 'nn.Conv2d', 'optim.Adam', 'optim.lrScheduler.StepLR']),
  );

  const shown = hovers(names.map((name) => `new layerwise.${name}();`));
  expect(names.filter((_, i) => shown[i] === '')).toEqual([]);
});
