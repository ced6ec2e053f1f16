/**
 * The whole program of a worker thread of Node, in a block because Deno has names of its own around it. It ends when
 * its generation does, and with the process in any case. A trap is reported to the caller, which throws; the worker
 * goes on.
 */
export const NODE_PROGRAM = `{
  const { module, memory, thread, generation, idle } = require('node:worker_threads').workerData;
  const { work, trapped } = new WebAssembly.Instance(module, { env: { memory } }).exports;
  for (let working = true; working; ) {
    try {
      work(thread, generation, idle);
      working = false;
    } catch {
      trapped();
    }
  }
}`;

/**
 * The same for a browser's worker, which gets what it works on by a message. It stays until its generation ends, or
 * with its page: nobody could start it again without waiting. The build also makes a file of it, `layerwise-worker.js`.
 */
export const BROWSER_PROGRAM = `self.onmessage = ({ data: { module, memory, thread, generation } }) => {
  const { work, trapped } = new WebAssembly.Instance(module, { env: { memory } }).exports;
  self.postMessage(thread);
  for (let working = true; working; ) {
    try {
      work(thread, generation, -1);
      working = false;
    } catch {
      trapped();
    }
  }
  self.close();
};
`;
