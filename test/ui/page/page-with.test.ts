import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { PAGE, PAGE_CSP, SERVER } from '../../../src/ui/assets.generated.js';
import { pageWith } from '../../../src/ui/page-with.js';
import { madeRun } from '../made-up.js';

const HOSTILE = '</script><!--<script>alert(1)</script><img src=x onerror="alert(2)">&amp;\u2028';

function hashes(text: string): string[] {
  return [...text.matchAll(/<(script|style)>(.*?)<\/\1>/gs)].map(
    ([, , inside]) => `'sha256-${createHash('sha256').update(inside!).digest('base64')}'`,
  );
}

test('the policy allows the script and the style of the page by their hashes, and nothing unsafe', () => {
  expect(hashes(PAGE)).toHaveLength(2);
  for (const hash of hashes(PAGE)) expect(PAGE_CSP).toContain(hash);
  expect(PAGE_CSP).toMatch(/^default-src 'none'; /);
  expect(PAGE_CSP).not.toContain('unsafe');
  expect(PAGE).toContain('The MIT License (MIT)');
  expect(PAGE).not.toMatch(/https?:\/\/(?!www\.w3\.org)/);
  expect(SERVER).not.toBe('');
});

test('a report has its runs as data, whatever stands in them', () => {
  const run = madeRun('1', { title: HOSTILE, config: { note: HOSTILE, [HOSTILE]: 1 } });
  const other = madeRun('2');
  const html = pageWith([run, other]);
  const [, json = ''] = /<script type="application\/json" id="snapshot">(.*?)<\/script>/s.exec(html) ?? [];
  expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify([run, other])));
  expect(hashes(html)).toEqual(hashes(PAGE));
  expect(html.match(/<img/g)).toBeNull();
  expect(html.split('<script')).toHaveLength(PAGE.split('<script').length + 1);
});

test('a report asks for nothing, and says so itself', () => {
  const [, policy = ''] = /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/.exec(pageWith([])) ?? [];
  expect(policy).toContain("connect-src 'none'");
  expect(policy).not.toContain('frame-ancestors');
  for (const hash of hashes(PAGE)) expect(policy).toContain(hash);
});

test('a report has its numbers as plain tables too', () => {
  const run = madeRun('1');
  const epochs = Array.from({ length: 500 }, (_, i) => ({ ...run.epochs[0]!, epoch: i }));
  const plain = pageWith([{ ...run, epochs }]).replace(/<script.*?<\/script>/gs, '');
  expect(plain).toContain('<tr><th scope="row">training.optimizer</th><td>adam</td></tr>');
  expect(plain).toContain('<tr><th scope="row">training.betas</th><td>[0.9,0.999]</td></tr>');
  expect(plain).toContain('<tr><th scope="row">conv1</th><td>Conv2d(3, 32, kernelSize=7)</td>');
  expect(plain.match(/<tr><th scope="row">\d+<\/th><td>100<\/td>/g)).toHaveLength(40);
  expect(plain).toContain('<th scope="row">499</th>');
});
