// The chapters of the guide as programs. Of a chapter,
//
//   ```ts           blocks are one program, from the first to the last: a block goes on where the one before it ended
//   ```ts alone     is a program of its own
//   ```ts from FILE is a piece of a file of this repository
//
// and a plain block ``` right under one of the first two is what it prints: `…` in it stands for anything within a
// line. A program runs in the folder of the figures, where it saves its own.

import { readdirSync, readFileSync } from 'node:fs';

/** A block of code. Lines count from 0. */
export interface Block {
  readonly kind: 'chapter' | 'alone' | 'from';
  /** The file that it is a piece of. */
  readonly from?: string;
  /** The line of the fence above the code, and of the fence below it. */
  readonly start: number;
  readonly end: number;
  readonly code: string;
  /** What stands under it; null where it prints nothing. */
  readonly output: string | null;
}

/** A program of a chapter: all its blocks that are one, or one that stands alone. */
export interface Program {
  /** The chapter's name; a program that stands alone has its line added. */
  readonly name: string;
  readonly chapter: string;
  readonly blocks: readonly Block[];
}

export const GUIDE = 'docs/guide';
export const FIGURES = `${GUIDE}/figures`;

/** The names of the chapters that there are, with `index`, the first page. */
export function chapterNames(): string[] {
  return readdirSync(GUIDE).flatMap((file) => (file.endsWith('.md') ? [file.slice(0, -'.md'.length)] : []));
}

export function chapterFile(chapter: string): string {
  return `${GUIDE}/${chapter}.md`;
}

export function chapterText(chapter: string): string {
  return readFileSync(chapterFile(chapter), 'utf8');
}

/** All TypeScript of a chapter. @throws {Error} for a fence that is none of the three. */
export function blocksOf(chapter: string): Block[] {
  const lines = chapterText(chapter).split('\n');
  const blocks: Block[] = [];
  for (let start = 0; start < lines.length; start++) {
    if (!lines[start].startsWith('```')) continue;
    const end = lines.indexOf('```', start + 1);
    const at = `${chapterFile(chapter)}:${start + 1}`;
    if (end < 0) throw new Error(`${at}: a block without an end`);
    const info = lines[start].slice('```'.length);
    if (/^(ts|typescript)\b/.test(info)) {
      const match = /^ts(?: (alone)| from (\S+))?$/.exec(info);
      if (match === null) throw new Error(`${at}: expected ts, ts alone or ts from FILE, found ${info}`);
      const [, alone, from] = match as (string | undefined)[];
      const kind = from === undefined ? (alone === undefined ? 'chapter' : 'alone') : 'from';
      const code = lines.slice(start + 1, end).join('\n');
      blocks.push({ kind, from, start, end, code, output: outputUnder(lines, end) });
    }
    start = end;
  }
  return blocks;
}

/** The text of the plain block that follows the fence in line `end`, with one empty line between them. */
function outputUnder(lines: readonly string[], end: number): string | null {
  if (lines[end + 1] !== '' || lines[end + 2] !== '```') return null;
  return lines.slice(end + 3, lines.indexOf('```', end + 3)).join('\n');
}

export function programsOf(chapter: string): Program[] {
  const blocks = blocksOf(chapter);
  const whole = blocks.filter(({ kind }) => kind === 'chapter');
  const alone = blocks.filter(({ kind }) => kind === 'alone');
  return [
    ...(whole.length > 0 ? [{ name: chapter, chapter, blocks: whole }] : []),
    ...alone.map((block) => ({ name: `${chapter}-${block.start + 1}`, chapter, blocks: [block] })),
  ];
}

/**
 * The code of a program, each line of it in the line of the chapter where it stands.
 *
 * @param fence - What stands instead of the fence above the program's block of this number. Default nothing.
 */
export function sourceOf(program: Program, fence: (block: number) => string = () => ''): string {
  const lines: string[] = [];
  program.blocks.forEach(({ start, code }, i) => {
    while (lines.length < start) lines.push('');
    lines.push(fence(i), ...code.split('\n'));
  });
  return `${lines.join('\n')}\n`;
}

/** Whether a program prints what stands under its block. */
export function prints(printed: string, output: string | null): boolean {
  if (output === null) return printed === '';
  const parts = output.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}\n$`).test(printed);
}

/** The text of a chapter with what its blocks have printed under them. */
export function withOutputs(text: string, printed: ReadonlyMap<Block, string>): string {
  const lines = text.split('\n');
  // From the last, so that the lines of those above stay where they are.
  for (const [{ end, output }, out] of [...printed].sort(([a], [b]) => b.end - a.end)) {
    if (prints(out, output)) continue;
    const old = output === null ? 0 : lines.indexOf('```', end + 3) - end;
    lines.splice(end + 1, old, ...(out === '' ? [] : ['', '```', ...out.trimEnd().split('\n'), '```']));
  }
  return lines.join('\n');
}
