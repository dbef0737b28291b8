import type { Finding, Report, Verdict } from './report.js';

const marks: Record<Verdict, string> = { ok: '✓', info: '·', warn: '!', fail: '✗' };
const colours: Record<Verdict, number> = { ok: 32, info: 90, warn: 33, fail: 31 };
const narrowest = 40;

/** The findings as aligned lines: mark, what, value; advice below the value. */
export function table(report: Report, { width = 100, colour = false } = {}): string {
  const column = Math.max(...report.findings.map(({ id }) => id.length), 0) + 4;
  const room = Math.max(width - column, narrowest);
  return report.findings.flatMap((finding) => lines(finding, column, room, colour)).join('\n');
}

function lines({ id, verdict, value, advice }: Finding, column: number, room: number, colour: boolean): string[] {
  const [first = '', ...rest] = wrap(value, room);
  const head = `${marks[verdict]} ${id}`.padEnd(column);
  const below = [...rest, ...(advice ? wrap(`→ ${advice}`, room) : [])];
  const shown = colour ? `\u001b[${colours[verdict]}m${head}\u001b[0m` : head;
  return [shown + first, ...below.map((line) => ' '.repeat(column) + line)];
}

/** Breaks at spaces; a word longer than the room stays whole, so that addresses can be copied. */
function wrap(text: string, room: number): string[] {
  const out: string[] = [];
  for (const word of text.split(' ')) {
    const last = out.at(-1);
    if (last !== undefined && last.length + word.length < room) out[out.length - 1] = `${last} ${word}`;
    else out.push(word);
  }
  return out;
}
