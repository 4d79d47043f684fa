// Which chat model answers the next question.
element.addEventListener('change', (event) => trigger('choose_model', {id: event.target.value}));
