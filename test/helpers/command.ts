import { run } from '../../src/cli/run.js';

/** What a command has printed, and its exit code. */
export interface Printed {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Where a command of a test runs. */
export interface Place {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Width of a terminal; default: it is none. */
  readonly columns?: number;
}

/** Runs the command in this process. @param place - Or the width of lines, default 100, where there is no terminal. */
export async function command(cwd: string, args: readonly string[], place: Place | number = 100): Promise<Printed> {
  const isTTY = typeof place !== 'number' && place.columns !== undefined;
  const { env = {}, columns }: Place = typeof place === 'number' ? { columns: place } : place;
  const [out, err]: string[][] = [[], []];
  const output = (texts: string[]) => ({ isTTY, columns, write: (text: string) => texts.push(text) });
  const code = await run(args, { cwd, env, stdout: output(out), stderr: output(err) });
  return { code, out: out.join(''), err: err.join('') };
}
