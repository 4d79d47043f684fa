// The line above the question, and the buttons under an answer: Gradio removes data attributes there, so their ids carry the data.
document.addEventListener('click', (event) => {
  const button = event.target.closest('#chat .fn-answer button[id]');
  if (!button) return;
  const [what, id] = button.id.split('-');
  if (what === 'edit') trigger('edit', {id});
  if (what === 'note') trigger('open_note', {id});
  if (what === 'up' || what === 'down') trigger('vote', {id, vote: what});
});
// A question about passages that were selected on the map.
document.addEventListener('fn-ask-passages', (event) => trigger('passages', event.detail));
element.addEventListener('click', (event) => {
  if (event.target.closest('[data-cancel-edit]')) trigger('cancel_edit', {});
  if (event.target.closest('[data-cancel-note]')) trigger('close_note', {});
});
element.addEventListener('submit', (event) => {
  event.preventDefault();
  trigger('save_note', {id: event.target.dataset.note, note: event.target.elements.note.value});
});
element.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && event.target.closest('.fn-note')) trigger('close_note', {});
});
// Focus what has just appeared to be filled in.
let shown = '';
new MutationObserver(() => {
  const note = element.querySelector('.fn-note textarea');
  const now = note ? 'note' : element.querySelector('[data-cancel-edit]') ? 'edit' : '';
  const box = document.querySelector('#question textarea');
  if (now && now !== shown) (note || box).focus();
  if (now === 'edit' && now !== shown) setTimeout(() => box.dispatchEvent(new Event('input', {bubbles: true})), 50); // the box grows with its text
  shown = now;
}).observe(element, {childList: true, subtree: true});
