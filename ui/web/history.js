// The list of conversations: open, rename, share by a link, delete (asks first).
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
  if ('askShare' in button.dataset) show(row, '.fn-share', true, '.fn-share :is(input, button)');
  if ('keepShare' in button.dataset) show(row, '.fn-share', false, '[data-ask-share]');
  if ('share' in button.dataset) trigger('make_link', {id: button.dataset.share});
  if ('unshare' in button.dataset) trigger('drop_link', {id: button.dataset.unshare});
  if ('copyLink' in button.dataset) copyLink(row.querySelector('.fn-share input'), button);
  if ('askDelete' in button.dataset) show(row, '.fn-confirm', true, '[data-keep]');
  if ('keep' in button.dataset) show(row, '.fn-confirm', false, '[data-ask-delete]');
  if ('delete' in button.dataset) {
    if (row.querySelector('[aria-current]')) trigger('delete_shown', {id: button.dataset.delete}); // its growing answer ends first
    else trigger('delete', {id: button.dataset.delete});
  }
});
element.addEventListener('keydown', (event) => {
  const form = event.target.closest('.fn-rename, .fn-share');
  if (event.key !== 'Escape' || !form) return;
  event.stopPropagation(); // the drawer stays open
  const isRename = form.matches('.fn-rename');
  show(form.closest('li'), isRename ? '.fn-rename' : '.fn-share', false, isRename ? '[data-ask-rename]' : '[data-ask-share]');
});
element.addEventListener('submit', (event) => {
  event.preventDefault();
  const form = event.target;
  show(form.closest('li'), '.fn-rename', false, '[data-ask-rename]');
  trigger('rename', {id: form.dataset.rename, title: form.elements.title.value});
});

// A link is written whole: as the server knows it, it has no host.
const whole = () => {
  for (const input of element.querySelectorAll('.fn-share input')) input.value = new URL(input.getAttribute('value'), document.baseURI).href;
  const shown = element.querySelector('.fn-share:not([hidden]) input');
  if (shown) {
    shown.focus();
    shown.select();
  }
};
new MutationObserver(whole).observe(element, {childList: true, subtree: true});
whole();
const copyLink = (input, button) => {
  input.select();
  if (document.execCommand('copy')) button.textContent = button.dataset.copyLink;
};

// An address that names a conversation behind its hash, as a copy of a shared one.
const named = new URLSearchParams(location.hash.slice(1)).get('conversation');
if (named) {
  history.replaceState(null, '', location.pathname);
  trigger('pick', {id: named});
}
