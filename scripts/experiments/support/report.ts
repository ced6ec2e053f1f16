// From findings to files: a report for each experiment, and the page that links them.

import { join } from 'node:path';
import { writeAtomically } from '../../../src/files/index.js';
import { htmlReport, kernelInfo } from '../../../src/index.js';
import { escapeXml } from '../../../src/pictures/markup.js';
import { pageOf } from '../../../src/pictures/page.js';
import { noticeOf } from '../../../src/pictures/report.js';
import { describeKernels } from '../../options.js';
import type { Experiment, Findings, Lab, Outcome } from './experiment.js';

/** Printed above the numbers of a quick run, instead of conclusions. */
export const QUICK_NOTICE =
  'A quick run: its settings are tiny, to see that everything runs. Its numbers say nothing about the question, so ' +
  'nothing is concluded from them.';

/** Writes `report.html` and `results.json` into the experiment's folder. Returns the report's path. */
export function writeReport(experiment: Experiment, lab: Lab, findings: Findings, seconds: number): string {
  const { headline, tables, figures, conclusions, results } = findings;
  const settings = { ...findings.settings, ...surroundings(lab), time: `${seconds.toFixed(1)} s` };
  const file = join(lab.folder, 'report.html');
  const { title, question, method } = experiment;
  const verdict = lab.quick ? { notice: QUICK_NOTICE } : { conclusions };
  writeAtomically(
    '--out',
    file,
    htmlReport({ title, intro: [question, method], settings, tables, figures, ...verdict }),
  );
  const record = { experiment: experiment.name, headline, settings, conclusions, results };
  writeAtomically('--out', join(lab.folder, 'results.json'), `${JSON.stringify(record, null, 1)}\n`);
  return file;
}

/** Versions and kernels, on which the numbers depend beside the settings. */
function surroundings({ source, seed, quick }: Pick<Lab, 'source' | 'seed' | 'quick'>): Record<string, string> {
  const [running, ...notes] = describeKernels(kernelInfo()).split('\n');
  return {
    data: source,
    seed,
    machine: [running.replace(/^Running on /, ''), ...notes].join('; '),
    ...(quick ? { size: 'quick: tiny settings' } : {}),
  };
}

const STYLE = `
.reports { list-style: none; margin: 0; padding: 0 }
.reports li { border: 1px solid var(--line); border-radius: 8px; padding: .9rem 1.1rem; margin: 0 0 .9rem }
.reports a { color: var(--accent); font-weight: 600; font-size: 1.05rem }
.reports p { margin: .3rem 0 0; max-width: none }
.reports .question, .reports .seconds { color: var(--soft); font-size: .92rem }
`.trimStart();

/** Writes `index.html`: each experiment's question, its headline and a link to its report. Returns its path. */
export function writeIndex(
  out: string,
  outcomes: readonly Outcome[],
  lab: Pick<Lab, 'source' | 'seed' | 'quick'>,
): string {
  const items = outcomes.map((outcome) => {
    const { name, title, question } = outcome.experiment;
    const asked = `<p class="question">${escapeXml(question)}</p>`;
    if ('error' in outcome)
      return `<li><b>${escapeXml(title)}</b>${asked}<p>Failed: ${escapeXml(outcome.error.message)}</p></li>`;
    const link = `<a href="${escapeXml(name)}/report.html">${escapeXml(title)}</a>`;
    const time = `<p class="seconds">${outcome.seconds.toFixed(1)} s</p>`;
    const headline = lab.quick ? '' : `<p class="headline">${escapeXml(outcome.headline)}</p>`;
    return `<li>${link}${asked}${headline}${time}</li>`;
  });
  const about = Object.entries(surroundings(lab)).map(([name, text]) => `${name}: ${text}`);
  const body = [
    ...(lab.quick ? [noticeOf(QUICK_NOTICE)] : []),
    `<ul class="reports">\n${items.join('\n')}\n</ul>`,
    ...about.map((line) => `<p class="seconds">${escapeXml(line)}</p>`),
  ].join('\n');
  const file = join(out, 'index.html');
  writeAtomically('--out', file, pageOf({ title: 'Experiments', body, style: STYLE }));
  return file;
}
