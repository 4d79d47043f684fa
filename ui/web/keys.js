// The keys: `?` lists them, `/` goes to the question, F to the last answer's footnotes. None counts where something is typed.
const dialog = element.querySelector('dialog');
const isTyping = (target) => target.matches('input:not([type=checkbox]), textarea, select, [contenteditable=true]');
const list = () => { if (!dialog.open) dialog.showModal(); };
document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || dialog.open) return;
  const answers = document.querySelectorAll('#chat .fn-answer');
  const wanted = {'/': document.querySelector('#question textarea'), f: answers[answers.length - 1]?.querySelector('a.fn-number')}[event.key.toLowerCase()];
  if (event.key === '?') list();
  else if (wanted) {
    if (!wanted.checkVisibility()) return;
    wanted.focus();
  } else return;
  event.preventDefault();
});
element.addEventListener('click', (event) => {
  if (event.target.closest('[data-keys]')) list();
  if (event.target === dialog || event.target.closest('[data-close-keys]')) dialog.close();
});
