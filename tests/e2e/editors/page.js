// Editors as an app makes them, on the room of the harness page (`window.session`). Bundled by support/editors-site.mjs.
import { defaultKeymap, history } from '@codemirror/commands';
import { EditorSelection, EditorState } from '@codemirror/state';
import { drawSelection, EditorView, keymap } from '@codemirror/view';
import Quill from 'quill';
import { collaborativeText } from 'rejoin/codemirror';
import { bindQuill } from 'rejoin/quill';
import { QuillBinding } from 'y-quill';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';

const owner = ({ presence }) => ({ name: presence.name, color: presence.color });
const element = () => document.body.appendChild(document.createElement('div'));

/** Counts transactions and what they replaced, to see that small changes stay small. */
const counted = () =>
  EditorView.updateListener.of(({ transactions }) => {
    for (const { changes } of transactions) {
      changes.iterChanges((from, to, _from, _to, inserted) => {
        window.replaced = Math.max(window.replaced ?? 0, to - from, inserted.length);
      });
    }
  });

window.CM = { EditorSelection, EditorState, EditorView };
window.openCodeMirror = (place = 'note', extensions = [], options = { carets: { owner } }) => {
  const { room } = window.session;
  window.view = new EditorView({
    parent: element(),
    extensions: [
      collaborativeText(room, typeof place === 'function' ? place(room) : place, options),
      // As an app has it that does not read the manual: the room's keys come first.
      history(),
      keymap.of(defaultKeymap),
      EditorState.allowMultipleSelections.of(true),
      drawSelection(),
      counted(),
      extensions,
    ],
  });
};

window.openBare = (place) => window.openCodeMirror(place, [], {});

/** On a text that is asked for before the room is ready. */
window.openEarly = (kind) => {
  if (kind === 'Quill') window.openQuill(window.session.room.root.get('note'), { carets: { owner } });
  else window.openCodeMirror((room) => room.root.get('note'));
};

/** Whether people may write. */
window.isWritable = () => (window.view ? !window.view.state.readOnly : window.quill.isEnabled());

/** Puts the focus and the selection there. */
window.select = (anchor, head = anchor) => {
  window.view.focus();
  window.view.dispatch({ selection: { anchor, head } });
};

/** Writes as a script does, locked or not. */
window.write = (at, insert) => {
  if (window.view) window.view.dispatch({ changes: { from: at, insert } });
  else window.quill.insertText(at, insert, 'api');
};

window.openQuill = (place = 'note', options = { carets: { owner } }) => {
  window.quill = new Quill(element(), { theme: 'snow' });
  window.stopQuill = bindQuill(window.session.room, place, window.quill, options);
};

/** The same with Yjs' own parts; resolves when the server has told what it has. */
window.openStock = async (url, room) => {
  const doc = new Y.Doc();
  const provider = new WebsocketProvider(url, room, doc, { disableBc: true });
  await new Promise((resolve) => provider.once('sync', resolve));
  const bind = () => {
    const quill = new Quill(element(), { theme: 'snow' });
    return { quill, binding: new QuillBinding(doc.getText('note'), quill) };
  };
  const letters = () => {
    const runs = doc.getText('note').toDelta();
    return runs.map(({ insert }) => (typeof insert === 'string' ? insert : '\ufffc')).join('');
  };
  window.stock = { ...bind(), doc, bind, toString: letters };
  window.quill = window.stock.quill;
};

/** Does something at random, as a user: the same seed, the same deeds. */
window.deeds = (seed, alphabet) => {
  let state = seed;
  const pick = (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >> 8) % below;
  };
  const words = () => alphabet[pick(alphabet.length)];
  const inCodeMirror = () => {
    const { length } = window.view.state.doc;
    const from = pick(length + 1);
    const to = pick(2) ? from : Math.min(length, from + pick(5));
    window.view.dispatch({ changes: { from, to, insert: words() }, userEvent: 'input.type' });
  };
  const inQuill = () => {
    const { quill } = window;
    // Quill itself does not end for some texts with halves of characters.
    const letters = quill
      .getContents()
      .ops.map(({ insert }) => (typeof insert === 'string' ? insert : '\ufffc'))
      .join('');
    const whole = (offset) => (/[\udc00-\udfff]/.test(letters[offset]) ? offset + 1 : offset);
    const at = whole(pick(letters.length));
    const size = whole(Math.min(letters.length, at + 1 + pick(4))) - at;
    const deed = pick(8);
    if (deed < 4) quill.insertText(at, words(), pick(3) ? {} : { bold: true }, 'user');
    else if (deed === 4) quill.deleteText(at, size, 'user');
    else if (deed === 5) quill.formatText(at, size, 'italic', pick(2) === 0, 'user');
    else if (deed === 6) quill.formatLine(at, 1, 'header', [1, 2, false][pick(3)], 'user');
    else quill.insertEmbed(at, 'image', 'data:image/gif;base64,R0lGODlhAQABAAAAACw=', 'user');
  };
  return window.view ? inCodeMirror : inQuill;
};

window.editorsLoaded = true;
