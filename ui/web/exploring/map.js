// Sends the selection on the map, or a cluster of the list, to Python, which describes it; a question about it goes to the chat.
let asks = false; // whether to focus the question box once it is there
document.addEventListener('fn-figure-select', ({detail}) => {
  if (!detail.box.closest('#map-drawing')) return;
  const passages = {};
  detail.data.filter(Array.isArray).forEach(([id, ordinal]) => (passages[id] ??= []).push(ordinal));
  trigger('choose', {passages});
});
document.addEventListener('click', (event) => {
  const button = event.target.closest('#map-lists [data-cluster]');
  if (!button) return;
  asks = true;
  trigger('cluster', {number: Number(button.dataset.cluster)});
});
element.addEventListener('submit', (event) => {
  event.preventDefault();
  const form = event.target, question = form.elements.question.value.trim();
  if (!question) return;
  document.dispatchEvent(new CustomEvent('fn-ask-passages', {detail: {question, passages: JSON.parse(form.dataset.selected)}}));
  document.querySelector('#tabs > .tab-wrapper [role=tab]').click();
});
new MutationObserver(() => {
  const box = element.querySelector('input');
  if (element.innerText) element.scrollIntoView({block: 'nearest'});
  if (!asks || !box) return;
  asks = false;
  box.focus();
}).observe(element, {childList: true, subtree: true});
