// Clicks on a point of the graph, and on "more like this" beside a passage or in the source column, perhaps before this view was loaded.
let isWanted = false; // whether to scroll to the result of "more like this"
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
