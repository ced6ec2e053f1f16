import { App } from './app.js';

const root = document.getElementById('page');
if (root !== null) new App(root, new Worker('worker.js', { type: 'module', name: 'training' }));
