// The list of documents: open, select, each one's menu, restore, retry, dismiss, unlock.
// The list is repainted while files are read; the document whose menu is open, and those that are asked, are kept here.
let opened = '', removing = false;
const chosen = new Set();
const fillMenu = (row, id) => {
  const name = row.querySelector('.fn-open').title;
  row.append(element.querySelector('.fn-menu-template').content.cloneNode(true));
  const menu = row.querySelector('.fn-menu');
  menu.setAttribute('aria-label', name);
  menu.querySelectorAll('button').forEach((button) => {
    for (const key of Object.keys(button.dataset)) button.dataset[key] = id;
  });
};
const mark = () => {
  element.querySelectorAll('[data-choose]').forEach((box) => { box.checked = chosen.has(box.dataset.choose); });
  element.querySelectorAll('[data-menu]').forEach((button) => {
    const row = button.closest('li'), isOpen = button.dataset.menu === opened;
    let menu = row.querySelector('.fn-menu');
    button.setAttribute('aria-expanded', String(isOpen));
    row.classList.toggle('fn-asking', isOpen);
    if (menu && menu.querySelector('[data-open]').dataset.open !== opened) menu.remove();
    if (!isOpen) return;
    if (!row.querySelector('.fn-menu')) fillMenu(row, opened);
    menu = row.querySelector('.fn-menu');
    menu.querySelector('.fn-confirm').hidden = !removing;
    menu.querySelector('[data-ask-remove]').hidden = removing;
  });
  observer.takeRecords(); // of its own changes
};
const openMenu = (id, isRemoving, focused) => {
  const row = element.querySelector(`[data-menu="${id || opened}"]`)?.closest('li');
  [opened, removing] = [id, isRemoving];
  mark();
  row?.querySelector(focused)?.focus();
};
element.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (!button) return;
  const data = button.dataset;
  if ('menu' in button.dataset) openMenu(opened === data.menu ? '' : data.menu, false, opened === data.menu ? '[data-menu]' : '.fn-menu [data-open]');
  if ('askRemove' in button.dataset) openMenu(opened, true, '[data-keep]');
  if ('keep' in button.dataset) openMenu(opened, false, '[data-ask-remove]');
  if ('open' in button.dataset) trigger('open', {id: button.dataset.open, page: 1});
  if ('details' in button.dataset) trigger('details', {id: button.dataset.details});
  if ('again' in button.dataset) trigger('again', {id: button.dataset.again});
  if ('remove' in button.dataset) trigger('remove', {id: button.dataset.remove});
  if ('askAbout' in button.dataset) askOnly([data.askAbout]);
  if (button.closest('.fn-menu') && !('askRemove' in data) && !('keep' in data)) openMenu('', false, '[data-menu]');
  if ('restore' in button.dataset) trigger('restore', {id: button.dataset.restore});
  if ('retry' in button.dataset) trigger('try_again', {id: button.dataset.retry});
  if ('offer' in button.dataset) [...document.querySelectorAll('#middle [role=tab]')].find((tab) => tab.textContent.trim() === button.dataset.offer)?.click();
  if ('dismissOffer' in button.dataset) trigger('dismiss_offer', {});
  if ('dismiss' in button.dataset) trigger('dismiss', {id: button.dataset.dismiss});
});
element.addEventListener('keydown', (event) => {
  const step = {ArrowDown: 1, ArrowUp: -1}[event.key], menu = event.target.closest('.fn-menu');
  if (event.key === 'Escape' && event.target.closest('.fn-asking')) {
    event.stopPropagation(); // the drawer stays open
    openMenu('', false, '[data-menu]');
  }
  if (!step || !menu) return;
  event.stopPropagation(); // the arrows go through the menu, not through the list
  event.preventDefault();
  const buttons = [...menu.querySelectorAll('button')].filter((button) => button.checkVisibility());
  buttons.at((buttons.indexOf(event.target) + step) % buttons.length).focus();
});
element.addEventListener('submit', (event) => {
  event.preventDefault();
  const form = event.target;
  trigger('unlock', {id: form.dataset.unlock, password: form.elements.password.value});
});
const choose = () => {
  mark();
  trigger('choose', {ids: [...chosen]});
};
element.addEventListener('change', (event) => {
  const id = event.target.dataset.choose;
  if (!id) return;
  if (event.target.checked) chosen.add(id);
  else chosen.delete(id);
  choose();
});
// Limit the next question to these documents, to all where there are none, and be ready for it.
const askOnly = (ids) => {
  chosen.clear();
  ids.forEach((id) => chosen.add(id));
  choose();
  setTimeout(() => document.querySelector('#question textarea').focus());
};
document.addEventListener('click', (event) => {
  const button = event.target.closest('[data-ask-all], [data-drop-document]');
  if (button) askOnly([...chosen].filter((id) => button.dataset.dropDocument && id !== button.dataset.dropDocument));
});
// A conversation that is opened brings back what it was asked about.
let restored = null;
new MutationObserver(() => {
  const line = document.querySelector('#asking [data-restored]');
  if (!line || line === restored) return;
  restored = line;
  chosen.clear();
  line.dataset.restored.split(' ').filter(Boolean).forEach((id) => chosen.add(id));
  mark();
}).observe(document.querySelector('#middle'), {childList: true, subtree: true});
// Other documents are there, and nothing is being done: other questions may be offered.
let settled = '';
const tell = () => {
  const now = element.querySelector('[data-settled]')?.dataset.settled;
  if (!now || now === settled) return;
  settled = now;
  trigger('settled', {});
};
tell();
const observer = new MutationObserver(() => {
  mark();
  tell();
});
observer.observe(element, {childList: true, subtree: true, attributes: true, attributeFilter: ['data-choose', 'data-menu', 'data-settled']});
