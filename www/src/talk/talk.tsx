import type { ReactElement } from 'react';
import type { PanelProps } from '../tabs/tab-panels';
import { Compose } from './compose';
import { Incoming } from './incoming';
import { MessageList } from './message-list';
import { TypingLine } from './typing-line';
import { useTalk } from './use-talk';
import './talk.css';

/** Messages that arrive once and in one order, whatever happens to the link. */
export function Talk({ shown }: PanelProps): ReactElement {
  const talk = useTalk(shown);
  return (
    <section className="sheet talk" aria-labelledby="talk-title">
      <h2 id="talk-title">Chat room</h2>
      {talk.supported === false && (
        <p className="sheet-note" role="status">
          This server keeps no messages; they wait on this device.
        </p>
      )}
      <MessageList talk={talk} />
      <TypingLine />
      <Compose onSay={talk.say} />
      <Incoming />
    </section>
  );
}
