import type { StreamState } from '../stream.js';

/** A stream of text before anything happened. */
export const IDLE: StreamState = /* @__PURE__ */ Object.freeze({
  status: 'idle',
  text: '',
  error: null,
  reason: null,
  attempt: 0,
  nextRetryAt: null,
});
