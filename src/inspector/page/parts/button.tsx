import type { ButtonHTMLAttributes } from 'react';
import { Icon, type IconName } from './icon.tsx';

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  icon?: IconName;
  /** Words beside the icon; without them `label` is what it is called. */
  words?: string;
  label?: string;
  kind?: 'plain' | 'quiet' | 'strong' | 'danger';
  pressed?: boolean;
}

/** A button: an icon, words, or both. */
export function Button({ icon, words, label, kind = 'plain', pressed, className, ...rest }: ButtonProps) {
  const classes = ['button', kind, words === undefined ? 'square' : '', className ?? ''].join(' ').trim();
  return (
    <button
      type="button"
      className={classes}
      aria-label={label}
      aria-pressed={pressed}
      title={rest.title ?? (words === undefined ? label : undefined)}
      {...rest}
    >
      {icon && <Icon name={icon} />}
      {words !== undefined && <span className="button-words">{words}</span>}
    </button>
  );
}
