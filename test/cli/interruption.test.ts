import { expect, test, vi } from 'vitest';
import { Interruption } from '../../src/cli/train/interruption.js';

test('the first signal behind a stop from the page ends nothing at once, the second does', () => {
  const exit = vi.spyOn(process, 'exit').mockImplementation((() => {}) as never);
  const before = process.listeners('SIGINT');
  const onFirst = vi.fn();
  const interruption = new Interruption(onFirst);
  const [listener] = process.listeners('SIGINT').filter((other) => !before.includes(other)) as ((
    name: string,
  ) => void)[];
  interruption.stop();
  listener('SIGINT');
  expect(exit).not.toHaveBeenCalled();
  expect(onFirst).toHaveBeenCalledTimes(1);
  expect([interruption.received, interruption.signal.aborted]).toEqual(['its page', true]);
  listener('SIGINT');
  expect(exit).toHaveBeenCalledWith(130);
  interruption.release();
  exit.mockRestore();
});
