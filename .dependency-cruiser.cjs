// Imports point down only, as ARCHITECTURE.md draws them. `npm run check:imports` checks it.

/** Everything from the loops downwards, for what stands above them. */
const ABOVE_TRAINING = [
  ...['solver.ts', 'training', 'ui', 'insight', 'pictures', 'checkpoints', 'loggers', 'formats', 'metrics', 'data'],
  ...['images', 'models', 'classifiers', 'nn', 'autograd', 'optim', 'gradient-check.ts', 'layers', 'kernels'],
  ...['files', 'arrays', 'table.ts', 'node.ts'],
];

/** What each part of src/ may import of the others. Each may import itself, and the packages that are dependencies. */
const MAY_IMPORT = {
  'node.ts': [],
  terminal: ['node.ts'],
  http: ['node.ts'],
  'table.ts': [],
  arrays: ['node.ts'],
  kernels: ['arrays', 'node.ts'],
  layers: ['kernels', 'arrays'],
  'gradient-kinks.ts': ['arrays'],
  'gradient-check.ts': ['gradient-kinks.ts', 'layers', 'arrays'],
  optim: ['kernels', 'arrays'],
  autograd: ['gradient-check.ts', 'gradient-kinks.ts', 'layers', 'kernels', 'arrays'],
  classifiers: ['table.ts', 'layers', 'kernels', 'arrays'],
  nn: ['autograd', 'table.ts', 'layers', 'kernels', 'arrays'],
  models: ['nn', 'autograd', 'arrays'],
  files: ['node.ts'],
  formats: ['classifiers', 'files', 'arrays', 'node.ts'],
  checkpoints: ['formats', 'classifiers', 'kernels', 'files', 'arrays', 'node.ts'],
  loggers: ['formats', 'files', 'arrays', 'node.ts'],
  onnx: ['formats', 'models', 'classifiers', 'nn', 'autograd', 'layers', 'kernels', 'files', 'arrays', 'node.ts'],
  metrics: ['arrays'],
  images: ['files', 'arrays', 'node.ts'],
  data: ['images', 'files', 'layers', 'kernels', 'arrays', 'node.ts'],
  insight: ['ui', 'metrics', 'classifiers', 'nn', 'autograd', 'layers', 'kernels', 'arrays'],
  ui: ['http', 'files', 'arrays', 'node.ts'],
  training: [
    'ui',
    'insight',
    'terminal',
    'checkpoints',
    'loggers',
    'metrics',
    'classifiers',
    'nn',
    'autograd',
    'data',
    'optim',
    'layers',
    'kernels',
    'arrays',
    'node.ts',
  ],
  'solver.ts': [
    'training',
    'ui',
    'insight',
    'checkpoints',
    'loggers',
    'classifiers',
    'data',
    'optim',
    'layers',
    'kernels',
    'arrays',
  ],
  pictures: ['files', 'arrays', 'node.ts'],
  workloads: ABOVE_TRAINING,
  distributed: ABOVE_TRAINING,
  search: ['runs', 'terminal', 'workloads', ...ABOVE_TRAINING],
  runs: ['onnx', 'terminal', 'index.ts', ...ABOVE_TRAINING],
  serving: ['runs', 'http', 'onnx', ...ABOVE_TRAINING],
  cli: [
    'search',
    'distributed',
    'serving',
    'runs',
    'workloads',
    'onnx',
    'http',
    'terminal',
    'gradient-kinks.ts',
    ...ABOVE_TRAINING,
  ],
};
const PARTS = Object.keys(MAY_IMPORT);

/** What needs Node: the command, servers, jobs of several processes; and the page in a browser. */
const PROGRAMS = '^src/(cli|serving|runs|workloads|http|distributed|search|ui/(server|page))/';

/** The packages that users install for what they do, and may not have. */
const PEERS = `node_modules/(${Object.keys(require('./package.json').peerDependencies).join('|')})/`;

/** A pattern of the files of these parts. */
function files(parts) {
  return `^src/(${parts.map((part) => (part.endsWith('.ts') ? `${part.replace('.', '\\.')}$` : `${part}/`)).join('|')})`;
}

/** One rule for each part: everything in src/ is forbidden but what the table gives it. */
const directions = PARTS.map((part) => ({
  name: `${part.replace('.ts', '')}-imports-down`,
  comment: `src/${part} may import ${['itself', ...MAY_IMPORT[part]].join(', ')}`,
  severity: 'error',
  from: { path: files([part]) },
  to: { path: '^src/', pathNot: files([part, ...MAY_IMPORT[part]]) },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...directions,
    {
      name: 'gradient-check-imports-types-of-layers',
      comment: 'it checks any function, so it needs none of ours',
      severity: 'error',
      from: { path: files(['gradient-check.ts']) },
      to: { path: files(['layers']), dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'every-part-has-its-place',
      comment: 'a part of src/ that is not in the table of this file',
      severity: 'error',
      from: {},
      to: { path: '^src/', pathNot: files([...PARTS, 'index.ts']) },
    },
    {
      name: 'assembly-stands-alone',
      comment: 'the AssemblyScript sources have a compiler of their own, and share the protocol with the other side',
      severity: 'error',
      from: { path: '^src/kernels/assembly/' },
      to: { pathNot: '^src/kernels/(assembly/|wasm/protocol\\.ts$)' },
    },
    {
      name: 'nothing-imports-assembly',
      severity: 'error',
      from: { pathNot: '^src/kernels/assembly/' },
      to: { path: '^src/kernels/assembly/' },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      comment:
        'a file that the public surface does not reach; the program of workers is a file that they start with, and ' +
        'sorted kernels are in the build for browsers alone',
      severity: 'error',
      from: { path: '^src/index\\.ts$' },
      to: {
        path: '^src/',
        pathNot: [
          PROGRAMS,
          '^src/(kernels/(assembly/|wasm/sorted-code\\.ts$)|data/workers/(thread|remade)\\.ts$)',
          '^src/(terminal/|ui/(page-with|plain)\\.ts$)',
        ],
        reachable: false,
      },
    },
    {
      name: 'no-orphans-of-the-command',
      comment:
        'a file that no entry of the package, no command and no thread reaches; the page and its server have entries of ' +
        'their own',
      severity: 'error',
      from: { path: '^src/(cli/main|serving/thread|distributed/index|search/(index|worker))\\.ts$' },
      to: {
        path: [PROGRAMS, '^src/terminal/'],
        pathNot: [
          '^src/(cli/main|serving/thread|distributed/index|search/(index|worker))\\.ts$',
          '^src/ui/(server|page)/',
          '^src/http/',
        ],
        reachable: false,
      },
    },
    {
      name: 'the-library-stands-without-programs',
      comment: 'what is imported by users and bundled for browsers has no server and no command in it',
      severity: 'error',
      from: { path: '^src/', pathNot: PROGRAMS },
      to: { path: PROGRAMS, dependencyTypesNot: ['type-only', 'type-import'] },
    },
    {
      name: 'nothing-from-outside',
      comment: 'src/ is what is published: nothing beside it is',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(?!src/|node_modules/)', dependencyTypesNot: ['core'] },
    },
    {
      name: 'no-node-built-ins',
      comment: 'importing the library touches no built-in: src/node.ts gets them at call time; programs may',
      severity: 'error',
      from: { path: '^src/', pathNot: PROGRAMS },
      to: { dependencyTypes: ['core'], dependencyTypesNot: ['type-import', 'type-only'] },
    },
    {
      name: 'only-dependencies',
      comment: 'a package that users do not get with the library',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/ui/page/' }, // the page holds what it needs
      to: { path: 'node_modules/', pathNot: PEERS, dependencyTypesNot: ['npm'] },
    },
    {
      name: 'optional-peers-on-demand',
      comment:
        'importing the library loads none of them: peers.ts does, in the call that needs one, and says what is missing',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: PEERS, dependencyTypesNot: ['dynamic-import', 'type-only', 'type-import'] },
    },
    {
      name: 'optional-peers-in-one-place',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(pictures|images|runs|distributed|search)/peers\\.ts$' },
      to: { path: PEERS, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'arrays-of-packages-in-one-place',
      comment: 'these compile code from strings: arrays/packages.ts loads them where that is allowed',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/arrays/packages\\.ts$' },
      to: { path: 'node_modules/ndarray(-ops)?/', dependencyTypesNot: ['type-only', 'type-import'] },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'require', 'node', 'default'],
    },
  },
};
