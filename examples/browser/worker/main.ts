// The worker that trains. The page stays free for its visitor, and the kernels' threads may be waited for here.

import { configureKernels, ready } from 'layerwise';
import type { Report, Request } from '../protocol.js';
import { Session } from './session.js';

const worker = self as unknown as {
  postMessage(report: Report): void;
  onmessage: ((event: MessageEvent<Request>) => void) | null;
};
const session = new Session((report) => worker.postMessage(report));
worker.onmessage = ({ data }) => void session.obey(data);

// The policy of the page allows files, and not the text that threads start from otherwise.
configureKernels({ workerUrl: new URL('layerwise-worker.js', location.href) });
// Until the other threads are up this one computes alone.
const isReady = ready().then(({ simd, threads, notes }) => {
  const kernels = simd === null ? 'plain JavaScript' : `WebAssembly, ${simd} SIMD`;
  worker.postMessage({ kind: 'engine', engine: { kernels, threads, notes, isIsolated: crossOriginIsolated } });
});
isReady.catch(({ message }: Error) => worker.postMessage({ kind: 'said', text: message, isError: true }));
