import type { ReactElement } from 'react';
import { useRoom } from 'rejoin/react';
import { Editor } from '../editor/editor';
import { AskForm } from './ask-form';
import { Conversation } from './conversation';
import type { Turn } from './turn';
import { useTurns } from './use-turns';
import './model.css';

/** Questions to a model that reads from a script, and the page into which its answers are typed. */
export function Model(): ReactElement {
  const room = useRoom();
  const { turns, live, fresh, begin, settle } = useTurns();
  const start = (turn: Turn): void => {
    const page = room.root.get('page');
    if (turn.shared && page.length > 0) page.insert(page.length, '\n\n');
    begin(turn);
  };
  return (
    <>
      <section className="sheet model" aria-labelledby="model-title">
        <h2 id="model-title">Ask the model</h2>
        <p className="sheet-note">It reads from a script on this server: no account, no key. The stream is real.</p>
        <Conversation turns={turns} live={live} fresh={fresh} onSettle={settle} onAgain={start} />
        <AskForm onAsk={start} />
      </section>
      <Editor field="page" title="Shared page" />
    </>
  );
}
