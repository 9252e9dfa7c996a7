import { memo } from 'react';
import type { Fact } from '../../messages.ts';

/** Facts as indented JSON, as they came, in colours. */
export const FactTree = memo(function FactTree({ fact }: { fact: Fact }) {
  return (
    <pre className="facts">
      <Value fact={fact} indent="" />
    </pre>
  );
});

function Value({ fact, indent }: { fact: Fact; indent: string }) {
  if (fact === null) return <span className="facts-none">null</span>;
  if (typeof fact === 'string') return <span className="facts-text">{JSON.stringify(fact)}</span>;
  if (typeof fact !== 'object') return <span className="facts-number">{String(fact)}</span>;
  const isList = Array.isArray(fact);
  const entries = Object.entries(fact);
  const [open, close] = isList ? ['[', ']'] : ['{', '}'];
  if (entries.length === 0) return <span className="facts-none">{`${open}${close}`}</span>;
  if (isList && entries.every(([, value]) => typeof value !== 'object')) {
    return <span className="facts-number">{JSON.stringify(fact)}</span>;
  }
  const deeper = `${indent}  `;
  return (
    <>
      {open}
      {entries.map(([name, value], place) => (
        <span key={name}>
          {`\n${deeper}`}
          {!isList && <span className="facts-name">{name}: </span>}
          <Value fact={value} indent={deeper} />
          {place < entries.length - 1 && ','}
        </span>
      ))}
      {`\n${indent}${close}`}
    </>
  );
}
