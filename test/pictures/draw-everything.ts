// What a script does that a user runs with ts-node: writes one picture of each kind to the folder that is named.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  heatMap,
  htmlReport,
  imageGrid,
  plotHistory,
  Random,
  saveChart,
  savePng,
  visualizeGrid,
} from '../../src/index.js';

async function main(folder: string): Promise<void> {
  const run = { lossHistory: [3, 2, 1], trainAccHistory: [0.1, 0.5], valAccHistory: [0.2, 0.4] };
  for (const ending of ['svg', 'png', 'html']) await plotHistory(run, join(folder, `history.${ending}`));

  const random = new Random(1);
  await savePng(join(folder, 'weights.png'), visualizeGrid(random.randn([10, 5, 5, 3])));
  const images = await imageGrid(random.rand([3, 4, 4]), { normalize: true });
  const matrix = {
    xTitle: 'predicted',
    yTitle: 'true',
    rows: ['a', 'b'],
    columns: ['a', 'b'],
    values: random.rand([2, 2]),
  };
  await saveChart(join(folder, 'images.png'), images);
  const figures = [{ svg: images }, { svg: await heatMap(matrix) }];
  writeFileSync(join(folder, 'report.html'), htmlReport({ title: 'Pictures', figures }));
  console.log('done');
}

main(process.argv[2]);
