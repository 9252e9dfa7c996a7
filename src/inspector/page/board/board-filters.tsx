import { useEffect, useRef } from 'react';
import { Icon } from '../parts/icon.tsx';
import { type CallState, callStates, stateWords } from '../state-words.ts';
import type { Filter, Life, Order, Totals } from './arrange.ts';

interface FiltersProps {
  filter: Filter;
  setFilter(filter: Filter): void;
  totals: Totals;
}

const lives: readonly Life[] = ['all', 'live', 'ended'];
const orderWords: Record<Order, string> = {
  newest: 'Newest first',
  longestInState: 'Longest in state',
  slowest: 'Slowest answer',
};

/** What of the board is seen: by words, by state, by life. */
export function BoardFilters({ filter, setFilter, totals }: FiltersProps) {
  const toggle = (state: CallState) => {
    const states = filter.states.includes(state)
      ? filter.states.filter((one) => one !== state)
      : [...filter.states, state];
    setFilter({ ...filter, states });
  };

  return (
    <search className="filters" aria-label="Filter calls">
      <SearchField text={filter.text} setText={(text) => setFilter({ ...filter, text })} />
      <fieldset className="segments" aria-label="Live or ended">
        {lives.map((life) => (
          <button
            key={life}
            type="button"
            aria-pressed={filter.life === life}
            onClick={() => setFilter({ ...filter, life })}
          >
            {life[0]?.toUpperCase()}
            {life.slice(1)} <span className="count">{totals[life].toLocaleString('en')}</span>
          </button>
        ))}
      </fieldset>
      <fieldset className="state-filters" aria-label="States">
        {callStates.map((state) => (
          <button
            key={state}
            type="button"
            className="state-filter"
            data-state={state}
            data-none={totals.byState[state] === 0}
            aria-pressed={filter.states.includes(state)}
            onClick={() => toggle(state)}
          >
            <span className="state-dot" />
            {stateWords[state]} <span className="count">{totals.byState[state].toLocaleString('en')}</span>
          </button>
        ))}
        <button
          type="button"
          className="state-filter warned"
          data-none={totals.warned === 0}
          aria-pressed={filter.warned}
          onClick={() => setFilter({ ...filter, warned: !filter.warned })}
        >
          <Icon name="warning" />
          warnings <span className="count">{totals.warned.toLocaleString('en')}</span>
        </button>
      </fieldset>
      <label className="order">
        <span className="hidden-words">Order</span>
        <select
          value={filter.order}
          onChange={({ target }) => setFilter({ ...filter, order: target.value as Order })}
        >
          {Object.entries(orderWords).map(([order, words]) => (
            <option key={order} value={order}>
              {words}
            </option>
          ))}
        </select>
        <Icon name="down" />
      </label>
    </search>
  );
}

function SearchField({ text, setText }: { text: string; setText(text: string): void }) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const focus = () => field.current?.select();
    window.addEventListener('inspector:find', focus);
    return () => window.removeEventListener('inspector:find', focus);
  }, []);

  return (
    <label className="search">
      <Icon name="search" />
      <span className="hidden-words">Find a call</span>
      <input
        ref={field}
        type="search"
        placeholder="CallSid, stream or number"
        spellCheck={false}
        autoComplete="off"
        value={text}
        onChange={({ target }) => setText(target.value)}
        onKeyDown={({ key, currentTarget }) => {
          if (key === 'Escape' && text !== '') setText('');
          if (key === 'Escape' || key === 'Enter') currentTarget.blur();
        }}
      />
      <kbd>/</kbd>
    </label>
  );
}
