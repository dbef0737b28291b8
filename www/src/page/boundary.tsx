import { Component, type ReactNode } from 'react';
import { Failure } from './failure';

interface BoundaryState {
  readonly error: unknown;
}

/** Shows what a room threw while it was entered. */
export class Boundary extends Component<{ readonly children: ReactNode }, BoundaryState> {
  override readonly state: BoundaryState = { error: null };

  static getDerivedStateFromError(error: unknown): BoundaryState {
    return { error };
  }

  override render(): ReactNode {
    return this.state.error === null ? this.props.children : <Failure error={this.state.error} />;
  }
}
