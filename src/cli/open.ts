import { spawn } from 'node:child_process';
import type { Io } from './io.js';

/** What opens an address on each system. */
const OPENERS: Readonly<Record<string, readonly string[]>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};

/** Opens an address in the user's browser, without waiting for it. Where there is none, a note says so. */
export function openInBrowser(address: string, io: Io): void {
  const [program, ...args] = OPENERS[process.platform] ?? ['xdg-open'];
  const child = spawn(program, [...args, address], { stdio: 'ignore', detached: true });
  child.on('error', () => io.note(`note: there is no ${program} to open ${address} with`));
  child.unref();
}
