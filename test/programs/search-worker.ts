// A worker of the tests of searches over Redis: search-worker.ts ADDRESS LEASE. It says what it does, line by line.

import { searchWorker } from '../../src/search/redis/worker.js';

const [url, lease] = process.argv.slice(2);
const end = new AbortController();
process.once('SIGTERM', () => end.abort());

searchWorker({
  redis: { url },
  lease: Number(lease),
  threads: 1,
  signal: end.signal,
  log: (line) => process.stdout.write(`${line}\n`),
}).then(
  (done) => process.stdout.write(`${done} calls\n`),
  (error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  },
);
