// Loads files of two networks, alternately, into networks of other seeds, and prints what they score.

import { FullyConnectedNet, load } from '../../src/index.js';
import { convNet, images, rows, scoresOf } from '../helpers/saved-nets.js';

const classifier = new FullyConnectedNet([8, 8], { inputDim: 6, numClasses: 3, normalization: 'batchnorm', seed: 9 });
const modules = convNet(9).eval();
const scores = process.argv.slice(2).map((file, i) => {
  if (i % 2 === 0) {
    classifier.loadStateDict(load(file));
    return scoresOf(classifier.loss(rows()));
  }
  modules.loadStateDict(load(file));
  return scoresOf(modules.forward(images()).data);
});
console.log(JSON.stringify(scores));
