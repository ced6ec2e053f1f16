import { argumentError, type Fault, faultOf, ShapeError, said } from '../arrays/index.js';
import { joined, type Named } from './members.js';

/** What has members. */
export interface Container {
  namedModules(): Named<Container>[];
}

/** The source of an error as far as it is known: a module, the path from it to the module at fault, and the text. */
interface Source {
  readonly from: Container;
  /** `[0] (Conv2d)`; '' if the module itself is at fault. */
  readonly way: string;
  readonly text: string;
  readonly cause: unknown;
}

const sources = new WeakMap<object, Source>();

/** An error of a module about an argument. The containers of the module recognize it, see {@link located}. */
export function fault(
  Kind: typeof ShapeError | typeof TypeError,
  module: Container,
  parts: Readonly<Omit<Fault, 'fn'>>,
): Error {
  const error = argumentError(Kind, { fn: className(module), ...parts });
  sources.set(error, { from: module, way: '', text: said({ fn: '', ...parts }), cause: error });
  return error;
}

/**
 * The error that `container` throws when its member `name` threw `error`: the same kind of error, whose message begins
 * with the path to the module at fault.
 *
 * @example
 * // ShapeError: Sequential[2] (Residual).body[0] (Conv2d): x has shape (1, 3, 8, 8), expected (N, C=16, H, W)
 */
export function located(error: unknown, container: Container, name: string, member: Container): unknown {
  const Kind = KINDS.find((kind) => error instanceof kind && error.constructor === kind);
  if (Kind === undefined) return error;
  const source = sources.get(error as Error) ?? {
    from: member,
    way: '',
    text: textOf(error as Error, member),
    cause: error,
  };
  const way = wayTo(member, name, source);
  const next = new Kind(`${className(container)}${way}: ${source.text}`, { cause: source.cause });
  sources.set(next, { ...source, from: container, way });
  return next;
}

/** The kinds of errors that can be copied with another message. */
const KINDS = [ShapeError, RangeError, TypeError, Error];

/** The message of an error of `member`, without its name. */
function textOf(error: Error, member: Container): string {
  const fault = faultOf(error);
  return fault?.fn === className(member) ? said(fault) : error.message;
}

/** The path to the source of an error: `member`, called `name`, or a module below it. */
function wayTo(member: Container, name: string, { from, way }: Source): string {
  const between = member.namedModules().find(([, module]) => module === from)?.[0] ?? '';
  const path = step(joined(name, between));
  // The brackets of a list need no class name before them.
  return way.startsWith('[') ? path + way : `${path} (${className(from)})${way}`;
}

/** `0` as `[0]`, `body` as `.body`, `blocks.0` as `.blocks[0]`. */
function step(name: string): string {
  return name
    .split('.')
    .map((key) => (/^\d+$/.test(key) ? `[${key}]` : `.${key}`))
    .join('');
}

function className(module: object): string {
  return module.constructor.name;
}
