/** How a finding is meant: fine, worth knowing, doubtful, or broken. */
export type Verdict = 'ok' | 'info' | 'warn' | 'fail';

/** One thing that was looked at, and what was found. */
export interface Finding {
  /** Stable word for programs. */
  readonly id: string;
  readonly verdict: Verdict;
  /** What was found, for people. */
  readonly value: string;
  /** What to do about it. */
  readonly advice?: string;
  /** The same as numbers and words, for programs. Durations in milliseconds. */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** What an examination found, in the order in which it looked. */
export class Report {
  readonly findings: Finding[] = [];

  add(id: string, verdict: Verdict, value: string, more: Pick<Finding, 'advice' | 'data'> = {}): void {
    this.findings.push({ id, verdict, value, ...more });
  }

  /** Whether nothing is broken. */
  get ok(): boolean {
    return !this.findings.some(({ verdict }) => verdict === 'fail');
  }
}

/** Milliseconds as people read them. */
export function duration(ms: number): string {
  if (ms >= 10_000) return `${Math.round(ms / 1000)} s`;
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
  return ms >= 10 ? `${Math.round(ms)} ms` : `${ms.toFixed(1)} ms`;
}

/** A piece of foreign text on one line, safe for a terminal. */
export function excerpt(text: string, length = 120): string {
  const line = text.replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
  return line.length > length ? `${line.slice(0, length)}…` : line;
}

/** The middle one of some numbers; the lower of the two middle ones. */
export function median(numbers: readonly number[]): number | null {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
}
