// A point of the graph, and "more like this" beside a passage or in the source column, which may have been clicked before this view was there.
const byName = (where, name) => [...document.querySelectorAll(`${where} [role=tab]`)].find((tab) => tab.textContent.trim() === name);
document.addEventListener('fn-figure-click', (event) => {
  if (event.detail.name === 'related' && event.detail.data) trigger('near', {id: event.detail.data});
});
document.addEventListener('click', (event) => {
  const button = event.target.closest('[data-like]');
  if (!button) return;
  const [id, page, start] = button.dataset.like.split(':');
  trigger('like', {id, page: Number(page), start: Number(start)});
});
