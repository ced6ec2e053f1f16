import type { Snapshot } from '../protocol.js';
import { App } from './app.js';
import { Connection } from './connection.js';
import { embed, type Source, Store } from './store.js';

const store = new Store();
const source = sourceOf(store);
const root = document.getElementById('page');
if (root !== null) new App(root, store, source);
// What stands in a report for readers without scripts stays to be searched and read.
document.getElementById('plain')?.removeAttribute('open');

/** Runs that stand in the page itself, else those of the server that it came from. */
function sourceOf(store: Store): Source {
  const text = document.getElementById('snapshot')?.textContent;
  if (text) return embed(store, JSON.parse(text) as Snapshot[]);
  return new Connection(store, new URLSearchParams(location.search).get('token'));
}
