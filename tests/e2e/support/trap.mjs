/** The next call of this export traps: a real `unreachable`, through the real choke point. */
export function trapIn(page, name) {
  return page.evaluate(async (method) => {
    const { Links } = await import('/rejoin/links-core.js');
    const original = Links.prototype[method];
    Links.prototype[method] = function (...given) {
      Links.prototype[method] = original;
      this.crashForTest();
      return original.apply(this, given);
    };
  }, name);
}
