// Components that suspend while their room loads, under StrictMode; the URL says which server, and how it is shown a token.
import { Component, StrictMode, startTransition, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { createClient, defineSchema, t } from 'rejoin';
import { useTextInput as useLoadingTextInput } from 'rejoin/react';
import { ClientSideSuspense, RoomProvider, SyncProvider, useDoc, useText, useTextInput } from 'rejoin/react/suspense';

const query = new URLSearchParams(location.search);
const schema = defineSchema({ doc: { note: t.text() } });
const options = query.has('broken') ? { wasm: '/absent.wasm' } : {};
const client = createClient({ url: query.get('server'), schema, persistence: 'memory', ...options });
window.shown = [];
window.client = client;
window.errors = [];
client.on('error', ({ code }) => window.errors.push(code));

function Note({ room }) {
  const length = useDoc((doc) => doc.note.length);
  const [value, text] = useText('note');
  window.shown.push(`${room}: ${value}`);
  return (
    <>
      <output data-testid="note">{`${room}: ${value} (${length})`}</output>
      <button type="button" onClick={() => text.insert(text.length, 'more')}>
        write
      </button>
    </>
  );
}

/** A field in a form that React resets after its action. */
function Field() {
  const [sent, setSent] = useState(0);
  return (
    <form action={async () => setSent((before) => before + 1)}>
      <textarea data-testid="field" {...useTextInput('note')} />
      <button type="submit">send</button>
      <button type="reset">reset</button>
      <output data-testid="sent">{sent}</output>
    </form>
  );
}

/** A field that is there before its room is. */
function Early() {
  return <textarea data-testid="field" {...useLoadingTextInput('note')} />;
}

class Boundary extends Component {
  state = { error: null };

  static getDerivedStateFromError(error) {
    return { error };
  }

  render() {
    const { error } = this.state;
    return error ? <output data-testid="failed">{error.code}</output> : this.props.children;
  }
}

function App() {
  const [room, setRoom] = useState('one');
  return (
    <SyncProvider client={client}>
      <button type="button" onClick={() => startTransition(() => setRoom('two'))}>
        switch
      </button>
      <Boundary>
        <RoomProvider id={room}>
          {query.has('early') && <Early />}
          {!query.has('alone') && (
            <ClientSideSuspense fallback={<output data-testid="waiting">waiting</output>}>
              {() => (query.has('form') ? <Field /> : <Note room={room} />)}
            </ClientSideSuspense>
          )}
        </RoomProvider>
      </Boundary>
    </SyncProvider>
  );
}

createRoot(document.getElementById('root')).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
