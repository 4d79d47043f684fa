// Every visible text on the page whose contrast with what is behind it is below what WCAG asks (4.5, or 3 for large letters).
() => {
  const parse = (colour) => {
    const numbers = colour.match(/[\d.]+%?/g).map(parseFloat);
    const [r, g, b] = colour.startsWith('color(') ? numbers.slice(0, 3).map((n) => n * 255) : numbers;
    return [r, g, b, numbers[3] ?? 1];
  };
  const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3]));
  const luminance = (colour) => {
    const [r, g, b] = colour.slice(0, 3).map((n) => (n / 255 <= 0.03928 ? n / 255 / 12.92 : ((n / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (a, b) => (Math.max(luminance(a), luminance(b)) + 0.05) / (Math.min(luminance(a), luminance(b)) + 0.05);
  const ancestors = (element) => (element ? [element, ...ancestors(element.parentElement)] : []);
  const behind = (element) => {
    const layers = ancestors(element).map((one) => parse(getComputedStyle(one).backgroundColor));
    return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
  };
  const judge = (element, words, style, colour) => {
    const opacity = ancestors(element).reduce((product, one) => product * getComputedStyle(one).opacity, 1);
    const background = behind(element);
    const [r, g, b, alpha] = parse(colour);
    const size = parseFloat(style.fontSize);
    const wanted = size >= 24 || (size >= 18.6 && style.fontWeight >= 700) ? 3 : 4.5;
    const found = ratio(over([r, g, b, alpha * opacity], background), background);
    return found >= wanted ? [] : [`${found.toFixed(2)} ${words.trim().slice(0, 40)} (${element.tagName.toLowerCase()}.${element.className})`];
  };
  const isSeen = (element, range) => {
    const box = range.getBoundingClientRect();
    const inside = box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
    const shown = element.checkVisibility({opacityProperty: true, visibilityProperty: true});
    return inside && shown && !element.closest(':disabled, .fn-unseen, [aria-hidden="true"]:not(.fn-drop-words)');
  };
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const range = document.createRange();
    range.selectNodeContents(walker.currentNode);
    if (!walker.currentNode.data.trim() || element.closest('script, style, template') || !isSeen(element, range)) continue;
    const style = getComputedStyle(element);
    poor.push(...judge(element, walker.currentNode.data, style, style.color));
  }
  for (const box of document.querySelectorAll('input, textarea')) {
    if (!box.placeholder || !box.checkVisibility({opacityProperty: true, visibilityProperty: true})) continue;
    const style = getComputedStyle(box, '::placeholder');
    poor.push(...judge(box, box.placeholder, style, style.color));
  }
  return poor;
}
