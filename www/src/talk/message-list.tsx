import { type ReactElement, useLayoutEffect, useRef } from 'react';
import { useSelf } from '../people/use-self';
import { Bubble } from './bubble';
import { FailedBubble } from './failed-bubble';
import { useReaders } from './use-readers';
import type { Talk } from './use-talk';

/** So near to an end, in pixels, that it counts as there. */
const NEAR = 48;

/** All that was said, the latest at the foot. Scrolling up brings earlier messages. */
export function MessageList({ talk }: { talk: Talk }): ReactElement {
  const { messages, failed, hasMore, say, discard, loadBefore } = talk;
  const user = useSelf();
  const readers = useReaders(messages);
  const { box, onScroll } = useScrolling(messages[0]?.id, messages.length + failed.length, hasMore, loadBefore);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls has to be reachable by keyboard
    <section className="messages" aria-label="Messages" tabIndex={0} ref={box} onScroll={onScroll}>
      {hasMore && (
        <button type="button" className="quiet earlier" onClick={loadBefore}>
          Earlier messages
        </button>
      )}
      {messages.length === 0 && <p className="sheet-note">Nothing has been said here yet.</p>}
      <ol>
        {messages.map((message, index) => (
          <Bubble
            key={message.id}
            message={message}
            mine={message.data.author.id === user.id}
            follows={messages[index - 1]?.data.author.id === message.data.author.id}
            readers={readers.get(message.id)}
          />
        ))}
        {failed.map((one) => (
          <FailedBubble
            key={one.id}
            failed={one}
            onDiscard={() => discard(one)}
            onAgain={() => {
              discard(one);
              say(one.text);
            }}
          />
        ))}
      </ol>
    </section>
  );
}

interface Scrolling {
  readonly box: React.RefObject<HTMLElement | null>;
  readonly onScroll: () => void;
}

/** Stays at the foot while somebody is there; what is put before the first message moves nothing. */
function useScrolling(
  first: string | undefined,
  count: number,
  hasMore: boolean,
  loadBefore: Talk['loadBefore'],
): Scrolling {
  const box = useRef<HTMLElement>(null);
  const place = useRef({ atFoot: true, height: 0, first });
  const loading = useRef(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: it has to run whenever something was added
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const { atFoot, height, first: before } = place.current;
    if (atFoot) element.scrollTop = element.scrollHeight;
    else if (before !== first) element.scrollTop += element.scrollHeight - height;
    place.current = { atFoot, height: element.scrollHeight, first };
  }, [first, count]);
  const onScroll = (): void => {
    const element = box.current;
    if (!element) return;
    const { scrollTop, scrollHeight, clientHeight } = element;
    place.current = { atFoot: scrollHeight - scrollTop - clientHeight < NEAR, height: scrollHeight, first };
    if (!hasMore || loading.current || scrollTop > NEAR) return;
    loading.current = true;
    loadBefore()
      // Cut off: scrolling up again asks again.
      .catch(() => {})
      .finally(() => {
        loading.current = false;
      });
  };
  return { box, onScroll };
}
