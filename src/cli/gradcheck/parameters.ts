// The names of a function's parameters, from its text.

/** A parameter. */
export interface Parameter {
  /** Its name; of a destructured object ''. */
  readonly name: string;
  readonly hasDefault: boolean;
  /** Of a destructured object, the names of its properties that have no default. */
  readonly keys: readonly string[] | null;
}

/** The parameters of a function; null if its text does not say them, as of a rest parameter or a bound function. */
export function parametersOf(fn: (...args: never[]) => unknown): Parameter[] | null {
  const text = Function.prototype.toString.call(fn).replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, '');
  if (/\[native code\]/.test(text)) return null;
  const alone = /^(?:async\s+)?([\w$]+)\s*=>/.exec(text);
  if (alone !== null) return [{ name: alone[1], hasDefault: false, keys: null }];
  const start = text.indexOf('(');
  const end = closing(text, start);
  if (start < 0 || end < 0) return null;
  const parts = split(text.slice(start + 1, end));
  if (parts.some((part) => part.startsWith('...'))) return null;
  return parts.map(parameter);
}

function parameter(part: string): Parameter {
  const [target, value] = assignment(part);
  const hasDefault = value !== null;
  if (!target.startsWith('{')) return { name: /^[\w$]+$/.test(target) ? target : '', hasDefault, keys: null };
  const keys = split(target.slice(1, -1))
    .map(assignment)
    .filter(([, byDefault]) => byDefault === null)
    .map(([key]) => key.split(':')[0].trim());
  return { name: '', hasDefault, keys };
}

/** `a = 1` as its two sides. */
function assignment(part: string): [target: string, value: string | null] {
  let depth = 0;
  for (let i = 0; i < part.length; i++) {
    if ('([{'.includes(part[i])) depth++;
    else if (')]}'.includes(part[i])) depth--;
    else if (part[i] === '=' && depth === 0) return [part.slice(0, i).trim(), part.slice(i + 1).trim()];
  }
  return [part.trim(), null];
}

/** The parts between commas that stand in no brackets. */
function split(list: string): string[] {
  const parts: string[] = [];
  let [depth, from] = [0, 0];
  for (let i = 0; i < list.length; i++) {
    if ('([{'.includes(list[i])) depth++;
    else if (')]}'.includes(list[i])) depth--;
    else if (list[i] === ',' && depth === 0) {
      parts.push(list.slice(from, i));
      from = i + 1;
    }
  }
  parts.push(list.slice(from));
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

/** The place of the bracket that closes the one at `open`; −1 if there is none. */
function closing(text: string, open: number): number {
  let depth = 0;
  for (let i = open; i >= 0 && i < text.length; i++) {
    if (text[i] === '(') depth++;
    else if (text[i] === ')' && --depth === 0) return i;
  }
  return -1;
}
