/**
 * Starts a browser's worker from the file of the package, where it has one at hand. In the build for browsers a module
 * with that file takes the place of this one: `new Worker(new URL('./layerwise-worker.js', import.meta.url))`, the form
 * that bundlers know.
 */
export const startWorkerFile: (() => Worker) | null = null;
