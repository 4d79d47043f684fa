// The source column: footnotes open it, the page turns and zooms, on a narrow screen it slides over the chat.
let opener = null;
let zoom = 100;
const slide = (open) => document.getElementById('columns').classList.toggle('fn-show-source', open);
document.addEventListener('click', (event) => {
  const link = event.target.closest('#chat a[href^="#src-"]');
  if (!link) return;
  event.preventDefault();
  opener = link;
  document.querySelectorAll('#chat a.fn-current').forEach((other) => other.classList.remove('fn-current'));
  link.classList.add('fn-current');
  slide(true);
  trigger('cite', {id: link.getAttribute('href').slice(5)});
  showMark(); // where the same words are cited again, nothing changes that the observer could see
}, true);
document.addEventListener('click', (event) => {
  if (event.target.closest('#documents [data-open]')) slide(true);
});
document.addEventListener('click', (event) => {
  const button = event.target.closest('#chat .fn-copy');
  if (!button) return;
  const notes = [...button.parentElement.querySelectorAll('.fn-notes a')].map((note) => note.innerText.replace(/\s+/g, ' '));
  const words = [button.parentElement.querySelector('.fn-body').innerText.trim(), notes.join('\n')].join('\n\n').trim();
  navigator.clipboard.writeText(words).then(() => button.classList.add('fn-copied'));
});
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && document.getElementById('columns').classList.contains('fn-show-source')) close();
});
const close = () => {
  slide(false);
  if (opener && opener.isConnected) opener.focus();
};
const showZoom = () => {
  const sheet = element.querySelector('.fn-sheet');
  if (!sheet) return;
  sheet.style.width = zoom + '%';
  element.querySelector('.fn-zoom').value = zoom + ' %';
};
element.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (!button) return;
  if ('close' in button.dataset) close();
  if ('page' in button.dataset) trigger('open', {id: button.dataset.document, page: Number(button.dataset.page)});
  if ('zoom' in button.dataset) {
    zoom = Math.min(300, Math.max(50, zoom + 25 * Number(button.dataset.zoom)));
    showZoom();
    observer.takeRecords();
  }
});
const showMark = () => {
  const mark = element.querySelector('.fn-mark, .fn-mark-text');
  const box = mark && mark.closest('.fn-page, .fn-text');
  if (!box) return;
  box.scrollTop += mark.getBoundingClientRect().top - box.getBoundingClientRect().top - box.clientHeight / 3;
  mark.scrollIntoView({block: 'nearest', inline: 'nearest'}); // on a narrow screen the column scrolls, not the page
};
// When another page has been put in: keep the zoom, bring the marked words into view.
const observer = new MutationObserver(() => {
  showZoom();
  observer.takeRecords(); // of what showZoom itself has changed
  const image = element.querySelector('.fn-sheet img');
  if (image && !image.complete) image.addEventListener('load', showMark, {once: true});
  else showMark();
});
observer.observe(element, {childList: true, subtree: true, characterData: true, attributes: true, attributeFilter: ['src']});
