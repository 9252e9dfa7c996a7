import { Dialog } from './parts/dialog.tsx';

const groups: ReadonlyArray<{
  name: string;
  keys: ReadonlyArray<readonly [keys: readonly string[], does: string]>;
}> = [
  {
    name: 'Everywhere',
    keys: [
      [['?'], 'this list'],
      [['Esc'], 'back'],
      [['t'], 'dark or light'],
      [['o'], 'open a saved call'],
    ],
  },
  {
    name: 'Board',
    keys: [
      [['/'], 'find a call'],
      [['j', '↓'], 'next call'],
      [['k', '↑'], 'call before'],
      [['Enter'], 'open it'],
    ],
  },
  {
    name: 'Call',
    keys: [
      [['Space'], 'pause, or go live'],
      [['p'], 'play from here'],
      [['←', '→'], 'record before, next record'],
      [['[', ']'], 'state change before, next'],
      [['Home', 'End'], 'the beginning, the end'],
    ],
  },
];

/** The keys that the page answers. */
export function KeysDialog({ close }: { close(): void }) {
  return (
    <Dialog title="Keys" close={close}>
      <div className="keys">
        {groups.map(({ name, keys }) => (
          <section key={name}>
            <h3>{name}</h3>
            <dl>
              {keys.map(([names, does]) => (
                <div key={does}>
                  <dt>
                    {names.map((one) => (
                      <kbd key={one}>{one}</kbd>
                    ))}
                  </dt>
                  <dd>{does}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
