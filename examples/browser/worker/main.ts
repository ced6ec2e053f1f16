// The worker that trains. The page stays free for its visitor, and the kernels' threads may be waited for here.

import { kernelInfo } from 'layerwise';
import type { Report, Request } from '../protocol.js';
import { Session } from './session.js';

const worker = self as unknown as {
  postMessage(report: Report): void;
  onmessage: ((event: MessageEvent<Request>) => void) | null;
};
const session = new Session((report) => worker.postMessage(report));

const { simd, threads, notes } = kernelInfo();
const engine = { kernels: simd === null ? 'plain JavaScript' : `WebAssembly, ${simd} SIMD`, threads, notes };
worker.postMessage({ kind: 'engine', engine: { ...engine, isIsolated: crossOriginIsolated } });
worker.onmessage = ({ data }) => void session.obey(data);
