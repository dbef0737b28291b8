import type { Report } from '../report.js';
import type { Question } from '../request.js';
import { answered } from './answered.js';
import { listen } from './listen.js';
import type { StreamEvent } from './parser.js';

const patience = 2000;

/** Comes back with the id of an early event: a server that resumes goes on with the one after it. */
export async function tellResume(question: Question, events: readonly StreamEvent[], report: Report): Promise<void> {
  const [first, second] = events;
  if (first === undefined) return;
  if (first.id === '') {
    return report.add('resume', 'info', 'events carry no id: after a cut the stream begins anew', {
      advice: 'with id: lines, and Last-Event-ID read by the server, nothing would be lost',
    });
  }
  const headers = { ...question.headers, 'last-event-id': first.id };
  const answer = await answered({ ...question, headers }, report, 'resume', 'warn');
  if (!answer) return;
  const { response, end } = answer;
  const heard = await listen(response, patience, 1);
  end();
  const after = heard.parser.events[0];
  const data = { lastEventId: first.id, next: after?.id ?? null };
  if (response.statusCode !== 200) {
    return report.add('resume', 'warn', `with Last-Event-ID the answer is ${response.statusCode}`, { data });
  }
  if (after === undefined)
    return report.add('resume', 'info', `nothing came after Last-Event-ID ${first.id}`, { data });
  if (second !== undefined && after.id === second.id) {
    return report.add('resume', 'ok', `goes on after Last-Event-ID: ${first.id} with ${after.id}`, { data });
  }
  if (after.id === first.id) {
    const value = `Last-Event-ID is ignored: ${first.id} comes again`;
    return report.add('resume', 'warn', value, {
      advice: 'rejoin drops what it has seen; what was missed is lost',
      data,
    });
  }
  report.add('resume', 'info', `after Last-Event-ID ${first.id} came ${after.id}`, { data });
}
