// What was trained, in files: a classifier for another script, a network that PyTorch has trained, and one for programs
// that run ONNX.

import { mkdtempSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  checkAccuracy,
  DataLoader,
  exportOnnx,
  importOnnx,
  load,
  nn,
  Random,
  relError,
  Solver,
  save,
  TwoLayerNet,
} from 'layerwise';

const folder = mkdtempSync(join(tmpdir(), 'layerwise-files-'));

// The class is the sign of a product of two numbers.
const X = new Random(0).randn([1000, 2]);
const y = Array.from({ length: 1000 }, (_, n) => Number(X.get(n, 0) * X.get(n, 1) > 0));
const loader = new DataLoader({ X, y }, { batchSize: 200 });

// A classifier: the model has the best weights after training. `.npz` is for NumPy, `.json` for small nets.
const SIZES = { inputDim: 2, hiddenDim: 30, numClasses: 2, weightScale: 0.5 };
const data = { XTrain: X.hi(800, 2), yTrain: y.slice(0, 800), XVal: X.lo(800, 0), yVal: y.slice(800) };
const trained = new TwoLayerNet({ ...SIZES, seed: 0 });
const optimConfig = { learningRate: 1e-2 };
new Solver(trained, data, {
  updateRule: 'adam',
  optimConfig,
  numEpochs: 10,
  batchSize: 50,
  verbose: false,
  seed: 0,
}).train();
const file = join(folder, 'two-layer-net.safetensors');
save(file, trained);
const classifier = new TwoLayerNet(SIZES);
classifier.loadStateDict(load(file));
console.log(
  `a file of ${statSync(file).size} bytes; the same scores: ${relError(classifier.loss(X), trained.loss(X)) === 0}`,
);

// torch.save({"epoch": 400, "model": model.state_dict()}, "product.pt") wrote this in Python. The modules are the same
// in the same order here.
const model = new nn.Sequential(new nn.Linear(2, 16), new nn.Tanh(), new nn.Linear(16, 2));
model.loadStateDict(load('examples/product.pt', { key: 'model' }));
console.log(`accuracy of PyTorch's network: ${checkAccuracy(loader, model).toFixed(3)}`);

// For onnxruntime and others; and as a module again.
const graph = join(folder, 'product.onnx');
exportOnnx(model, graph, { inputShape: [2] });
console.log(`accuracy of its ONNX file: ${checkAccuracy(loader, importOnnx(graph)).toFixed(3)}`);
