// A point of the graph, and "more like this" beside a passage or in the source column, where it may have been clicked before this was there.
const showLike = () => {
  if (!document.fnLike) return;
  const [id, page, start] = document.fnLike.split(':');
  document.fnLike = null;
  trigger('like', {id, page: Number(page), start: Number(start)});
  element.scrollIntoView({block: 'start'});
};
document.addEventListener('fn-figure-click', (event) => {
  if (event.detail.name === 'related' && event.detail.data) trigger('near', {id: event.detail.data});
});
document.addEventListener('click', (event) => {
  if (event.target.closest('[data-like]')) showLike();
});
showLike();
