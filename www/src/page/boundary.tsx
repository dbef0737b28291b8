import { Component, type ReactNode } from 'react';
import { Failure } from './failure';

interface BoundaryState {
  readonly error: unknown;
}

interface BoundaryProps {
  readonly children: ReactNode;
  /** What is shown instead; by default that the room cannot be opened. */
  readonly fallback?: (error: unknown) => ReactNode;
}

/** Shows what its content threw. */
export class Boundary extends Component<BoundaryProps, BoundaryState> {
  override readonly state: BoundaryState = { error: null };

  static getDerivedStateFromError(error: unknown): BoundaryState {
    return { error };
  }

  override render(): ReactNode {
    const { children, fallback = (error) => <Failure error={error} /> } = this.props;
    return this.state.error === null ? children : fallback(this.state.error);
  }
}
