import { type ReactNode, useState } from 'react';
import { Button } from '../parts/button.tsx';

/** A framed view with its name; it can fill the page. */
export function Panel({
  title,
  className,
  children,
}: {
  title: string;
  className: string;
  children: ReactNode;
}) {
  const [whole, setWhole] = useState(false);
  return (
    <section className={`panel ${className}`} aria-label={title} data-whole={whole}>
      <div className="panel-head">
        <h2>{title}</h2>
        <Button
          kind="quiet"
          icon={whole ? 'close' : 'expand'}
          label={whole ? `Put ${title} back` : `Show ${title} alone`}
          pressed={whole}
          onClick={() => setWhole(!whole)}
        />
      </div>
      <div className="panel-body">{children}</div>
    </section>
  );
}
