// The list of conversations: open, rename, delete (asks first).
const show = (row, part, isShown) => {
  row.classList.toggle('fn-asking', isShown);
  row.querySelector(part).hidden = !isShown;
};
const keepName = (row) => {
  show(row, '.fn-rename', false);
  row.querySelector('[data-ask-rename]').focus();
};
element.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (!button) return;
  const row = button.closest('li');
  if ('pick' in button.dataset) {
    if (!button.hasAttribute('aria-current')) trigger('pick', {id: button.dataset.pick});
  } else if ('askRename' in button.dataset) {
    show(row, '.fn-rename', true);
    row.querySelector('input').select();
  } else if ('keepName' in button.dataset) {
    keepName(row);
  } else if ('askDelete' in button.dataset) {
    show(row, '.fn-confirm', true);
    row.querySelector('[data-keep]').focus();
  } else if ('keep' in button.dataset) {
    show(row, '.fn-confirm', false);
    row.querySelector('[data-ask-delete]').focus();
  } else if ('delete' in button.dataset) {
    if (row.querySelector('[aria-current]')) trigger('delete_shown', {id: button.dataset.delete}); // its growing answer ends first
    else trigger('delete', {id: button.dataset.delete});
  }
});
element.addEventListener('keydown', (event) => {
  const form = event.target.closest('.fn-rename');
  if (event.key !== 'Escape' || !form) return;
  event.stopPropagation(); // the drawer stays open
  keepName(form.closest('li'));
});
element.addEventListener('submit', (event) => {
  event.preventDefault();
  const form = event.target;
  show(form.closest('li'), '.fn-rename', false);
  trigger('rename', {id: form.dataset.rename, title: form.elements.title.value});
});
