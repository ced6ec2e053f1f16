import { run } from '../../src/cli/run.js';

/** What a command did. */
export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where a command of a test runs. */
export interface Place {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Width of a terminal; default: it is none. */
  readonly columns?: number;
}

/** Runs the command in this process. */
export async function layerwise(
  args: readonly string[],
  { cwd = process.cwd(), env = {}, columns }: Place = {},
): Promise<Ran> {
  const written = { stdout: '', stderr: '' };
  const output = (name: keyof typeof written) => ({
    isTTY: columns !== undefined,
    columns,
    write: (text: string) => {
      written[name] += text;
    },
  });
  const exitCode = await run(args, { cwd, env, stdout: output('stdout'), stderr: output('stderr') });
  return { exitCode, ...written };
}
