// The head of the page on a narrow screen: the documents are in a drawer.
element.addEventListener('click', (event) => {
  if (!event.target.closest('[data-drawer]')) return;
  const open = document.getElementById('columns').classList.toggle('fn-show-documents');
  event.target.setAttribute('aria-expanded', String(open));
});
document.addEventListener('click', (event) => {
  if (event.target.closest('#left, [data-drawer]')) return;
  document.getElementById('columns').classList.remove('fn-show-documents');
});
