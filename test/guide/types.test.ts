// @module-tag slow
// The programs of the guide and the files of its lessons as a compiler sees them, all in one pass.

import { readdirSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { chapterFile, chapterNames, GUIDE, programsOf, sourceOf } from '../helpers/chapters.js';

/** The programs of chapters, by the name of the file that each would be. */
const programs = new Map(
  chapterNames()
    .flatMap(programsOf)
    .map((program) => [resolve(GUIDE, `${program.name}.ts`), program]),
);
const LESSONS = resolve(GUIDE, 'lessons');
const SHARED = 'lesson.mjs';
const lessons = readdirSync(LESSONS, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.mjs'))
  .map((file) => join(LESSONS, file));

test('the code of the guide has no error of types', { timeout: 240_000 }, () => {
  const { config } = ts.readConfigFile('tsconfig.json', ts.sys.readFile);
  const options: ts.CompilerOptions = {
    ...ts.parseJsonConfigFileContent(config, ts.sys, '.').options,
    moduleDetection: ts.ModuleDetectionKind.Force,
    checkJs: true,
    // A reader may look at something once, and an exercise waits for its reader.
    noUnusedLocals: false,
    noUnusedParameters: false,
    allowUnreachableCode: true,
  };
  const host = ts.createCompilerHost(options);
  const { fileExists, getSourceFile } = host;
  /** A reader has the file that all lessons share beside each. */
  const asKept = (file: string): string => {
    return basename(file) === SHARED && dirname(dirname(file)) === LESSONS ? join(LESSONS, SHARED) : file;
  };
  host.fileExists = (file) => programs.has(file) || fileExists.call(host, asKept(file));
  host.getSourceFile = (file, languageVersion, ...rest) => {
    const program = programs.get(file);
    if (program === undefined) return getSourceFile.call(host, asKept(file), languageVersion, ...rest);
    return ts.createSourceFile(file, sourceOf(program), languageVersion, true);
  };
  const files = [...programs.keys(), ...lessons];
  const compiled = ts.createProgram(files, options, host);
  const found = files.flatMap((file) => {
    const source = compiled.getSourceFile(file);
    const program = programs.get(file);
    const name = program === undefined ? relative('.', file) : chapterFile(program.chapter);
    const all = [...compiled.getSyntacticDiagnostics(source), ...compiled.getSemanticDiagnostics(source)];
    return all.map(({ start = 0, messageText }) => {
      const line = (source?.getLineAndCharacterOfPosition(start).line ?? 0) + 1;
      return `${name}:${line} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
    });
  });
  expect(found).toEqual([]);
});
