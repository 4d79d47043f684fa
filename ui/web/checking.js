// The tab Check: a text, or a file that is chosen or dropped on it; the sentences that are supported may be left out.
const form = element.querySelector('form'), box = form.elements.text;
const results = () => document.getElementById('check-results');
const isRunning = () => Boolean(document.querySelector('#check-status .fn-bar'));
// Gradio's button for files is hidden; ours clicks its input, or fills it.
const fileInput = () => document.getElementById('check-file').parentElement.querySelector('input[type=file]');
let hasDoubtsOnly = false, place = '';
form.addEventListener('submit', (event) => {
  event.preventDefault();
  if (box.value.trim()) trigger('check', {text: box.value});
  else box.focus();
});
form.addEventListener('click', ({target}) => {
  if ('checkFile' in target.dataset) fileInput().click();
  if ('stopCheck' in target.dataset) trigger('stop_check', {});
});
box.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && !isRunning()) form.requestSubmit();
});
for (const kind of ['dragover', 'drop']) box.addEventListener(kind, (event) => {
  if (!event.dataTransfer.types.includes('Files') || isRunning()) return;
  event.preventDefault();
  if (kind === 'dragover') return;
  const one = new DataTransfer();
  one.items.add(event.dataTransfer.files[0]);
  fileInput().files = one.files;
  fileInput().dispatchEvent(new Event('change', {bubbles: true}));
});
const mark = () => {
  form.classList.toggle('fn-running', isRunning());
  results().classList.toggle('fn-doubts-only', hasDoubtsOnly);
  document.querySelectorAll('[data-doubts]').forEach((each) => { each.checked = hasDoubtsOnly; });
  if (place && document.activeElement === document.body) results().querySelector(`[data-place="${place}"]`)?.focus({preventScroll: true}); // it was painted anew
};
document.addEventListener('focusin', ({target}) => { place = target.dataset.place || ''; });
document.addEventListener('pointerdown', () => { place = ''; });
document.addEventListener('change', ({target}) => {
  if (!('doubts' in target.dataset)) return;
  hasDoubtsOnly = target.checked;
  mark();
});
new MutationObserver(mark).observe(document.getElementById('tabs'), {childList: true, subtree: true});
