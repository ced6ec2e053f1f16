import { zeros } from '../../src/arrays/index.js';
import { CheckpointWriter } from '../../src/checkpoints/index.js';

// Writes checkpoints to a folder, and ends in the way that is named; or writes until it is killed.

const [dir, way] = process.argv.slice(2);
const writer = new CheckpointWriter('fit', dir, { goesOn: true });

function save(iteration: number, size = 4 * 2 ** 20): void {
  const w = zeros([size / 4]);
  w.data.fill(iteration);
  writer.save({ kind: 'fit', iteration, epoch: 0, config: {}, state: { w } }, { isBest: iteration % 3 === 0 });
}

console.log('ready');
switch (way) {
  case 'endless':
    for (let i = 1; ; i++) {
      save(i);
      console.log(i);
    }
  case 'busy':
    for (;;);
  case 'hold':
    setInterval(() => {}, 1000);
    break;
  case 'stop':
    save(1);
    writer.flush();
    save(2);
    break;
  case 'exit':
    save(1);
    process.exit(3);
    break;
  case 'throw':
    save(1);
    throw new Error('out of luck');
  case 'fill':
    for (let i = 1; i <= 3; i++) {
      save(i, i * 4 * 2 ** 20);
      writer.flush();
    }
    break;
  case 'limit':
    // Files that are larger than `ulimit -f` end a process that does not ignore the signal.
    process.on('SIGXFSZ', () => {});
    save(1);
    writer.close();
    break;
}
