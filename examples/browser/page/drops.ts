import { el } from '../../../src/ui/page/dom.js';
import type { Dropped } from '../protocol.js';

/** Files and folders that are dropped anywhere onto the page. */
export function listenForDrops(take: (files: readonly Dropped[]) => void): HTMLElement {
  const veil = el('div', { class: 'veil' }, el('p', {}, 'Drop data, pictures or a network'));
  veil.hidden = true;
  let depth = 0;
  const show = (change: number) => {
    depth = Math.max(0, depth + change);
    veil.hidden = depth === 0;
  };
  addEventListener('dragenter', () => show(1));
  addEventListener('dragleave', () => show(-1));
  addEventListener('dragover', (event) => event.preventDefault());
  addEventListener('drop', (event) => {
    event.preventDefault();
    show(-depth);
    if (event.dataTransfer !== null) void filesOf(event.dataTransfer).then(take);
  });
  return veil;
}

/** Files that were chosen. Those of a folder know where they are in it. */
export function chosen(files: readonly File[]): Dropped[] {
  return files.map((file) => ({ path: file.webkitRelativePath || file.name, file }));
}

/** All files of a drop, also those in folders. */
async function filesOf({ items, files }: DataTransfer): Promise<Dropped[]> {
  // The items are gone after the event: they are taken before anything is awaited.
  const entries = [...items].map((item) => item.webkitGetAsEntry?.() ?? null);
  if (entries.length === 0 || entries.includes(null)) return chosen([...files]);
  return (await Promise.all(entries.map((entry) => filesIn(entry!)))).flat();
}

async function filesIn(entry: FileSystemEntry): Promise<Dropped[]> {
  if (entry.name.startsWith('.')) return [];
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return [{ path: entry.fullPath.replace(/^\//, ''), file }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: Dropped[] = [];
  for (;;) {
    // A reader gives some at a time, and none at the end.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return found;
    for (const one of some) found.push(...(await filesIn(one)));
  }
}
