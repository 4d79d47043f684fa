// The list of conversations: open, rename, delete (asks first).
const show = (row, part, isShown, focused) => {
  row.classList.toggle('fn-asking', isShown);
  row.querySelector(part).hidden = !isShown;
  row.querySelector(focused).focus();
};
element.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (!button) return;
  const row = button.closest('li');
  if ('pick' in button.dataset && !button.hasAttribute('aria-current')) trigger('pick', {id: button.dataset.pick});
  if ('askRename' in button.dataset) {
    show(row, '.fn-rename', true, 'input');
    row.querySelector('input').select();
  }
  if ('keepName' in button.dataset) show(row, '.fn-rename', false, '[data-ask-rename]');
  if ('askDelete' in button.dataset) show(row, '.fn-confirm', true, '[data-keep]');
  if ('keep' in button.dataset) show(row, '.fn-confirm', false, '[data-ask-delete]');
  if ('delete' in button.dataset) {
    if (row.querySelector('[aria-current]')) trigger('delete_shown', {id: button.dataset.delete}); // its growing answer ends first
    else trigger('delete', {id: button.dataset.delete});
  }
});
element.addEventListener('keydown', (event) => {
  const form = event.target.closest('.fn-rename');
  if (event.key !== 'Escape' || !form) return;
  event.stopPropagation(); // the drawer stays open
  show(form.closest('li'), '.fn-rename', false, '[data-ask-rename]');
});
element.addEventListener('submit', (event) => {
  event.preventDefault();
  const form = event.target;
  show(form.closest('li'), '.fn-rename', false, '[data-ask-rename]');
  trigger('rename', {id: form.dataset.rename, title: form.elements.title.value});
});
