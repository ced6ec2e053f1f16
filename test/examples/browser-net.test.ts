import { describe, expect, test } from 'vitest';
import { imageSet } from '../../examples/browser/worker/image-set.js';
import { Net, type Plan } from '../../examples/browser/worker/net.js';
import { array, decodeSafetensors, encodeSafetensors } from '../../src/index.js';

const SHAPE = [1, 8, 8] as const;
const part = {
  images: Uint8Array.from({ length: 40 * 64 }, (_, i) => (7919 * i * i) >> 5),
  labels: Uint8Array.from({ length: 40 }, (_, i) => i % 3),
};
const set = imageSet({ name: 'noise', shape: SHAPE, classes: ['a', 'b', 'c'] }, part, null);

describe('the networks of examples/browser and their files', () => {
  test('a set keeps a tenth for validation', () => {
    expect([set.training.labels.length, set.validation.labels.length]).toEqual([36, 4]);
    expect(set.validation.images).toEqual(part.images.subarray(36 * 64));
  });

  test.each(['linear', 'hidden', 'convolutional'] as const)('%s comes back from its file', (network) => {
    const net = Net.for(set, network, 8);
    net.iterations = 7;
    const again = Net.decode(net.encode());
    const X = array(part.images.subarray(0, 5 * 64), [5, ...SHAPE]);
    expect(again.facts).toEqual(net.facts);
    expect(again.probabilities(X).data).toEqual(net.probabilities(X).data);
    expect(again.fits(set)).toBe(true);
    expect(again.fits({ ...set, classes: ['a', 'b', 'd'] })).toBe(false);
  });

  const bytes = Net.for(set, 'linear', 8).encode();
  const { tensors, metadata } = decodeSafetensors(bytes);
  const [key] = Object.keys(metadata);
  const plan = JSON.parse(metadata[key]) as Plan;
  const file = (about: unknown) => encodeSafetensors(tensors, { metadata: { [key]: JSON.stringify(about) } });

  test.each<[string, unknown]>([
    ['nothing', null],
    ['a text', 'linear'],
    ['another kind', { ...plan, network: 'recurrent' }],
    ['a width of millions', { ...plan, width: 1e7 }],
    ['huge pictures', { ...plan, shape: [1, 1e6, 1e6] }],
    ['no classes', { ...plan, classes: [] }],
    ['numbers for names', { ...plan, classes: [1, 2, 3] }],
    ['too few means', { ...plan, mean: [] }],
    ['half a step', { ...plan, iterations: 0.5 }],
  ])('a file that says %s is refused', (_, about) => {
    expect(() => Net.decode(file(about))).toThrow('what the file says of its network makes none');
  });

  test('a file of other numbers, or that says nothing, is refused', () => {
    expect(() => Net.decode(file({ ...plan, iterations: 0, classes: ['a'] }))).toThrow(
      'loadStateDict: the state does not fit',
    );
    expect(() => Net.decode(encodeSafetensors(tensors))).toThrow('says nothing of a network that was trained here');
    expect(() => Net.decode(bytes.subarray(0, 100))).toThrow('decodeSafetensors: bytes');
  });
});
