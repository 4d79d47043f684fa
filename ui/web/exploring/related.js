// A point of the graph, and "more like this" beside a passage or in the source column, where it may have been clicked before this was there.
let isWanted = false; // what was asked for by "more like this" comes into view
const showLike = () => {
  if (!document.fnLike) return;
  const [id, page, start] = document.fnLike.split(':');
  document.fnLike = null;
  trigger('like', {id, page: Number(page), start: Number(start)});
  isWanted = true;
};
new MutationObserver(() => {
  if (!isWanted || !element.querySelector('h3, .fn-trouble')) return;
  isWanted = false;
  element.scrollIntoView({block: 'start'});
}).observe(element, {childList: true, subtree: true, characterData: true});
document.addEventListener('fn-figure-click', (event) => {
  if (event.detail.name === 'related' && event.detail.data) trigger('near', {id: event.detail.data});
});
document.addEventListener('click', (event) => {
  if (event.target.closest('[data-like]')) showLike();
});
showLike();
