// The embedding models: download, use, cancel.
element.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (!button) return;
  if ('getModel' in button.dataset) trigger('get_model', {id: button.dataset.getModel});
  if ('useModel' in button.dataset) {
    document.querySelector('#documents .fn-offer')?.remove();
    trigger('use_model', {id: button.dataset.useModel});
  }
  if ('cancelModel' in button.dataset) trigger('cancel_model', {});
});
