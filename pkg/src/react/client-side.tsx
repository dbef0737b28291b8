import { type ReactElement, type ReactNode, Suspense } from 'react';
import { useIsClient } from './is-client.js';

/** Props of {@link ClientSideSuspense}. */
export interface ClientSideSuspenseProps {
  /** Shown on a server, while hydrating, and while something inside loads. */
  readonly fallback: ReactNode;
  /** A function is called only where there is a browser. */
  readonly children: ReactNode | (() => ReactNode);
}

/**
 * A `Suspense` that renders its children in browsers alone: the hooks of `rejoin/react/suspense` wait there, and cannot on a server.
 * @example
 * const page = <ClientSideSuspense fallback="loading">{() => <p>here</p>}</ClientSideSuspense>;
 */
export function ClientSideSuspense({ fallback, children }: ClientSideSuspenseProps): ReactElement {
  const isClient = useIsClient();
  const content = typeof children === 'function' ? isClient && children() : children;
  return <Suspense fallback={fallback}>{isClient ? content : fallback}</Suspense>;
}
