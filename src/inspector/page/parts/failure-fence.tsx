import { Component, type ReactNode } from 'react';
import { Button } from './button.tsx';

interface FenceProps {
  what: string;
  children: ReactNode;
}

/** Keeps a part that fails from taking the page with it. A class, since React asks for one here. */
export class FailureFence extends Component<FenceProps, { words: string | null }> {
  override state = { words: null };

  static getDerivedStateFromError(error: unknown): { words: string } {
    return { words: error instanceof Error ? error.message : String(error) };
  }

  override render(): ReactNode {
    if (this.state.words === null) return this.props.children;
    return (
      <div className="nothing" role="alert">
        <h2>{this.props.what} cannot be drawn</h2>
        <p>{this.state.words}</p>
        <Button words="Try again" onClick={() => this.setState({ words: null })} />
      </div>
    );
  }
}
