// Answers: copied with their footnotes, and kept in view while what is below them grows.
const answerOf = (node) => (node?.nodeType === 1 ? node : node?.parentElement)?.closest('#chat .fn-answer');
const lineOf = (note) => note.innerText.replace(/\s+/g, ' ').replace(/^\d+/, '[$&]');
// What is selected of an answer, with its numbers as [1] and the sources that they mean: as text, and as a document.
const copied = (selection, answer) => {
  const part = document.createElement('div');
  part.append(selection.getRangeAt(0).cloneContents());
  const numbers = new Set();
  part.querySelectorAll('a.fn-number').forEach((link) => {
    numbers.add(link.textContent);
    link.replaceWith(`[${link.textContent}]`);
  });
  part.querySelectorAll('.fn-notes, .fn-meta, .fn-answer-tools, .fn-more').forEach((other) => other.remove());
  const notes = [...answer.querySelectorAll('.fn-notes a')].filter((note) => numbers.has(note.querySelector('b').textContent)).map(lineOf);
  answer.append(part); // words have their lines only where they are laid out
  const words = [part.innerText.trim(), notes.join('\n')].join('\n\n').trim();
  part.remove();
  const list = document.createElement('p');
  notes.forEach((note, place) => list.append(...(place ? [document.createElement('br')] : []), note));
  part.querySelectorAll('*').forEach((each) => ['class', 'id', 'tabindex', 'title'].forEach((name) => each.removeAttribute(name)));
  if (notes.length) part.append(list);
  return {words, html: part.innerHTML};
};
document.addEventListener('copy', (event) => {
  const selection = getSelection();
  const answer = selection.rangeCount && answerOf(selection.getRangeAt(0).commonAncestorContainer);
  if (!answer || selection.isCollapsed) return;
  const {words, html} = copied(selection, answer);
  event.clipboardData.setData('text/plain', words);
  event.clipboardData.setData('text/html', html);
  event.preventDefault();
});
// The button selects the answer for a moment: so it is copied as text and as a document without a permission, on http pages too.
document.addEventListener('click', (event) => {
  const button = event.target.closest('#chat .fn-copy');
  if (!button) return;
  const selection = getSelection(), before = selection.rangeCount ? selection.getRangeAt(0) : null;
  selection.selectAllChildren(answerOf(button).querySelector('.fn-body'));
  if (document.execCommand('copy')) button.classList.add('fn-copied');
  selection.removeAllRanges();
  if (before) selection.addRange(before);
  button.focus({preventScroll: true});
});
// Whoever reads the end of the conversation still sees it when the filters, a note or a long question take some of its room.
let isAtEnd = true, height = 0, kept = null;
const box = () => document.querySelector('#chat .bubble-wrap');
const look = ({target}) => {
  if (target.clientHeight === height) isAtEnd = target.scrollHeight - target.scrollTop - target.clientHeight < 40;
};
const keep = new ResizeObserver(() => {
  const wrap = box();
  if (!wrap) return;
  if (isAtEnd && wrap.clientHeight < height) wrap.scrollTop = wrap.scrollHeight;
  height = wrap.clientHeight;
});
new MutationObserver(() => {
  if (!box() || box() === kept) return;
  keep.disconnect();
  kept = box();
  keep.observe(kept);
}).observe(document.getElementById('middle'), {childList: true, subtree: true});
document.addEventListener('scroll', (event) => { if (event.target === box()) look(event); }, true);
// The arrows go from footnote to footnote.
document.addEventListener('keydown', (event) => {
  const step = {ArrowRight: 1, ArrowLeft: -1}[event.key], link = event.target.closest('#chat a[href^="#src-"]');
  if (!step || !link || event.altKey || event.ctrlKey || event.metaKey) return;
  const links = [...document.querySelectorAll(`#chat ${link.matches('.fn-number') ? 'a.fn-number' : '.fn-notes a'}`)];
  const next = links[links.indexOf(link) + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
  if (matchMedia('(min-width: 901px)').matches) next.click(); // beside the answer; on a narrow screen it would lie over it
});
