import { el } from '../../../src/ui/page/dom.js';
import type { Dropped } from '../protocol.js';

/** Milliseconds after which a drag that is not heard of has left the page: browsers tell of it each 350 ms at least. */
const SILENCE = 700;

/**
 * Files and folders that are dropped anywhere onto the page.
 *
 * @param refuse - Says why something cannot be taken.
 */
export function listenForDrops(
  take: (files: readonly Dropped[]) => void,
  refuse: (sentence: string) => void,
): HTMLElement {
  const veil = el('div', { class: 'veil', 'aria-hidden': 'true' }, el('p', {}, 'Drop data, pictures or a network'));
  veil.hidden = true;
  let timer = 0;
  const hide = () => {
    clearTimeout(timer);
    veil.hidden = true;
  };
  // Entering and leaving cannot be counted: what is dragged over may be drawn anew meanwhile, and is never left then.
  const follow = (event: DragEvent) => {
    if (!event.dataTransfer?.types.includes('Files')) return; // a text, which a field may take
    event.preventDefault();
    veil.hidden = false;
    clearTimeout(timer);
    timer = setTimeout(hide, SILENCE) as unknown as number;
  };
  addEventListener('dragenter', follow);
  addEventListener('dragover', follow);
  addEventListener('drop', (event) => {
    hide();
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    filesOf(event.dataTransfer).then(take, ({ message }: Error) => {
      refuse(`What was dropped cannot be read: ${message}`);
    });
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
