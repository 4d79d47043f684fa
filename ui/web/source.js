// The source column: footnotes open it, pages turn and zoom; on a narrow screen it slides over the chat.
const SETTLED = 250; // milliseconds from the last change of zoom to the request for a sharper image
const IDLE = 400; // milliseconds from a page's arrival to the preloading of its neighbours
let opener = null; // what opened the column; gets the focus back
let cited = null; // the last footnote or passage: how to show it again, its document and page
let moves = false; // whether the focus moves into the column
let zoom = 100;
let sharpening, ahead;
let removed = null; // the document removed last: its pages are not preloaded

const columns = () => document.getElementById('columns');
const isOver = () => columns().classList.contains('fn-show-source');
const slide = (open) => columns().classList.toggle('fn-show-source', open);
const view = () => element.querySelector('.fn-source');
const picture = () => element.querySelector('.fn-sheet img');

// For screen readers, when the column has changed; the column itself is too long for a live region.
const voice = document.createElement('p');
voice.className = 'fn-unseen';
voice.setAttribute('role', 'status');
element.after(voice);
const say = (words) => { if (voice.textContent !== words) voice.textContent = words; };

// On a wide screen the first source of an answer opens by itself when the answer has ended: not over what the reader has opened
// meanwhile, nor in a conversation where the reader has closed the column. The focus stays where it is.
const closed = new Set(); // conversations
let shownFor = ''; // the turn whose first source was opened
let isChosen = false; // whether the reader has opened something since the last question
const isWide = () => matchMedia('(min-width: 901px)').matches;
const conversation = () => document.querySelector('#conversations [aria-current]')?.dataset.pick;
const openFirst = () => {
  const answers = document.querySelectorAll('#chat .fn-answer'), last = answers[answers.length - 1];
  if (!last || document.querySelector('#question .stop-button')) isChosen = false;
  const first = last?.querySelector('.fn-notes a');
  const turn = first?.getAttribute('href').replace(/-\d+$/, '');
  if (!first || turn === shownFor) return;
  shownFor = turn;
  if (!isWide() || isChosen || closed.has(conversation())) return;
  markCurrent(last.querySelector(`a.fn-number[href="${first.getAttribute('href')}"]`) || first);
  opener = first;
  moves = false;
  showFootnote(first.getAttribute('href').slice(5));
};
new MutationObserver(openFirst).observe(document.getElementById('middle'), {childList: true, subtree: true});

// The width of a page in pixels of this screen.
const room = () => {
  const box = element.querySelector('.fn-page');
  return Math.round((box ? box.clientWidth : element.clientWidth - 2) * zoom / 100 * devicePixelRatio);
};
const showCited = (key, again) => {
  if (cited?.key !== key) cited = {key, again}; // where the same is shown again, nothing changes that the observer would see
  again();
};
const showFootnote = (id) => showCited(`cite ${id}`, () => trigger('cite', {id, width: room()}));
const showPassage = (id, ordinal) => showCited(`passage ${id} ${ordinal}`, () => trigger('passage', {id, ordinal, width: room()}));
const showPlace = (id, page, start, end) =>
  showCited(`place ${id} ${page} ${start} ${end}`, () => trigger('place', {id, page, start, end, width: room()}));
const showPage = (id, page) => {
  if (cited && cited.document === id && cited.page === page) showCited(cited.key, cited.again); // with its highlights
  else trigger('open', {id, page, width: room()});
};
const open = (from) => {
  opener = from;
  isChosen = true;
  moves = !isOver();
  slide(true);
};
const close = () => {
  if (isWide()) {
    closed.add(conversation());
    trigger('close', {});
  }
  slide(false);
  const same = opener && (opener.isConnected || !opener.getAttribute('href') ? opener : document.querySelector(`#chat a[href="${opener.getAttribute('href')}"]`));
  if (same) same.focus();
};

const onClick = (selector, act) => document.addEventListener('click', (event) => {
  const found = event.target.closest(selector);
  if (found) act(found, event);
}, true);
const markCurrent = (link) => {
  document.querySelectorAll('#chat a.fn-current').forEach((other) => other.classList.remove('fn-current'));
  link.classList.add('fn-current');
};
onClick('#chat a[href^="#src-"]', (link, event) => {
  event.preventDefault();
  markCurrent(link);
  open(link);
  showFootnote(link.getAttribute('href').slice(5));
  showMark(); // the observer sees no change where the same words are cited again
});
// A passage in a list of Explore, or a point of a figure.
onClick('[data-passage]', (button) => {
  const [id, ordinal] = button.dataset.passage.split(':');
  open(button);
  showPassage(id, Number(ordinal));
});
// The words of a checked sentence's source.
onClick('[data-place]', (button) => {
  const [id, page, start, end] = button.dataset.place.split(':');
  open(button);
  showPlace(id, Number(page), Number(start), Number(end));
});
// More passages like this one: Explore's view Related finds them, as soon as it is there.
onClick('[data-like]', (button) => {
  document.fnLike = button.dataset.like;
  if (!element.contains(button)) return;
  close();
  goTo(button.dataset.tabs.split('/'));
});
// Tabs within tabs: an inner one appears some time after the outer one was opened.
const goTo = async (names) => {
  for (const name of names)
    for (let patience = 200; patience; patience -= 1) {
      const found = [...document.querySelectorAll('#middle [role=tab]')].find((tab) => tab.textContent.trim() === name);
      found?.click();
      if (found?.getAttribute('aria-selected') === 'true') break;
      await new Promise((done) => setTimeout(done, 25));
    }
};
document.addEventListener('fn-figure-click', (event) => {
  if (event.detail.name !== 'passage' || !event.detail.data) return;
  open(document.querySelector('#views [role=tab][aria-selected=true]'));
  showPassage(event.detail.data[0], event.detail.data[1]);
});
onClick('#documents [data-remove]', (button) => { removed = button.dataset.remove; });
onClick('#documents :is([data-open], [data-details])', () => open(document.querySelector('[data-drawer]')));
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && isOver()) close();
});
element.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (!button) return;
  if ('close' in button.dataset) close();
  if ('page' in button.dataset) showPage(view().dataset.document, Number(button.dataset.page));
  if ('zoom' in button.dataset) changeZoom(zoom + 25 * Number(button.dataset.zoom));
});
element.addEventListener('keydown', (event) => {
  const box = event.target.closest('.fn-page');
  if (!box || event.ctrlKey || event.metaKey || event.altKey) return;
  const step = {'+': 25, '=': 25, '-': -25}[event.key];
  if (step) changeZoom(zoom + step);
  else if (event.key === '0') changeZoom(100);
  else if (event.key === 'ArrowLeft' && box.scrollLeft <= 0) turn('.fn-pager > button:first-child');
  else if (event.key === 'ArrowRight' && box.scrollLeft + box.clientWidth >= box.scrollWidth - 1) turn('.fn-pager > button:last-child');
  else return;
  event.preventDefault();
});
const turn = (button) => element.querySelector(button).click();

const changeZoom = (wanted) => {
  const box = element.querySelector('.fn-page');
  if (!box) return;
  const [x, y] = [(box.scrollLeft + box.clientWidth / 2) / box.scrollWidth, (box.scrollTop + box.clientHeight / 2) / box.scrollHeight];
  zoom = Math.min(400, Math.max(50, wanted));
  showZoom();
  box.scrollTo(x * box.scrollWidth - box.clientWidth / 2, y * box.scrollHeight - box.clientHeight / 2);
  clearTimeout(sharpening);
  sharpening = setTimeout(sharpen, SETTLED);
};
const showZoom = () => {
  const sheet = element.querySelector('.fn-sheet');
  if (!sheet) return;
  sheet.style.width = zoom + '%';
  const output = element.querySelector('.fn-zoom');
  if (output.value !== zoom + ' %') output.value = zoom + ' %';
  observer.takeRecords(); // of its own changes
};
const address = (image, width) => `${image.dataset.address}?scale=${Math.min(8, Math.max(.2, width / image.dataset.points)).toFixed(3)}`;
// Request an image at the screen's resolution, once it pays; the old one stays until the new one has arrived.
const sharpen = () => {
  const image = picture();
  if (!image || !image.complete || !image.naturalWidth || room() <= image.naturalWidth * 1.02) return;
  const wanted = address(image, room());
  const sharper = new Image();
  sharper.src = wanted;
  sharper.decode().then(() => {
    if (picture() !== image || address(image, room()) !== wanted) return;
    image.src = wanted;
    observer.takeRecords();
  }).catch(() => {}); // keep the old one
};
// Load the next and the previous page into the browser's cache.
const drawAhead = async () => {
  const {document: id, shown} = view().dataset;
  const neighbours = [...element.querySelectorAll('.fn-pager [data-page]:not(:disabled)')].reverse();
  for (const button of neighbours) {
    if (!picture() || view().dataset.shown !== shown || view().dataset.document !== id || id === removed) return;
    const image = new Image();
    image.src = picture().src.replace(/\/\d+\.png/, `/${button.dataset.page}.png`);
    await image.decode().catch(() => {});
  }
};
const showMark = () => {
  const mark = element.querySelector('.fn-not-drawn mark') || element.querySelector('.fn-mark, .fn-mark-text');
  if (!mark) return element.querySelector('.fn-page, .fn-text')?.scrollTo(0, 0);
  for (const kind of ['pre, .fn-grid', '.fn-page, .fn-text']) {
    const box = mark.closest(kind);
    if (!box) continue;
    const place = mark.getBoundingClientRect(), frame = box.getBoundingClientRect();
    box.scrollTop += place.top - frame.top - box.clientHeight / 3;
    if (place.left < frame.left || place.right > frame.right) box.scrollLeft += place.left - frame.left - 20;
  }
  mark.scrollIntoView({block: 'nearest', inline: 'nearest'}); // on a narrow screen the column scrolls, not the page
};
// Ask the server why there is no image.
const explain = async (image) => {
  const answer = await fetch(image.src).catch(() => null);
  const {detail} = answer && !answer.ok ? await answer.json().catch(() => ({})) : {};
  const note = element.querySelector('.fn-not-come');
  if (picture() !== image || typeof detail !== 'string') return;
  note.textContent = `${note.dataset.words} ${detail}`;
  say(note.textContent);
  observer.takeRecords();
};
const arrive = (image) => {
  if (picture() !== image) return; // another page is shown by now
  const isHere = image.naturalWidth > 0;
  const sheet = element.querySelector('.fn-sheet');
  sheet.classList.remove('fn-coming');
  sheet.classList.toggle('fn-not-drawn', !isHere); // its text is shown instead
  element.querySelector('.fn-not-come').hidden = isHere;
  observer.takeRecords();
  clearTimeout(ahead);
  if (!isHere) {
    showMark();
    explain(image);
    return;
  }
  sharpen(); // where the zoom was changed before it arrived
  ahead = setTimeout(drawAhead, IDLE);
};
// After a page change: keep zoom and focus, scroll to the highlight, tell screen readers.
const observer = new MutationObserver(() => {
  const article = view();
  if (cited && !cited.document && element.querySelector('.fn-quote'))
    cited = {...cited, document: article.dataset.document, page: Number(article.dataset.shown)};
  showZoom();
  const image = picture();
  if (image && !image.complete) {
    element.querySelector('.fn-sheet').classList.add('fn-coming'); // no old image under new highlights
    image.onload = image.onerror = () => arrive(image);
  } else if (image) arrive(image);
  showMark(); // before the image is there
  observer.takeRecords();
  if (article && article.dataset.announcement) say(article.dataset.announcement);
  if (moves && isOver() && !element.querySelector('.fn-close').matches(':focus')) {
    const button = element.querySelector('.fn-close');
    if (button.checkVisibility()) button.focus({preventScroll: true});
  }
  moves = false;
});
observer.observe(element, {childList: true, subtree: true, characterData: true, attributes: true, attributeFilter: ['src', 'data-announcement']});

// An address that names a document, a page and words of it behind its hash, as `ui.places.address` writes it for other programs.
const follow = () => {
  const link = new URLSearchParams(location.hash.slice(1));
  if (!link.has('document')) return;
  const [page, start, end] = ['page', 'start', 'end'].map((name) => Number(link.get(name)) || 0);
  open(document.body);
  showPlace(link.get('document'), page, start, end);
};
addEventListener('hashchange', follow);
follow();
