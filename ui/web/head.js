// On a narrow screen the documents are in a drawer; its button is in the head.
const columns = () => document.getElementById('columns');
const button = () => element.querySelector('[data-drawer]');
const isOpen = () => columns().classList.contains('fn-show-documents');
const draw = (open) => {
  columns().classList.toggle('fn-show-documents', open);
  button().setAttribute('aria-expanded', String(open));
};
document.addEventListener('click', (event) => {
  if (event.target.closest('[data-drawer]')) draw(!isOpen());
  else if (isOpen() && (!event.target.closest('#left') || event.target.closest('[data-open], [data-pick]'))) draw(false);
});
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape' || !isOpen()) return;
  draw(false);
  button().focus();
});
