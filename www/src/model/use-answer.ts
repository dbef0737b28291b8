import { useEffect } from 'react';
import { type StreamHandle, useRoom, useStream } from 'rejoin/react';
import { serverOrigin } from '../client';
import { useLinkCut } from '../network/use-link-cut';
import type { Turn } from './turn';

/** Silence after which the answer is asked for again, in milliseconds: the script never thinks for long. */
const IDLE = 5_000;

/** Asks for the answer of a turn, or goes on where an earlier page left it. */
export function useAnswer(turn: Turn, fresh: boolean): StreamHandle {
  const room = useRoom();
  const { id, prompt, format, shared } = turn;
  const query = new URLSearchParams({ room: room.id, format });
  const url = `${serverOrigin}/demo/answer?${query}`;
  const cut = useLinkCut();
  const answer = useStream(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ prompt }),
    format,
    // What is lost is asked for by a GET that names the last word: the question is put once.
    resume: { id, url: `${url}&${new URLSearchParams({ prompt })}` },
    into: shared ? room.root.get('page') : undefined,
    auto: fresh,
    idleTimeout: IDLE,
  });
  const { disconnect, retry } = answer;
  const left = answer.status === 'idle' && answer.reason?.kind === 'requested';
  useEffect(() => {
    if (cut) disconnect();
    else if (left) retry();
  }, [cut, left, disconnect, retry]);
  return answer;
}
