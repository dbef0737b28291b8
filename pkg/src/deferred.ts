/** A promise that is settled from outside, once. An unheard rejection is no error of the page. */
export class Deferred {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;

  constructor() {
    let resolve = (): void => {};
    let reject = (_error: unknown): void => {};
    this.promise = new Promise<void>((yes, no) => {
      resolve = yes;
      reject = no;
    });
    this.promise.catch(() => {});
    this.resolve = resolve;
    this.reject = reject;
  }
}
