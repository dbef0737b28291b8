import type { ReactElement } from 'react';
import type { Difference } from 'rejoin';
import { counted } from '../network/words';

type TextDifference = Extract<Difference, { kind: 'text' }>;

/** Most letters shown of what stayed the same, on each side of what did not. */
const AROUND = 40;

interface DifferenceViewProps {
  /** The note of the version. */
  readonly before: string;
  readonly differences: readonly Difference[];
}

/** What differs from a version to now: words of the note as they came and went, the rest in numbers. */
export function DifferenceView({ before, differences }: DifferenceViewProps): ReactElement {
  const note = differences.find((one): one is TextDifference => one.kind === 'text' && one.path.join() === 'note');
  const others = differences.length - (note ? 1 : 0);
  if (differences.length === 0) return <p className="sheet-note">The document is as it was then.</p>;
  return (
    <>
      {note && <p className="difference">{marked(before, note)}</p>}
      {others > 0 && <p className="sheet-note">Also {counted(others, 'difference')} in tasks, cards or drawings.</p>}
    </>
  );
}

/** The text of the version, with what went struck out and what came marked. */
function marked(before: string, { delta }: TextDifference): ReactElement[] {
  let at = 0;
  const steps = delta.map((step) => {
    const from = at;
    if ('insert' in step) return <ins key={`${from}+`}>{typeof step.insert === 'string' ? step.insert : '▣'}</ins>;
    at += 'delete' in step ? step.delete : step.retain;
    const words = before.slice(from, at);
    return 'delete' in step ? <del key={`${from}-`}>{words}</del> : <span key={from}>{shortened(words)}</span>;
  });
  return [...steps, <span key="rest">{shortened(before.slice(at))}</span>];
}

function shortened(words: string): string {
  return words.length <= 2 * AROUND ? words : `${words.slice(0, AROUND)} … ${words.slice(-AROUND)}`;
}
