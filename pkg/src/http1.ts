/** Whether the page came over HTTP/1.1, as far as the browser tells (Resource Timing §4.4, `nextHopProtocol`). */
export function cameOverHttp1(): boolean {
  if (globalThis.location?.protocol === 'http:') return true;
  const [page] = globalThis.performance?.getEntriesByType?.('navigation') ?? [];
  return (page as PerformanceNavigationTiming | undefined)?.nextHopProtocol === 'http/1.1';
}
