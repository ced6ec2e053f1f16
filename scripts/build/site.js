// TypeDoc's navigation has links inside of summaries, which a keyboard and a screen reader cannot tell from the summary
// that opens the list. Here such a link is the first entry of the list.

function mend() {
  for (const link of document.querySelectorAll('.site-menu summary a')) {
    const name = document.createElement('span');
    name.append(...link.childNodes);
    link.replaceWith(name);
    const list = name.closest('details')?.querySelector('ul');
    if (list === null || list === undefined) continue;
    link.textContent = 'Overview';
    const item = document.createElement('li');
    item.append(link);
    list.prepend(item);
  }
}

// TypeDoc fills it when it has loaded the list.
const menu = document.querySelector('.site-menu');
if (menu !== null) new MutationObserver(mend).observe(menu, { childList: true, subtree: true });
mend();
