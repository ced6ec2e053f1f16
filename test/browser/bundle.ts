import { build } from 'esbuild';
import { FOR_BROWSERS } from '../../scripts/build/browser.mjs';
import { fromSources } from '../../scripts/build/stand-ins.mjs';

/**
 * What a bundler makes of a program that imports `layerwise`, with the library's sources as the build for browsers has
 * them.
 *
 * @returns The text of the bundle, and the names of the packages in it.
 */
export async function bundled(program: string): Promise<{ text: string; packages: readonly string[] }> {
  const { outputFiles, metafile } = await build({
    ...FOR_BROWSERS,
    stdin: { contents: program, resolveDir: process.cwd() },
    write: false,
    plugins: [fromSources()],
  });
  const found = Object.keys(metafile.inputs).map((file) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1]);
  return { text: outputFiles[0].text, packages: [...new Set(found.filter((name) => name !== undefined))].sort() };
}
