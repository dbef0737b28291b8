import { type ReactElement, useEffect, useState } from 'react';
import { useRoom } from 'rejoin/react';

/** Reads out what others say now: the latest only, and neither the history nor the own words. */
export function Incoming(): ReactElement {
  const { messages } = useRoom();
  const [words, setWords] = useState('');
  useEffect(() => messages.listen(({ data }) => setWords(`${data.author.name}: ${data.text}`)), [messages]);
  return (
    <p className="visually-hidden" role="status">
      {words}
    </p>
  );
}
