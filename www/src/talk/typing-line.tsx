import type { ReactElement } from 'react';
import { useOthers, useTyping } from 'rejoin/react';

/** Who is typing. Not a live region: it comes and goes too often to be read out. */
export function TypingLine(): ReactElement {
  const [typing] = useTyping();
  const others = useOthers();
  const names = typing.map((id) => others.find(({ connectionId }) => connectionId === id)?.presence.user.name);
  return (
    <p className="typing" data-testid="typing">
      {inWords(names.map((name) => name ?? 'Somebody'))}
    </p>
  );
}

function inWords(names: readonly string[]): string {
  if (names.length === 0) return '';
  if (names.length > 3) return 'Several people are typing';
  const list = new Intl.ListFormat('en').format(names);
  return `${list} ${names.length === 1 ? 'is' : 'are'} typing`;
}
