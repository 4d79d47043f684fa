// Draws every .fn-figure that appears, in the page's own colours, and reports clicks and selections.
let loading = null;
const plotly = () => {
  loading ??= new Promise((done, fail) => {
    const script = document.createElement('script');
    script.src = 'figures/plotly.min.js';
    script.onload = () => done(window.Plotly);
    script.onerror = () => { loading = null; fail(new Error(element.querySelector('[data-not-drawn]').dataset.notDrawn)); };
    document.head.append(script);
  });
  return loading;
};
const colour = (name) => getComputedStyle(document.body).getPropertyValue(`--fn-${name}`).trim();
// What the theme decides: fonts, ink, lines, tooltips.
const themed = (layout) => {
  const given = {
    font: {family: 'system-ui, sans-serif', size: 12, color: colour('ink')},
    hoverlabel: {...layout.hoverlabel, bgcolor: colour('card'), bordercolor: colour('line'), font: {color: colour('ink'), size: 12}},
    modebar: {bgcolor: 'rgba(0,0,0,0)', color: colour('soft'), activecolor: colour('accent')},
  };
  for (const key of Object.keys(layout).filter((key) => /^[xy]axis/.test(key)))
    given[key] = {...layout[key], color: colour('ink'), gridcolor: colour('line'), zerolinecolor: colour('line'), linecolor: colour('line')};
  return {...layout, ...given};
};
const tell = (kind, box, data) => document.dispatchEvent(new CustomEvent(`fn-figure-${kind}`, {detail: {name: box.dataset.name, data, box}}));
const draw = async (box) => {
  box.dataset.drawn = 'begun';
  try {
    const [Plotly, answer] = await Promise.all([plotly(), fetch(box.dataset.figure)]);
    if (!answer.ok) throw new Error(element.querySelector('[data-gone]').dataset.gone);
    const figure = await answer.json();
    if (!box.isConnected) return;
    // showSendToCloud is on by default: a button that uploads the figure, and with it the text of documents.
    const options = {displaylogo: false, showSendToCloud: false, plotlyServerURL: '', modeBarButtonsToRemove: ['toImage', 'autoScale2d', 'zoomIn2d', 'zoomOut2d']};
    // WebGL traces need code generated from strings, which the page's content security policy forbids.
    const data = figure.data.map((trace) => (trace.type === 'scattergl' ? {...trace, type: 'scatter'} : trace));
    await Plotly.newPlot(box, data, themed(figure.layout), options);
    box.fnLayout = figure.layout;
    box.on('plotly_click', (event) => tell('click', box, event.points[0].customdata));
    box.on('plotly_selected', (event) => event && tell('select', box, event.points.map((point) => point.customdata)));
    box.on('plotly_deselect', () => tell('select', box, []));
    resized.observe(box);
    box.dataset.drawn = 'done';
  } catch (error) {
    box.dataset.drawn = 'failed';
    box.textContent = error.message;
  }
};
// Fits a figure to its place and theme, both of which may have changed; a hidden one waits.
const fit = (box) => box.clientWidth && window.Plotly.relayout(box, {...themed(box.fnLayout), width: box.clientWidth, autosize: false});
const resized = new ResizeObserver((entries) => entries.forEach(({target}) => fit(target)));
const look = () => document.querySelectorAll('.fn-figure:not([data-drawn])').forEach(draw);
new MutationObserver(look).observe(document.getElementById('middle'), {childList: true, subtree: true});
new MutationObserver(() => {
  document.querySelectorAll('.fn-figure[data-drawn=done]').forEach(fit);
}).observe(document.body, {attributes: true, attributeFilter: ['class']});
look();
