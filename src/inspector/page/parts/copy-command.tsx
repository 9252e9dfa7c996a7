import { Icon } from './icon.tsx';
import { useCopied } from './use-copied.ts';

/** A command to be typed elsewhere; a click copies it. */
export function CopyCommand({ command }: { command: string }) {
  const [copied, copy] = useCopied(command);
  return (
    <button
      type="button"
      className="command"
      aria-label={copied ? 'Copied' : `Copy ${command}`}
      onClick={copy}
    >
      <span className="prompt" aria-hidden="true">
        $
      </span>
      <code>{command}</code>
      <Icon name={copied ? 'done' : 'copy'} />
    </button>
  );
}
