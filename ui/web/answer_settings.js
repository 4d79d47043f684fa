// How answers are to be.
element.addEventListener('submit', (event) => {
  event.preventDefault();
  const {top_k, answer_language, answer_tone, answer_length, unsupported, instructions} = event.target.elements;
  trigger('save_answers', {top_k: top_k.value, answer_language: answer_language.value, answer_tone: answer_tone.value, answer_length: answer_length.value, unsupported: unsupported.value, instructions: instructions.value});
});
element.addEventListener('input', () => { element.querySelector('[role=status]').textContent = ''; });
