// Loaded by ts-node before a script, as tsconfig.json asks.

const Module = require('node:module');
const { resolve } = require('node:path');

// The programs of examples/ import 'layerwise' and its other entry points as its users do. In the repository that is
// the source, which is always up to date, rather than dist/, which package.json names.
const SOURCES = new Map(
  ['', '/distributed', '/search'].map((entry) => [
    `layerwise${entry}`,
    resolve(__dirname, `../../src${entry}/index.ts`),
  ]),
);
const resolveFilename = Module._resolveFilename;
Module._resolveFilename = function (request, ...rest) {
  return SOURCES.get(request) ?? resolveFilename.call(this, request, ...rest);
};

// ts-node 10.9 calls the constructor of fs.Stats, which Node 22 and later report as deprecated (DEP0180) at every
// start. The warning is printed in the next tick: this drops that one.
const listeners = process.listeners('warning');
process.removeAllListeners('warning');
process.on('warning', (warning) => {
  if (warning.code !== 'DEP0180') for (const listener of listeners) listener.call(process, warning);
});
