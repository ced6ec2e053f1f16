import { afterEach, expect, test, vi } from 'vitest';
import { type FitOptions, fit } from '../../src/index.js';
import { fitSetup, makeSolver } from '../helpers/interruptible.js';
import { pretend } from '../helpers/pretend.js';

afterEach(() => {
  vi.restoreAllMocks();
});

const circular: { self?: unknown } = {};
circular.self = circular;

test.each<[unknown, string]>([
  [1, 'ui is 1, expected true, false or an object: such as { port: 8123 }'],
  [null, 'ui is null, expected true, false or an object: such as { port: 8123 }'],
  [{ prt: 1 }, "ui: unknown option 'prt', expected port, host"],
  [{ port: 70000 }, 'ui: port is 70000, expected a whole number from 0 to 65535'],
  [{ host: '' }, "ui: host is '', expected a text"],
  [{ token: 'short' }, "ui: token is 'short', expected at least 16 letters, digits and any of . _ ~ -"],
  [{ every: 0 }, 'ui: every is 0, expected a number > 0'],
  [{ classes: 'abc' }, "ui: classes is 'abc', expected a list of texts"],
  [{ classes: [() => 1] }, 'ui: classes is [a function], expected a list of texts'],
  [{ config: 5 }, 'ui: config is 5, expected an object of plain JSON'],
  [
    { config: { a: circular } },
    'ui: config cannot be written as JSON (Converting circular structure to JSON), expected',
  ],
])('refuses %o as ui', (value, message) => {
  const { model, loader, options } = fitSetup('first');
  const given = pretend<FitOptions['ui']>(value);
  expect(() => fit(model, loader, { ...options, ui: given })).toThrow(`fit: ${message}`);
  expect(() => makeSolver({ ui: given })).toThrow(`Solver: ${message}`);
});

test('there is no page where there is no Node', () => {
  const { model, loader, options } = fitSetup('first');
  vi.spyOn(process, 'getBuiltinModule').mockImplementation((() => undefined) as never);
  const message = 'fit: ui is true, expected false where there is no Node 20.19 or later: in a browser';
  expect(() => fit(model, loader, { ...options, ui: true })).toThrow(message);
});
