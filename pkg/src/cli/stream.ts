import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Network } from './network.js';
import type { DoctorOptions } from './options.js';
import { tellRefusal } from './refusal.js';
import { duration, excerpt, type Report } from './report.js';
import type { Answer, Question } from './request.js';
import { readRefusal } from './socket/link.js';
import { answered } from './stream/answered.js';
import { tellCors } from './stream/cors.js';
import { tellEvents } from './stream/events.js';
import { adviceFor, tellFlow } from './stream/flow.js';
import { type Heard, listen } from './stream/listen.js';
import { tellResume } from './stream/resume.js';

/** As browsers ask: who compresses streams is found out. */
const asked = { accept: 'text/event-stream', 'cache-control': 'no-store', 'accept-encoding': 'gzip, deflate, br' };
const redirects = 5;

/** Examines an event stream. */
export async function examineStream(options: DoctorOptions, network: Network, report: Report): Promise<void> {
  const found = await findStream(options, report);
  if (!found) return;
  const { answer, question } = found;
  const headersAt = performance.now();
  const { response } = answer;
  tellHttp(response, network, report);
  const heard = await listen(response, options.listen);
  answer.end();
  if (!tellType(response.headers, heard, report)) return;
  tellFlow(response, heard, headersAt, report);
  await tellCompression(question, response, heard, options, report);
  tellEvents(heard, report);
  await tellResume(question, heard.parser.events, report);
  await tellCors(response.headers, options, report);
}

interface Found {
  readonly answer: Answer;
  readonly question: Question;
}

/** Without the token first, to see whether it is wanted. */
async function findStream(options: DoctorOptions, report: Report): Promise<Found | null> {
  const { url, headers, origin, timeout, token } = options;
  const base = { ...asked, ...headers, ...(origin !== null && { origin }) };
  const plain = await follow({ url, headers: base, timeout }, report);
  if (!plain || isStream(plain)) return plain && accepted(plain, token === null ? 'not wanted' : 'not needed', report);
  const status = plain.answer.response.statusCode ?? 0;
  if (token === null || ![400, 401, 403].includes(status)) return refused(plain, report);
  const question = { url, headers: { ...base, authorization: `Bearer ${token}` }, timeout };
  const bearing = await follow(question, report);
  plain.answer.end();
  if (!bearing || !isStream(bearing)) return bearing && refused(bearing, report);
  return accepted(bearing, `${status} without the token, taken with it as Authorization: Bearer`, report);
}

const isStream = ({ answer: { response } }: Found) => response.statusCode === 200;

function accepted(found: Found, words: string, report: Report): Found {
  const { ms } = found.answer;
  report.add('answer', 'ok', `HTTP 200 in ${duration(ms)}`, { data: { status: 200, ms } });
  report.add('auth', 'info', `token: ${words}`);
  return found;
}

async function refused({ answer }: Found, report: Report): Promise<null> {
  const { response } = answer;
  if (response.statusCode === 204) {
    report.add('answer', 'fail', 'HTTP 204: the server says that there is nothing more to come; clients stop for good');
  } else {
    tellRefusal(report, 'answer', await readRefusal(response));
  }
  answer.end();
  return null;
}

async function follow(first: Question, report: Report): Promise<Found | null> {
  let question = first;
  for (let hop = 0; hop <= redirects; hop++) {
    const answer = await answered(question, report, 'answer', 'fail');
    if (!answer) return null;
    const { statusCode = 0, headers } = answer.response;
    const moved = [301, 302, 303, 307, 308].includes(statusCode) && headers.location;
    if (!moved || !URL.canParse(moved, question.url)) return { answer, question };
    answer.end();
    const { url: from } = question;
    question = redirected(question, new URL(moved, from));
    tellRedirect(statusCode, from, question.url, report);
    if (!/^https?:$/.test(question.url.protocol) || isDowngrade(from, question.url)) break;
  }
  report.add('answer', 'fail', 'the redirects lead nowhere');
  return null;
}

/** What was meant for one origin is for no other. */
function redirected(question: Question, url: URL): Question {
  if (url.origin === question.url.origin) return { ...question, url };
  const { origin } = question.headers;
  return { ...question, url, headers: { ...asked, ...(origin !== undefined && { origin }) } };
}

function tellRedirect(status: number, from: URL, to: URL, report: Report): void {
  const kept = isDowngrade(from, to)
    ? ', which is not followed: it leads from https to http'
    : to.origin === from.origin
      ? ''
      : ', another origin: asked without the token and the headers given';
  report.add('redirect', 'info', `HTTP ${status} to ${excerpt(to.href)}${kept}`, { data: { status, to: to.href } });
}

const isDowngrade = (from: URL, to: URL) => from.protocol === 'https:' && to.protocol === 'http:';

function tellHttp({ httpVersion }: IncomingMessage, { http2 }: Network, report: Report): void {
  if (http2) {
    report.add('http', 'ok', 'HTTP/2 is offered: streams of many tabs share one connection', {
      data: { http2 },
    });
    return;
  }
  const advice = 'browsers open six connections to a host: the seventh tab would hang; rejoin shares one among tabs';
  report.add('http', 'info', `HTTP/${httpVersion} only`, { advice, data: { http2 } });
}

function tellType(headers: IncomingHttpHeaders, heard: Heard, report: Report): boolean {
  const type = headers['content-type'] ?? '';
  const isEvents = /^text\/event-stream\s*(;|$)/i.test(type);
  if (isEvents) {
    report.add('type', 'ok', excerpt(type), { data: { type } });
    return true;
  }
  const page = /html/i.test(type) ? ' (a page: an app that answers every path with its index?)' : '';
  const advice = 'EventSource wants text/event-stream; client.stream() reads plain text and JSON lines as well';
  report.add('type', 'fail', `${type === '' ? 'no Content-Type' : excerpt(type)}${page}`, { advice, data: { type } });
  if (heard.text.trim() !== '') report.add('body', 'info', excerpt(heard.text, 200));
  return false;
}

async function tellCompression(
  question: Question,
  response: IncomingMessage,
  heard: Heard,
  options: DoctorOptions,
  report: Report,
) {
  const encoding = response.headers['content-encoding'];
  if (encoding === undefined || encoding === 'identity') {
    report.add('compression', 'ok', 'none');
    return;
  }
  const data = { encoding };
  if (heard.parser.events.length > 0) {
    report.add('compression', 'info', `${encoding}, and events come through all the same`, { data });
    return;
  }
  const headers = { ...question.headers, 'accept-encoding': 'identity' };
  const again = await answered({ ...question, headers }, report, 'compression', 'warn');
  if (!again) return;
  const plain = await listen(again.response, options.listen, 1);
  again.end();
  const breaks = plain.parser.events.length > 0;
  const value = breaks
    ? `${encoding} swallows the events: without it they come`
    : `${encoding}; no event came to judge by`;
  report.add('compression', breaks ? 'fail' : 'warn', value, { advice: adviceFor(response), data });
}
