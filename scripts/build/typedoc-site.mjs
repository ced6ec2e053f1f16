// TypeDoc's plugin for the documents of the site: each is called by its title, and stands in the group that the guide's
// contents give it.

import { basename } from 'node:path';
import { Converter } from 'typedoc';
import { CONTENTS, OTHERS } from './site.mjs';

const GROUPS = new Map(Object.entries(CONTENTS).flatMap(([group, names]) => names.map((name) => [name, group])));

export function load(app) {
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_context, document) => {
    document.frontmatter.group = GROUPS.get(basename(document.name)) ?? OTHERS;
    const [first, ...rest] = document.content;
    const [line, title] = /^# (.*)\n+/.exec(first.text) ?? [''];
    if (title !== undefined) document.name = title.replaceAll('`', '');
    // The page shows the name.
    document.content = [{ ...first, text: first.text.slice(line.length) }, ...rest];
  });
}
