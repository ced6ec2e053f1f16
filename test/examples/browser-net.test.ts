import { describe, expect, test } from 'vitest';
import { imageSet } from '../../examples/browser/worker/image-set.js';
import { Net, type Plan } from '../../examples/browser/worker/net.js';
import { Run } from '../../examples/browser/worker/run.js';
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

  test('a name with a comma is not two names', () => {
    const net = Net.for({ ...set, classes: ['a,b', 'c'] }, 'linear', 8);
    expect(net.fits({ ...set, classes: ['a', 'b,c'] })).toBe(false);
  });

  test('a single picture is too few', () => {
    const one = { images: part.images.subarray(0, 64), labels: part.labels.subarray(0, 1) };
    expect(() => imageSet({ name: 'noise', shape: SHAPE, classes: ['a'] }, one, null)).toThrow(
      'noise: one picture is too few, since some are kept to check with. Two or more can be trained on.',
    );
  });

  test('epochs are counted by their steps, also of less than a batch', async () => {
    const epochs: number[] = [];
    const settings = { network: 'linear', width: 8, learningRate: 1e-3, epochs: 3 } as const;
    const onStep = (_loss: number, _rate: number, epoch: number) => epochs.push(epoch);
    await new Run(Net.for(set, 'linear', 8), set, settings, { onStep, onEpoch: () => {} }).go();
    expect(epochs).toEqual([1, 2, 3]);
  });

  test('a training that diverges ends in a sentence for the visitor', async () => {
    const net = Net.for(set, 'linear', 8);
    net.model.parameters()[0].data.data.fill(3e38);
    const settings = { network: 'linear', width: 8, learningRate: 10, epochs: 3 } as const;
    const run = new Run(net, set, settings, { onStep: () => {}, onEpoch: () => {} });
    await expect(run.go()).rejects.toThrow(
      'At step 1, at a learning rate of 10, the loss is no number any more: the training has ended.',
    );
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
    ['a mean that no bytes have', { ...plan, mean: [1e300] }],
    ['no deviation', { ...plan, std: [0] }],
    ['a name of a page', { ...plan, classes: ['a', 'b', 'c'.repeat(5000)] }],
    ['half a step', { ...plan, iterations: 0.5 }],
  ])('a file that says %s is refused', (_, about) => {
    expect(() => Net.decode(file(about))).toThrow('what the file says of its network makes none');
  });

  test.each([Number.NaN, Number.NEGATIVE_INFINITY, -3e38])('a file with %d among its weights is refused', (value) => {
    const [name] = Object.keys(tensors);
    const weights = array(tensors[name]);
    weights.set(1, 7, value);
    const state = { ...tensors, [name]: weights };
    expect(() => Net.decode(encodeSafetensors(state, { metadata }))).toThrow('its numbers are not finite, or so large');
  });

  test('a file of float64 is taken', () => {
    const wide = Object.entries(tensors).map(([name, { data, shape }]) => [
      name,
      array(Float64Array.from(data), shape),
    ]);
    const net = Net.decode(encodeSafetensors(Object.fromEntries(wide), { metadata }));
    expect(net.model.stateDict()).toEqual(Net.decode(bytes).model.stateDict());
  });

  test('metadata that are no JSON are refused', () => {
    const text = { [key]: '{oops' };
    expect(() => Net.decode(encodeSafetensors(tensors, { metadata: text }))).toThrow('makes none');
  });

  test('a file of other numbers, or that says nothing, is refused', () => {
    expect(() => Net.decode(file({ ...plan, iterations: 0, classes: ['a'] }))).toThrow(
      'loadStateDict: the state does not fit',
    );
    expect(() => Net.decode(encodeSafetensors(tensors))).toThrow('says nothing of a network that was trained here');
    expect(() => Net.decode(bytes.subarray(0, 100))).toThrow('decodeSafetensors: bytes');
  });
});
