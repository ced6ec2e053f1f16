import { HttpError } from '../../http/index.js';
import type { Command } from '../protocol.js';

/** A command from the body of a request. @throws {HttpError} 400 if it is none. */
export function commandOf(value: unknown): Command {
  const { command, value: rate, ...others } = (value ?? {}) as Record<string, unknown>;
  const unknown = Object.keys(others)[0];
  if (typeof value !== 'object' || value === null || Array.isArray(value) || unknown !== undefined) {
    const found = unknown === undefined ? '' : ` and nothing else (found ${JSON.stringify(unknown)})`;
    throw new HttpError(400, `expected an object with command, for learningRate value too${found}`);
  }
  if (command === 'learningRate') {
    if (typeof rate === 'number' && Number.isFinite(rate) && rate > 0) return { command, value: rate };
    throw new HttpError(
      400,
      `value is ${typeof rate === 'number' ? rate : JSON.stringify(rate)}, expected a learning rate, a number > 0`,
    );
  }
  if (command === 'pause' || command === 'resume' || command === 'stop') {
    if (rate === undefined) return { command };
    throw new HttpError(400, `value is given, expected it for learningRate alone`);
  }
  throw new HttpError(400, `command is ${JSON.stringify(command)}, expected pause, resume, stop or learningRate`);
}
