// What the site is made of: the chapters of the guide in their order, then the other documents.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './kernels.mjs';

/** The chapters by groups: `docs/guide/chapters.json`. */
export const CONTENTS = JSON.parse(readFileSync(join(ROOT, 'docs/guide/chapters.json'), 'utf8'));
/** The group of documents that are no chapters. */
export const OTHERS = 'Reference';

export const CHAPTERS = Object.values(CONTENTS)
  .flat()
  .map((name) => `docs/guide/${name}.md`);
