// The last line of .ci/run: `node summary.mjs <vitest's JSON> <how many steps failed>`. The exit code is 1 where
// anything did.

import { existsSync, readFileSync } from 'node:fs';

const [file, steps] = process.argv.slice(2);

// The step of the tests fails if any test does: the report counts them, so the step is not counted again.
const report = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null;
const passed = report?.numPassedTests ?? 0;
const skipped = (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0);
const files = report?.testResults.filter((file) => file.status === 'failed' && file.assertionResults.every(noFailure));
const failures = (report?.numFailedTests ?? 0) + (files?.length ?? 0);
const failed = Number(steps) + failures - (failures > 0 ? 1 : 0);

console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

/** A file can fail without one of its tests: it could not be loaded, or a hook threw. */
function noFailure({ status }) {
  return status !== 'failed';
}
