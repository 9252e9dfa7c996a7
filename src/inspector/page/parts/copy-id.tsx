import { short } from '../format.ts';
import { Icon } from './icon.tsx';
import { useCopied } from './use-copied.ts';

/** An identifier, shortened, and a button that copies the whole of it. */
export function CopyId({ id, what }: { id: string; what: string }) {
  const [copied, copy] = useCopied(id);
  return (
    <span className="copy-id" title={`${what} ${id}`}>
      <code>{short(id)}</code>
      <button
        type="button"
        className={copied ? 'copy copied' : 'copy'}
        aria-label={copied ? `${what} copied` : `Copy ${what}`}
        onClick={(event) => {
          event.stopPropagation();
          copy();
        }}
      >
        <Icon name={copied ? 'done' : 'copy'} />
      </button>
    </span>
  );
}
