// The last line of .ci/run: `node summary.mjs <how many steps failed> <vitest's JSON reports>`. Each report is of a run
// of some of the tests, which the other runs skipped or whose files they left out. The exit code is 1 where anything
// failed.

import { existsSync, readFileSync } from 'node:fs';

const [steps, ...files] = process.argv.slice(2);
const reports = files.map((file) => (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null));

// A step of tests fails if any test does: its report counts them, so the step is not counted again.
const failures = reports.map((report) => (report === null ? 0 : report.numFailedTests + failedFiles(report)));
const failed = Number(steps) + sum(failures) - failures.filter((count) => count > 0).length;
const passed = sum(reports.map((report) => report?.numPassedTests ?? 0));
const ran = passed + sum(reports.map((report) => report?.numFailedTests ?? 0));
const skipped = sum([...testsOfFiles().values()]) - ran;

console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

/** How many tests each file has. */
function testsOfFiles() {
  const tests = new Map();
  for (const { name, assertionResults } of reports.flatMap((report) => report?.testResults ?? [])) {
    tests.set(name, Math.max(tests.get(name) ?? 0, assertionResults.length));
  }
  return tests;
}

/** How many files failed without one of their tests: they could not be loaded, or a hook threw. */
function failedFiles({ testResults }) {
  return testResults.filter((file) => file.status === 'failed' && file.assertionResults.every(passes)).length;
}

function passes({ status }) {
  return status !== 'failed';
}

function sum(counts) {
  return counts.reduce((total, count) => total + count, 0);
}
