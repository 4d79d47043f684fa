// What of the list of documents is shown: a search, an order, folders that are opened and closed, more rows.
const view = {query: '', order: 'newest', folders: true, toggled: new Set(), most: 0};
const listing = () => document.getElementById('documents');
const show = () => trigger('view', {query: view.query, order: view.order, folders: view.folders, toggled: [...view.toggled], most: view.most});
const anew = () => {
  view.most = 0;
  view.toggled.clear();
  show();
};
let waiting;
element.addEventListener('input', ({target}) => {
  view[target.name] = target.type === 'checkbox' ? target.checked : target.value;
  clearTimeout(waiting);
  waiting = setTimeout(anew, target.type === 'search' ? 120 : 0); // not for each letter of a word
});
document.addEventListener('click', (event) => {
  const button = event.target.closest('[data-folder], [data-more]');
  if (!button) return;
  const {folder, more} = button.dataset;
  if (more) view.most = Number(more);
  else if (!view.toggled.delete(folder)) view.toggled.add(folder);
  show();
});
// The arrows go through the list, from the search on.
const rows = () => [...listing().querySelectorAll('.fn-documents > li > :is(.fn-open, [data-folder])')].filter((row) => row.matches('button'));
document.addEventListener('keydown', (event) => {
  const step = {ArrowDown: 1, ArrowUp: -1}[event.key], search = element.querySelector('[type=search]');
  if (!step || event.altKey || !(event.target === search || event.target.matches('#documents button'))) return;
  const all = rows(), at = all.indexOf(event.target.closest('li')?.querySelector('.fn-open, [data-folder]'));
  const next = at + step < 0 ? search : all[at + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
});
