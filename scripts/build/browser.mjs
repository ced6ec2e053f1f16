// Bundles dist/esm into one file that a page loads without a bundler:
//
//   dist/layerwise.browser.js               a minified ES module, with the source map beside it
//   dist/layerwise.browser.js.licenses.txt  the licenses of the packages that are in it
//   dist/integrity.json                     the hashes of the files that a page loads, for subresource integrity

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { ROOT } from './kernels.mjs';
import { WORKER_FILE } from './stand-ins.mjs';

export { version as esbuildVersion } from 'esbuild';

const NAME = 'layerwise.browser.js';
const LICENSES = `${NAME}.licenses.txt`;

/** Private names and static blocks stay what they are: written for older browsers they are slower. */
export const TARGET = 'es2022';

/** How esbuild makes an ES module for browsers of `dist/esm`. */
export const FOR_BROWSERS = {
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'browser',
  target: TARGET,
  charset: 'utf8',
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
};

/**
 * Writes the files.
 *
 * @param {string} dist - The folder of the package's build, where esm/ is.
 * @returns {Promise<Record<string, { bytes: number, integrity: string }>>} Of each file that a page loads, by name.
 */
export async function buildBrowser(dist) {
  const { version, license } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const { metafile } = await build({
    ...FOR_BROWSERS,
    absWorkingDir: ROOT,
    entryPoints: [join(dist, 'esm/index.js')],
    outfile: join(dist, NAME),
    // The sources are in the package.
    sourcemap: 'linked',
    sourcesContent: false,
    banner: { js: `/*! layerwise ${version}, ${license}. Of the packages in this file: ${LICENSES} */` },
  });
  writeFileSync(join(dist, LICENSES), licensesOf(Object.keys(metafile.inputs)));
  const files = Object.fromEntries([NAME, WORKER_FILE].map((name) => [name, loaded(join(dist, name))]));
  const hashes = Object.fromEntries(Object.entries(files).map(([name, { integrity }]) => [name, integrity]));
  writeFileSync(join(dist, 'integrity.json'), `${JSON.stringify({ version, ...hashes }, null, 2)}\n`);
  return files;
}

function loaded(file) {
  const bytes = readFileSync(file);
  return { bytes: bytes.length, integrity: `sha384-${createHash('sha384').update(bytes).digest('base64')}` };
}

/** The names, versions and licenses of the packages that these files are of. */
function licensesOf(files) {
  const folders = new Set(files.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? []));
  const texts = [...folders].sort().map((folder) => {
    const place = resolve(ROOT, folder);
    const { name, version } = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8'));
    return `${name} ${version}\n\n${licenseIn(place)}\n`;
  });
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
}

/** The text of a package's license: a file, or the end of its README. */
function licenseIn(place) {
  const names = readdirSync(place);
  const read = (name) => readFileSync(join(place, name ?? 'package.json'), 'utf8').trim();
  const file = names.find((name) => /^licen[cs]e/i.test(name));
  if (file !== undefined) return read(file);
  const [text] = /^#* *licen[cs]e[\s\S]*/im.exec(read(names.find((name) => /^readme/i.test(name)))) ?? [];
  if (text === undefined) throw new Error(`${place} has no license that can be quoted`);
  return text;
}
