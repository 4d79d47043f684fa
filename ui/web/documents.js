// The list of documents: open, select, remove (asks first), restore, retry, dismiss, unlock.
// The list is repainted while files are read; the document that is to be removed, and those that are asked, are kept here.
let removing = null;
const chosen = new Set();
const mark = () => {
  element.querySelectorAll('[data-choose]').forEach((box) => { box.checked = chosen.has(box.dataset.choose); });
  element.querySelectorAll('[data-ask-remove]').forEach((button) => {
    const row = button.closest('li'), isAsked = button.dataset.askRemove === removing;
    row.classList.toggle('fn-asking', isAsked);
    row.querySelector('.fn-confirm').hidden = !isAsked;
  });
};
const askToRemove = (row, id) => {
  removing = id;
  mark();
  row.querySelector(id ? '[data-keep]' : '[data-ask-remove]').focus();
};
element.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (!button) return;
  if ('open' in button.dataset) trigger('open', {id: button.dataset.open, page: 1});
  if ('askRemove' in button.dataset) askToRemove(button.closest('li'), button.dataset.askRemove);
  if ('keep' in button.dataset) askToRemove(button.closest('li'), null);
  if ('remove' in button.dataset) trigger('remove', {id: button.dataset.remove});
  if ('restore' in button.dataset) trigger('restore', {id: button.dataset.restore});
  if ('retry' in button.dataset) trigger('retry', {id: button.dataset.retry});
  if ('offer' in button.dataset) [...document.querySelectorAll('#middle [role=tab]')].find((tab) => tab.textContent.trim() === button.dataset.offer)?.click();
  if ('dismissOffer' in button.dataset) trigger('dismiss_offer', {});
  if ('dismiss' in button.dataset) trigger('dismiss', {id: button.dataset.dismiss});
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
document.addEventListener('click', (event) => {
  const button = event.target.closest('[data-ask-all], [data-drop-document]');
  if (!button) return;
  if (button.dataset.dropDocument) chosen.delete(button.dataset.dropDocument);
  else chosen.clear();
  choose();
  document.querySelector('#question textarea').focus();
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
new MutationObserver(mark).observe(element, {childList: true, subtree: true, attributes: true, attributeFilter: ['data-choose']});
