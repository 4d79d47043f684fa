// The list of documents: open, select, remove (asks first), retry, dismiss, unlock.
const askToRemove = (row, isAsked) => {
  row.classList.toggle('fn-asking', isAsked);
  row.querySelector('.fn-confirm').hidden = !isAsked;
  row.querySelector(isAsked ? '[data-keep]' : '[data-ask-remove]').focus();
};
element.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (!button) return;
  if ('open' in button.dataset) trigger('open', {id: button.dataset.open, page: 1});
  if ('askRemove' in button.dataset) askToRemove(button.closest('li'), true);
  if ('keep' in button.dataset) askToRemove(button.closest('li'), false);
  if ('remove' in button.dataset) trigger('remove', {id: button.dataset.remove});
  if ('retry' in button.dataset) trigger('retry', {id: button.dataset.retry});
  if ('dismiss' in button.dataset) trigger('dismiss', {id: button.dataset.dismiss});
});
element.addEventListener('submit', (event) => {
  event.preventDefault();
  const form = event.target;
  trigger('unlock', {id: form.dataset.unlock, password: form.elements.password.value});
});
// The documents that are asked. The list is repainted while files are read; the selection is kept here.
const chosen = new Set();
const mark = () => element.querySelectorAll('[data-choose]').forEach((box) => { box.checked = chosen.has(box.dataset.choose); });
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
  if (!event.target.closest('[data-ask-all]')) return;
  chosen.clear();
  choose();
  document.querySelector('#question textarea').focus();
});
new MutationObserver(mark).observe(element, {childList: true, subtree: true, attributes: true, attributeFilter: ['data-choose']});
