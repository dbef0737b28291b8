import { element } from './element.js';

const LIGHT = `--ground:#fff;--raised:#f4f5f7;--text:#1b1f24;--quiet:#57606a;--line:#d0d7de;--focus:#0550ae;
--good:#116329;--busy:#7d4e00;--bad:#b3132b;--key:#0550ae;--string:#116329`;
const DARK = `--ground:#16191d;--raised:#20252b;--text:#e8ebef;--quiet:#a3adb8;--line:#3a424b;--focus:#79b8ff;
--good:#6fdc8c;--busy:#f1b44c;--bad:#ff8b8b;--key:#8cc4ff;--string:#8fdca5`;

/** Rules of the page do not reach into a shadow root; what it would inherit is reset. */
const RULES = `
:host{all:initial!important;position:fixed!important;z-index:2147483647!important;display:flex!important;
gap:8px!important;color-scheme:light;${LIGHT}}
:host([data-corner^=bottom]){bottom:12px!important;flex-direction:column!important}
:host([data-corner^=top]){top:12px!important;flex-direction:column-reverse!important}
:host([data-corner$=right]){right:12px!important;align-items:flex-end!important}
:host([data-corner$=left]){left:12px!important;align-items:flex-start!important}
:host([data-theme=dark]){color-scheme:dark;${DARK}}
@media (prefers-color-scheme:dark){:host([data-theme=auto]){color-scheme:dark;${DARK}}}
@media print{:host{display:none!important}}
*{box-sizing:border-box}
[hidden]{display:none!important}
.panel,.launcher{font:13px/1.45 system-ui,sans-serif;color:var(--text);background:var(--ground);border:1px solid var(--line);
box-shadow:0 4px 16px #0003}
.panel{width:min(420px,calc(100vw - 24px));max-height:min(640px,calc(100vh - 72px));overflow:auto;overscroll-behavior:contain;
border-radius:10px;padding:0 14px}
.launcher{border-radius:999px;padding:5px 12px;font-weight:600}
header{position:sticky;top:0;z-index:1;display:flex;align-items:center;gap:10px;margin:0 -14px;padding:10px 14px;
background:var(--ground);border-bottom:1px solid var(--line)}
header p{flex:1;margin:0;color:var(--quiet)}
h1,h2,h3{margin:0;font-size:13px;font-weight:600}
h1{font-size:14px}
.panel>h2{margin-top:10px}
h3{margin-top:10px;color:var(--quiet);font-size:12px}
summary h2,summary h3{display:inline;margin:0}
button{font:inherit;color:inherit;background:var(--raised);border:1px solid var(--line);border-radius:6px;padding:3px 10px;cursor:pointer}
button:hover{border-color:var(--quiet)}
:focus-visible{outline:2px solid var(--focus);outline-offset:1px}
summary{cursor:pointer;padding:5px 0;border-radius:4px}
.panel>details,.panel>div>details{border-bottom:1px solid var(--line)}
.inside{padding:0 0 10px 14px}
.line{display:inline-flex;flex-wrap:wrap;gap:4px 8px;align-items:baseline;max-width:calc(100% - 20px)}
.name{font-weight:600;overflow-wrap:anywhere}
.mark{font-size:12px;white-space:nowrap}
.mark::before,dd[data-tone]:not([data-tone=none])::before{content:'';display:inline-block;width:8px;height:8px;margin-right:5px;
border-radius:50%;background:currentColor}
[data-tone=busy]::before{border-radius:2px!important}
[data-tone=bad]::before{border-radius:0!important;transform:rotate(45deg)}
[data-tone=good]{color:var(--good)}[data-tone=busy]{color:var(--busy)}[data-tone=bad]{color:var(--bad)}
.mark[data-tone=none]{color:var(--quiet)}
.faults{color:var(--bad)}
dl{margin:2px 0 0}
dl div{display:flex;gap:10px}
dt{flex:none;width:104px;color:var(--quiet)}
dd{margin:0;min-width:0;overflow-wrap:anywhere}
.actions{display:flex;flex-wrap:wrap;gap:6px 10px;align-items:center}
ol,ul{list-style:none;margin:0;padding:0}
.tree,.tree ul{font:12px/1.5 ui-monospace,monospace}
.tree summary{padding:0}
.tree ul{padding-left:14px;border-left:1px solid var(--line);margin-left:4px}
.leaf{padding-left:14px;overflow-wrap:anywhere}
.key{color:var(--key)}
.value{overflow-wrap:anywhere}
.value[data-kind=string]{color:var(--string)}
.value[data-kind=object],.value[data-kind=list],.value[data-kind=null]{color:var(--quiet)}
.text{white-space:pre-wrap;overflow-wrap:anywhere;max-height:200px;overflow:auto}
time,.topic,.docs,.none{color:var(--quiet)}
time,code{font:12px ui-monospace,monospace}
ol{max-height:220px;overflow:auto}
ol li{padding:2px 0;overflow-wrap:anywhere}
.fault{padding:6px 0;border-top:1px solid var(--line)}
.fault p{margin:2px 0 0}
.fault .words{color:var(--bad)}
a{color:var(--focus)}
.links li{display:flex;padding:2px 0}
footer{position:sticky;bottom:0;margin:0 -14px;padding:10px 14px;background:var(--ground);border-top:1px solid var(--line)}
ol+button{margin-top:6px}
textarea{width:100%;margin-top:6px;font:12px ui-monospace,monospace;color:inherit;background:var(--raised);border:1px solid var(--line)}
@media (forced-colors:active){.mark::before,dd::before{forced-color-adjust:none}}
`;

/** Puts the rules in: as a sheet, which a content security policy does not forbid as it does a `<style>`. */
export function dress(shadow: ShadowRoot): void {
  if ('adoptedStyleSheets' in shadow && 'replaceSync' in CSSStyleSheet.prototype) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(RULES);
    shadow.adoptedStyleSheets = [sheet];
  } else {
    (shadow as DocumentFragment).prepend(element('style', {}, RULES));
  }
}
