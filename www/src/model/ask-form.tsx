import { type FormEvent, type ReactElement, useState } from 'react';
import { ask, type Format, type Turn } from './turn';

const IDEAS = ['Write a poem', 'Make a plan', 'What happens offline?'];

const FORMATS: readonly { readonly format: Format; readonly name: string }[] = [
  { format: 'sse', name: 'token and done events' },
  { format: 'openai', name: 'OpenAI chunks' },
];

/** Where a question is put, and how the answer is to come. */
export function AskForm({ onAsk }: { onAsk: (turn: Turn) => void }): ReactElement {
  const [prompt, setPrompt] = useState('');
  const [format, setFormat] = useState<Format>('sse');
  const [shared, setShared] = useState(true);
  const put = (words: string): void => {
    if (!words.trim()) return;
    onAsk(ask(words.trim(), format, shared));
    setPrompt('');
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    put(prompt);
  };
  return (
    <form className="ask" onSubmit={submit}>
      <div className="ask-line">
        <input
          className="field"
          aria-label="Question"
          placeholder="Ask something"
          autoComplete="off"
          maxLength={160}
          value={prompt}
          onChange={(event) => setPrompt(event.target.value)}
        />
        <button type="submit" className="main-tool">
          Ask
        </button>
      </div>
      <p className="ideas">
        {IDEAS.map((idea) => (
          <button type="button" className="quiet" key={idea} onClick={() => put(idea)}>
            {idea}
          </button>
        ))}
      </p>
      <div className="ask-how">
        <label>
          Sent as{' '}
          <select value={format} onChange={(event) => setFormat(event.target.value as Format)}>
            {FORMATS.map((choice) => (
              <option key={choice.format} value={choice.format}>
                {choice.name}
              </option>
            ))}
          </select>
        </label>
        <label>
          <input type="checkbox" checked={shared} onChange={(event) => setShared(event.target.checked)} /> Type it into
          the shared page
        </label>
      </div>
    </form>
  );
}
