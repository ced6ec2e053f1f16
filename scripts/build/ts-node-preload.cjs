// Loaded by ts-node before a script, as tsconfig.json asks. ts-node 10.9 calls the constructor of fs.Stats, which Node 22
// and later report as deprecated (DEP0180) at every start. The warning is printed in the next tick: this drops that one.

const listeners = process.listeners('warning');

process.removeAllListeners('warning');
process.on('warning', (warning) => {
  if (warning.code !== 'DEP0180') for (const listener of listeners) listener.call(process, warning);
});
