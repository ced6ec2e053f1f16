import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpError } from './http-error.js';

/** A request that has passed all checks, and where its answer goes. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** What stands behind the question mark, to be read: requests without share one. */
  readonly query: URLSearchParams;
  /** What stands where the path has `:name`. */
  readonly names: Readonly<Record<string, string>>;
}

export type Handler = (exchange: Exchange) => void | Promise<void>;

/** What is at a path. */
export interface Route {
  /** `/api/runs`, or with names of single steps: `/api/runs/:id`. There is no other pattern. */
  readonly path: string;
  /** Answers GET, and HEAD without the body. */
  readonly get?: Handler;
  /** Answers POST. */
  readonly post?: Handler;
  /** Whether POST changes nothing, so that it needs no header of our own. Default false. */
  readonly isReadOnly?: boolean;
  /** Whether it answers without the token too. Default false. */
  readonly isPublic?: boolean;
}

/** A route that a path led to. */
interface Found {
  readonly route: Route;
  readonly names: Readonly<Record<string, string>>;
}

/** Finds routes: a path is compared step by step as it stands, nothing is resolved, so nothing leads out. */
export class Routes {
  readonly #exact = new Map<string, Route>();
  readonly #named: { readonly route: Route; readonly steps: readonly string[] }[] = [];

  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      if (route.path.includes('/:')) this.#named.push({ route, steps: route.path.split('/') });
      else this.#exact.set(route.path, route);
    }
  }

  /** @throws {HttpError} 404. */
  find(path: string): Found {
    const exact = this.#exact.get(path);
    if (exact !== undefined) return { route: exact, names: {} };
    const steps = path.split('/');
    for (const { route, steps: expected } of this.#named) {
      const names = steps.length === expected.length ? namesIn(steps, expected) : null;
      if (names !== null) return { route, names };
    }
    throw new HttpError(404, 'there is nothing at this path');
  }
}

/** What stands in the place of the names, or null if the path is another. */
function namesIn(steps: readonly string[], expected: readonly string[]): Record<string, string> | null {
  const names: Record<string, string> = {};
  for (const [i, step] of expected.entries()) {
    if (!step.startsWith(':')) {
      if (step !== steps[i]) return null;
      continue;
    }
    const name = decoded(steps[i]);
    if (name === null) return null;
    names[step.slice(1)] = name;
  }
  return names;
}

/** A step without its escapes; null if it could mean anything but one name. */
function decoded(step: string): string | null {
  try {
    const name = decodeURIComponent(step);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these characters are refused
    return name === '' || name === '.' || name === '..' || /[/\\\u0000-\u001f]/.test(name) ? null : name;
  } catch {
    return null;
  }
}

/** The handler of a request's method. @throws {HttpError} 405 with those that there are. */
export function handlerOf({ get, post }: Route, method: string | undefined): Handler {
  const handler = method === 'GET' || method === 'HEAD' ? get : method === 'POST' ? post : undefined;
  if (handler !== undefined) return handler;
  const methods = [...(get ? ['GET', 'HEAD'] : []), ...(post ? ['POST'] : [])].join(', ');
  throw new HttpError(405, `the method is ${method}, expected ${methods}`, { Allow: methods });
}
