import { run } from '../../src/cli/run.js';

/** What a command has printed, and its exit code. */
export interface Printed {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command in this process, as at no terminal. */
export async function command(cwd: string, args: readonly string[], columns = 100): Promise<Printed> {
  const [out, err]: string[][] = [[], []];
  const code = await run(args, {
    cwd,
    env: {},
    stdout: { columns, write: (text: string) => out.push(text) },
    stderr: { write: (text: string) => err.push(text) },
  });
  return { code, out: out.join(''), err: err.join('') };
}
