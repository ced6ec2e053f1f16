import { hasColors, ProgressBar, type Style, styleOf } from '../terminal/index.js';

/** Where a command writes to: `process.stdout`, or an object like it. */
export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** What a command has of the world: where it runs, and where its words go. */
export interface Io {
  /** The folder that paths are relative to. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What the user writes to call the command, for lines to copy: `layerwise`, or `npx layerwise`. */
  readonly program: string;
  /** Whether stdout is a terminal. */
  readonly isTerminal: boolean;
  /** The width of stdout in characters: 80 where that is not known. */
  readonly columns: number;
  /** For text on stdout. */
  readonly style: Style;
  /** Whether stdout gets JSON and nothing else: `--json`. */
  readonly isJson: boolean;
  /** Whether errors come with stack traces: `--verbose`. */
  readonly isVerbose: boolean;
  /** Prints a line on stdout; nothing with `--json`. */
  print(line?: string): void;
  /** Prints a value as one line of JSON on stdout. */
  json(value: unknown): void;
  /** Prints a line on stderr: what is no result. */
  note(line: string): void;
  /**
   * Progress of long work, on stderr: a bar on a terminal, elsewhere a plain line now and then, nothing with `--json`.
   *
   * @param total - How many steps there are.
   * @param unit - A short name of a step.
   */
  progress(total: number, unit: string): ProgressBar;
}

/** What {@link makeIo} needs. */
export interface IoParts {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly isJson: boolean;
  readonly isVerbose: boolean;
}

/** The world of a command: of this process, or of a test. */
export function makeIo({ cwd, env, stdout, stderr, isJson, isVerbose }: IoParts): Io {
  const isTerminal = stdout.isTTY === true;
  const bars = isJson ? null : { ...terminal(stderr), lines: true };
  return {
    cwd,
    env,
    program: programOf(env),
    isTerminal,
    columns: widthIn(stdout, env),
    style: styleOf(hasColors(env, isTerminal)),
    isJson,
    isVerbose,
    print: (line = '') => {
      if (!isJson) stdout.write(`${line}\n`);
    },
    json: (value) => void stdout.write(`${JSON.stringify(value)}\n`),
    note: (line) => void stderr.write(`${line}\n`),
    progress: (total, unit) => new ProgressBar(total, unit, bars),
  };
}

/** By what npm tells the processes that it starts. */
function programOf({ npm_command, npm_lifecycle_event }: Io['env']): string {
  if (npm_command === 'exec') return 'npx layerwise';
  const isScript = npm_command === 'run' || npm_command === 'run-script';
  return isScript && npm_lifecycle_event === 'layerwise' ? 'npm run layerwise --' : 'layerwise';
}

function terminal(output: Output): Output {
  return { isTTY: output.isTTY, columns: output.columns, write: (text) => output.write(text) };
}

/** `COLUMNS` says the width where the output is none that has one. */
function widthIn({ columns }: Output, env: Io['env']): number {
  const width = columns || Number(env.COLUMNS);
  return Number.isInteger(width) && width > 0 ? width : 80;
}
