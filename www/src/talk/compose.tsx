import { type FormEvent, type ReactElement, useState } from 'react';
import { useTyping } from 'rejoin/react';

/** Where a message is written. */
export function Compose({ onSay }: { onSay: (text: string) => void }): ReactElement {
  const [text, setText] = useState('');
  const [, setTyping] = useTyping();
  const change = (next: string): void => {
    setText(next);
    setTyping(next !== '');
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (!text.trim()) return;
    onSay(text.trim());
    change('');
  };
  return (
    <form className="compose" onSubmit={submit}>
      <input
        className="field"
        aria-label="Message"
        placeholder="Say something"
        autoComplete="off"
        value={text}
        onChange={(event) => change(event.target.value)}
        onBlur={() => setTyping(false)}
      />
      <button type="submit" className="main-tool">
        Send
      </button>
    </form>
  );
}
