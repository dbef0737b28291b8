// What can be judged of a page's looks and of its accessibility from within.

/** Words whose colour is too near to what lies behind them (WCAG 1.4.3). */
export function faintWords(page) {
  return page.evaluate(findFaintWords);
}

const spoken = new Set(['button', 'checkbox', 'combobox', 'link', 'radio', 'tab', 'textbox']);

/** The page's accessibility tree. */
export async function accessibleNodes(page) {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send('Accessibility.getFullAXTree');
  return nodes.filter(({ ignored }) => !ignored);
}

/** Roles of what can be used but has no name. */
export async function nameless(page) {
  const nodes = await accessibleNodes(page);
  return nodes.filter(({ role, name }) => spoken.has(role.value) && !name?.value).map(({ role }) => role.value);
}

/** Runs in the page: words whose colour is too near to what lies behind them (WCAG 1.4.3). */
function findFaintWords() {
  const probe = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  const pixel = (color) => {
    probe.clearRect(0, 0, 1, 1);
    probe.fillStyle = color;
    probe.fillRect(0, 0, 1, 1);
    return probe.getImageData(0, 0, 1, 1).data;
  };
  const luminance = (color) => {
    const [red, green, blue] = [...pixel(color)].map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const behind = (element) => {
    const color = getComputedStyle(element).backgroundColor;
    const parent = element.parentElement ?? element.getRootNode().host;
    return pixel(color)[3] === 255 || !parent ? color : behind(parent);
  };
  const contrast = (element) => {
    const pair = [luminance(getComputedStyle(element).color), luminance(behind(element))];
    return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
  };
  const hasWords = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  const within = (element) => [element, ...(element.shadowRoot?.querySelectorAll('*') ?? [])];
  const faint = [...document.querySelectorAll('body *')]
    .flatMap(within)
    .filter((element) => hasWords(element) && contrast(element) < 4.5);
  return faint.map((element) => `${element.className}: ${element.textContent} (${contrast(element).toFixed(1)})`);
}
