// A module of test/data/workers.test.ts: a dataset that it makes by its options.
import ndarray from 'ndarray';

export default ({ count, broken = -1, exits = -1, late = -1, missing = -1 }) => ({
  length: count,
  get(i) {
    if (i === broken) throw new RangeError(`example ${i} is broken`);
    if (i === missing) {
      const cause = Object.assign(new Error('no such file'), { code: 'ENOENT', errno: -2 });
      const error = Object.assign(new Error(`cannot read ${i}`, { cause }), { code: 'ENOENT', path: `${i}.png` });
      throw Object.defineProperty(error, 'name', { value: 'FileError' });
    }
    if (i === exits) process.exit(7);
    if (i === late) {
      queueMicrotask(() => {
        throw new Error('thrown late');
      });
    }
    return [ndarray(Float32Array.of(i, i * i, -i, 1, 2, 3), [3, 1, 2]), i % 7];
  },
});
