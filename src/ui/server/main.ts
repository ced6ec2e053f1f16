/** The program of the thread that serves the page while another trains. */
import { workerData } from 'node:worker_threads';
import type { Listening, Opening, ThreadData } from '../messages.js';
import { addressOf, PageServer } from './page-server.js';
import { TrainingSource } from './training-source.js';

const { port, ready, fn, page, policy, host, wantedPort, token, title } = workerData as ThreadData;
const source = new TrainingSource(title);
// biome-ignore lint/suspicious/noConsole: there is nobody to throw it to, and the training goes on
const onError = (error: unknown): void => console.error(`${fn}: the live page failed:`, error);

port.on('message', (opening: Opening) => source.open(opening));

function answer(message: Listening): void {
  port.postMessage(message);
  Atomics.store(ready, 0, 1);
  Atomics.notify(ready, 0);
}

try {
  const server = new PageServer({ fn, source, page, policy, host, port: wantedPort, token, onError });
  server.listen().then(
    (used) => answer({ address: addressOf(host, used, token) }),
    (error) => answer({ error: error.message }),
  );
} catch (error) {
  answer({ error: (error as Error).message });
}
