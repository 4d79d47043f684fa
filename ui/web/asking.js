// The line above the question, and the buttons under an answer: Gradio removes data attributes there, so their ids carry the data.
document.addEventListener('click', (event) => {
  const button = event.target.closest('#chat .fn-answer button[id]');
  if (!button) return;
  const [what, id] = button.id.split('-');
  if (what === 'edit') trigger('edit', {id});
  if (what === 'retry') trigger('retry', {id});
  if (['regenerate', 'soften', 'drop'].includes(what)) {
    button.setAttribute('aria-busy', 'true');
    trigger('correct', {id, way: what});
  }
  if (what === 'everywhere') trigger('everywhere', {id});
  if (what === 'note') trigger('open_note', {id});
  if (what === 'up' || what === 'down') trigger('vote', {id, vote: what});
});
// A question about passages that were selected on the map.
document.addEventListener('fn-ask-passages', (event) => trigger('passages', event.detail));
// The filters: what is opened or closed takes the focus when the line is painted anew; a list from which several are chosen is ready for more.
const isOpen = () => Boolean(element.querySelector('.fn-filters'));
let next = '';
element.addEventListener('click', (event) => {
  const drop = event.target.closest('[data-drop]'), toggle = event.target.closest('[data-filter]');
  if (toggle) {
    next = isOpen() ? '[data-filter]' : '.fn-filters :is(select, input)';
    trigger('filters', {is_open: !isOpen()});
  }
  if (drop) {
    next = '[data-filter]';
    trigger('drop_filter', {name: drop.dataset.drop, value: drop.dataset.value, is_open: isOpen()});
  }
});
element.addEventListener('change', (event) => {
  const field = event.target;
  if (!field.closest('.fn-filters')) return;
  trigger('filter', {name: field.name, value: field.value, is_open: true});
  if (field.tagName === 'SELECT' && field.name !== 'folder') field.value = '';
});
element.addEventListener('click', (event) => {
  if (event.target.closest('[data-cancel-edit]')) trigger('cancel_edit', {});
  if (event.target.closest('[data-cancel-note]')) trigger('close_note', {});
});
element.addEventListener('submit', (event) => {
  event.preventDefault();
  if (!event.target.dataset.note) return;
  trigger('save_note', {id: event.target.dataset.note, note: event.target.elements.note.value});
});
element.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && event.target.closest('.fn-note')) trigger('close_note', {});
});
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape' || !isOpen() || !event.target.closest('#ask')) return;
  next = '[data-filter]';
  trigger('filters', {is_open: false});
});
// Focus what has just appeared to be filled in.
let shown = '';
new MutationObserver(() => {
  const field = next && element.querySelector(next);
  if (field) {
    next = '';
    field.focus();
  }
  const note = element.querySelector('.fn-note textarea');
  const now = note ? 'note' : element.querySelector('[data-cancel-edit]') ? 'edit' : '';
  const box = document.querySelector('#question textarea');
  if (now && now !== shown) (note || box).focus();
  if (now === 'edit' && now !== shown) setTimeout(() => box.dispatchEvent(new Event('input', {bubbles: true})), 50); // the box grows with its text
  shown = now;
}).observe(element, {childList: true, subtree: true});
