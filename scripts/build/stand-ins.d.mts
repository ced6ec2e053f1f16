import type { Plugin } from 'esbuild';

/** The file that a browser's worker thread starts from where a policy forbids a Blob. */
export declare const WORKER_FILE: string;

/** A plugin of esbuild: `layerwise` is src/ as browsers get it. */
export declare function fromSources(): Plugin;
