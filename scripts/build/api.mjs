// Compares the public interface with its snapshot: what the entry points of the package export, with every signature,
// as the declarations that users get. `npm run check:api -- --update` writes the snapshot anew; its difference belongs
// in the CHANGELOG.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { ROOT } from './kernels.mjs';

const SNAPSHOT = 'scripts/build/api.snapshot.txt';
/** What stands before the names of an entry point, and its folder. */
const ENTRIES = { '': '', 'distributed/': 'distributed', 'search/': 'search' };
const HEADER = '// The public surface of layerwise. Written by `npm run check:api -- --update`.';

/** The declarations of the package, made in memory: file name to text. Types are checked elsewhere. */
function declarations() {
  const overrides = { emitDeclarationOnly: true, declarationMap: false, noEmitOnError: false, noCheck: true };
  const { options } = ts.getParsedCommandLineOfConfigFile(join(ROOT, 'tsconfig.build.json'), overrides, {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: ({ messageText }) => {
      throw new Error(ts.flattenDiagnosticMessageText(messageText, '\n'));
    },
  });
  const files = new Map();
  const sources = Object.values(ENTRIES).map((folder) => join(ROOT, 'src', folder, 'index.ts'));
  ts.createProgram(sources, options).emit(undefined, (name, text) => files.set(name, text));
  return { files, options };
}

/**
 * Every public name with its declarations, comments left out; the names of a namespace as `namespace.name`, those of
 * `layerwise/search` as `search/name`.
 */
function surface() {
  const { files, options } = declarations();
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  delete host.directoryExists; // dist/ need not be there
  host.fileExists = (name) => files.has(name) || fileExists(name);
  host.readFile = (name) => files.get(name) ?? readFile(name);
  host.getSourceFile = (name, ...rest) =>
    files.has(name) ? ts.createSourceFile(name, files.get(name), ...rest) : getSourceFile(name, ...rest);
  const declared = Object.entries(ENTRIES).map(([prefix, folder]) => [
    prefix,
    join(ROOT, 'dist', folder, 'index.d.ts'),
  ]);
  const program = ts.createProgram(
    declared.map(([, file]) => file),
    options,
    host,
  );
  const checker = program.getTypeChecker();
  const printer = ts.createPrinter({ removeComments: true });

  const entries = new Map();
  const list = (module, prefix) => {
    for (const exported of checker.getExportsOfModule(module)) {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      const name = `${prefix}${exported.name}`;
      if (!symbol.declarations) throw new Error(`${name} of src/ cannot be resolved`);
      if (symbol.flags & ts.SymbolFlags.ValueModule) list(symbol, `${name}.`);
      else entries.set(name, symbol.declarations.map((declaration) => print(declaration, printer)).join('\n'));
    }
  };
  for (const [prefix, file] of declared) list(checker.getSymbolAtLocation(program.getSourceFile(file)), prefix);
  return entries;
}

/** A declaration as it stands; the statement around a variable, and the package of a name that is not ours. */
function print(declaration, printer) {
  const file = declaration.getSourceFile();
  const [, origin] = /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules)/.exec(file.fileName) ?? [];
  if (origin !== undefined) return `from ${origin}`;
  const node = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
  return printer
    .printNode(ts.EmitHint.Unspecified, node, file)
    .replace(/^export (declare )?/, '')
    .replace(/^ +#?private\b.*\n/gm, '');
}

const now = new Map([...surface()].sort(([a], [b]) => (a < b ? -1 : 1)));
const text = `${[HEADER, ...[...now].map(([name, declared]) => `## ${name}\n${declared}`)].join('\n\n')}\n`;
const path = join(ROOT, SNAPSHOT);

if (process.argv.includes('--update')) {
  writeFileSync(path, text);
  console.log(`${SNAPSHOT}: ${now.size} names`);
} else {
  const before = new Map();
  for (const entry of existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n\n## ').slice(1) : []) {
    const end = entry.indexOf('\n');
    before.set(entry.slice(0, end), entry.slice(end + 1));
  }
  const changed = [...new Set([...before.keys(), ...now.keys()])].filter((name) => before.get(name) !== now.get(name));
  for (const name of changed) {
    console.error(`${name}\n  was: ${before.get(name) ?? '–'}\n  is:  ${now.get(name) ?? '–'}`);
  }
  if (changed.length > 0) {
    console.error(`${changed.length} of ${now.size} public names differ from ${SNAPSHOT}.`);
    console.error('Where that is meant, say so in CHANGELOG.md and run: npm run check:api -- --update');
    process.exitCode = 1;
  }
}
