import { F, manualSeed, nn, optim, Random, workspace } from '../../src/index.js';

/**
 * Parameters and losses of three steps of a network with every kind of kernel that training has, on images of odd
 * sizes.
 */
export function trainedBits(): number[] {
  manualSeed(3);
  const model = new nn.Sequential(
    new nn.Conv2d(3, 20, 3, { padding: 1 }),
    new nn.BatchNorm2d(20),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Residual(
      new nn.Sequential(new nn.Conv2d(20, 20, 3, { padding: 1 }), new nn.GroupNorm(4, 20), new nn.GELU()),
    ),
    new nn.Conv2d(20, 14, 5, { stride: 2, padding: 1 }),
    new nn.PReLU({ numParameters: 14 }),
    new nn.AvgPool2d(2),
    new nn.Flatten(),
    new nn.Linear(14 * 9, 150),
    new nn.LayerNorm(150),
    new nn.Dropout(0.3),
    new nn.Linear(150, 10),
  );
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-2, weightDecay: 1e-3 });
  const random = new Random(4);
  const numbers: number[] = [];
  for (let step = 0; step < 3; step++) {
    workspace(() => {
      const loss = F.crossEntropy(model.forward(random.randn([33, 3, 31, 31])), random.randint(0, 10, 33));
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      optimizer.zeroGrad();
      numbers.push(loss.item());
    });
  }
  for (const { data } of model.parameters()) numbers.push(...data.data);
  return numbers;
}
