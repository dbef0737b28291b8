/** An event as the stream gave it. */
export interface StreamEvent {
  readonly type: string;
  readonly data: string;
  /** The last id seen up to here. */
  readonly id: string;
  /** When it was complete, by `performance.now()`. */
  readonly at: number;
}

/** Counts what an event stream holds, by the rules of the HTML standard §9.2. */
export class EventParser {
  readonly events: StreamEvent[] = [];
  comments = 0;
  /** The last valid `retry:`, in milliseconds. */
  retry: number | null = null;
  /** Fields that browsers ignore. */
  readonly unknown = new Set<string>();
  #rest = '';
  #begun = false;
  #type = '';
  #id = '';
  #data: string[] = [];

  /** Takes the next piece of the stream. */
  push(text: string, at: number): void {
    const begun = this.#begun;
    this.#begun ||= text.length > 0;
    this.#rest += begun ? text : text.replace(/^\uFEFF/, '');
    // A CR at the end may be half of a CRLF: it waits.
    const lines = this.#rest.split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#line(line, at);
  }

  #line(line: string, at: number): void {
    if (line === '') {
      this.#dispatch(at);
      return;
    }
    const colon = line.indexOf(':');
    if (colon === 0) {
      this.comments++;
      return;
    }
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') this.#data.push(value);
    else if (field === 'event') this.#type = value;
    else if (field === 'id') this.#id = value.includes('\0') ? this.#id : value;
    else if (field !== 'retry') this.unknown.add(field);
    else if (/^\d+$/.test(value)) this.retry = Number(value);
  }

  #dispatch(at: number): void {
    if (this.#data.length > 0) {
      this.events.push({ type: this.#type || 'message', data: this.#data.join('\n'), id: this.#id, at });
    }
    this.#type = '';
    this.#data = [];
  }
}
