// The site that `npm run docs` builds in docs/site: the guide, the other documents and the pages of the library, with
// one search. Formulas become MathML, which browsers show without a font or a script.

import { katex } from '@mdit/plugin-katex';
import { OptionDefaults } from 'typedoc';
import { CHAPTERS, CONTENTS, OTHERS } from './scripts/build/site.mjs';

/** @type {Partial<import('typedoc').TypeDocOptions>} */
export default {
  extends: ['./typedoc.json'],
  plugin: ['./scripts/build/typedoc-methods.mjs', './scripts/build/typedoc-site.mjs'],
  readme: 'docs/guide/index.md',
  projectDocuments: [
    ...CHAPTERS,
    'docs/*.md',
    'examples/README.md',
    'README.md',
    'ARCHITECTURE.md',
    'CONTRIBUTING.md',
    'CHANGELOG.md',
    'SECURITY.md',
  ],
  groupOrder: [...Object.keys(CONTENTS), OTHERS, '*'],
  // Chapters stay in their order.
  sort: ['kind', 'instance-first', 'alphabetical-ignoring-documents'],
  navigation: { includeGroups: true },
  searchInDocuments: true,
  highlightLanguages: [...OptionDefaults.highlightLanguages, 'python'],
  customCss: 'scripts/build/site.css',
  customJs: 'scripts/build/site.js',
  markdownItLoader(parser) {
    parser.use(katex, { output: 'mathml', throwOnError: true });
    // Names of files look like domains: layers.py, ARCHITECTURE.md.
    parser.linkify.set({ fuzzyLink: false });
    const { fence } = parser.renderer.rules;
    // A block without a language is what a program prints.
    parser.renderer.rules.fence = (tokens, i, ...rest) => {
      tokens[i].info ||= 'text';
      return fence(tokens, i, ...rest);
    };
  },
};
