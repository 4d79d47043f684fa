// The chat models: connect, test, use, change, disconnect. The form stays as it is while an address is tested.
const form = () => element.querySelector('form');
const send = (event) => {
  const {address, key, model, context, name} = form().elements;
  const replaces = form().dataset.connect;
  if (event === 'test') trigger('test_form', {address: address.value, key: key.value, model: model.value, context: context.value, name: name.value, replaces});
  else trigger('connect', {address: address.value, key: key.value, model: model.value, context: context.value, name: name.value, replaces});
};
let shown = ''; // whose form it is
let isSent = false;
let moves = ''; // what takes the focus when the list is painted anew
element.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (!button) return;
  const data = button.dataset;
  if ('test' in data && form().reportValidity()) send('test');
  if ('testConnection' in data) trigger('test_kept', {id: data.testConnection});
  if ('lookAgain' in data) trigger('look_again', {});
  if ('useConnection' in data) trigger('choose_model', {id: data.useConnection});
  if ('changeConnection' in data) trigger('change_connection', {id: data.changeConnection});
  if ('disconnect' in data) trigger('disconnect', {id: data.disconnect});
  if ('cancel' in data) trigger('change_connection', {id: ''});
  if ('connectFound' in data) trigger('connect_found', {id: data.connectFound, model: button.previousElementSibling.value});
  moves = data.changeConnection ? 'details[open] input' : 'test' in data || 'testConnection' in data ? '' : 'summary';
});
element.addEventListener('submit', (event) => {
  event.preventDefault();
  send('connect');
  isSent = true;
  moves = 'summary';
});
// A model that a test has listed.
document.addEventListener('click', (event) => {
  const chosen = event.target.closest('#trial [data-model]');
  if (!chosen || !form()) return;
  form().closest('details').open = true;
  form().elements.model.value = chosen.dataset.model;
  form().elements.model.focus();
});
new MutationObserver(() => {
  // Gradio keeps the elements, and with them what was typed: a key must not go to the next connection.
  if (form() && (isSent || form().dataset.connect !== shown)) form().reset();
  shown = form() ? form().dataset.connect : '';
  isSent = false;
  const next = moves && element.querySelector(moves);
  if (!next || (moves === 'summary' && document.activeElement !== document.body)) return;
  moves = '';
  next.focus();
}).observe(element, {childList: true, subtree: true});
