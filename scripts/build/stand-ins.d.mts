import type { Plugin } from 'esbuild';

/** The file that a browser's worker thread starts from where a policy forbids a Blob. */
export declare const WORKER_FILE: string;

/** What stands in the place of modules of dist/esm, by their paths: here the texts that tests take. */
export declare const STAND_INS: { readonly 'arrays/packages.js': string };

/** A plugin of esbuild: `layerwise` is src/ as browsers get it. */
export declare function fromSources(): Plugin;
