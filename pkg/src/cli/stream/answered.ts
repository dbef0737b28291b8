import type { Report, Verdict } from '../report.js';
import { type Answer, ask, NoAnswer, type Question } from '../request.js';

/** Asks; that no answer came is a finding of this name, and null. */
export async function answered(
  question: Question,
  report: Report,
  id: string,
  verdict: Verdict,
): Promise<Answer | null> {
  try {
    return await ask(question);
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    const advice =
      'the server is stuck, or something holds the answer back until it ends: headers have to be flushed at once';
    const silent = error.code === 'ETIMEDOUT' ? { advice } : {};
    report.add(id, verdict, error.message, { ...silent, data: { error: error.code } });
    return null;
  }
}
