/** Before a test fakes it. */
const { setTimeout: later } = globalThis;
const clock = /* @__PURE__ */ performance.now.bind(performance);

/** Lets everything pass that is to happen at once, also where timers are faked. */
export function realTurn(): Promise<void> {
  return new Promise((resolve) => {
    later(resolve, 0);
  });
}

/** Milliseconds since some time, also where clocks are faked. */
export function realNow(): number {
  return clock();
}
