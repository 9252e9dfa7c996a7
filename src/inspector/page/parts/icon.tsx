/** Small pictures of 16 × 16, drawn in the colour of the text beside them. */
const paths = {
  search: 'M7 12a5 5 0 1 0 0-10 5 5 0 0 0 0 10Zm3.6-1.400L14 14',
  back: 'M9.5 3 4.5 8l5 5',
  copy: 'M5.5 5.500v-2a1 1 0 0 1 1-1h6a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1h-2M3.5 5.500h6a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1h-6a1 1 0 0 1-1-1v-6a1 1 0 0 1 1-1Z',
  done: 'm3 8.5 3.2 3.200L13 4.8',
  close: 'm4 4 8 8m0-8-8 8',
  open: 'M2.5 12.500v-9h4l1.5 2h5.500v7h-11Z',
  save: 'M8 2.500v7.500m0 0L5 7m3 3 3-3M2.5 11v2.500h11V11',
  test: 'M6 2.500v4L2.8 12a1 1 0 0 0 .9 1.500h8.600a1 1 0 0 0 .9-1.500L10 6.500v-4M5 2.500h6M4.5 10h7',
  sun: 'M8 10.800a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.600ZM8 1.500v1.300m0 10.400v1.300M1.5 8h1.300m10.4 0h1.300M3.4 3.400l.9.9m7.4 7.4.9.9m0-9.2-.9.9m-7.4 7.4-.9.9',
  moon: 'M13.5 9.600A5.8 5.8 0 0 1 6.4 2.500a5.8 5.8 0 1 0 7.1 7.100Z',
  keys: 'M2.5 4h11a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1h-11a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1ZM4.5 7h0m2.3 0h0m2.4 0h0m2.3 0h0M5.5 9.500h5',
  play: 'M5 3.200v9.600L12.5 8 5 3.200Z',
  pause: 'M5.5 3.500v9m5-9v9',
  stepBack: 'M4 3.500v9M12 4 6.5 8l5.5 4V4Z',
  stepOn: 'M12 3.500v9M4 4l5.5 4L4 12V4Z',
  changeBack: 'm8 4-4 4 4 4m5-8-4 4 4 4',
  changeOn: 'm8 4 4 4-4 4M3 4l4 4-4 4',
  warning: 'M8 2.5 14.3 13.500H1.700L8 2.500Zm0 4v3.200m0 1.800h0',
  phoneDown:
    'M1.8 9.600c3.6-3.3 8.8-3.3 12.4 0l-1.7 2-2.5-1.200V8.600a8.6 8.6 0 0 0-4 0v1.800l-2.5 1.2-1.7-2Z',
  say: 'M2.5 3.500h11v7.500H8l-3 2.500V11H2.500V3.500Z',
  muted: 'M2.5 6v4H5l3.5 3V3L5 6H2.500Zm8.5 0 3.5 4m0-4L11 10',
  loud: 'M2.5 6v4H5l3.5 3V3L5 6H2.500Zm8.5.2a2.6 2.6 0 0 1 0 3.600m1.6-5.600a5.2 5.2 0 0 1 0 7.6',
  message: 'M2.5 4.500h11m-11 3.500h11m-11 3.500H9',
  flush: 'M2.5 4.500h7.500m-7.5 3.500h5m-5 3.500h5m3-3 3.5 3.500m0-3.500L10.5 12',
  longer: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12Zm0-9v3.200l2 1.3',
  down: 'm4 6.5 4 4 4-4',
  expand: 'M9.5 2.500h4v4m0-4L9 7m-2.5 6.500h-4v-4m0 4L7 9',
  lock: 'M4.5 7V5.300a3.5 3.5 0 0 1 7 0V7m-8 0h9v6.500h-9V7Z',
  film: 'M2.5 3.500h11v9h-11v-9Zm3 0v9m5-9v9m-8-4.500h3m5 0h3',
  offline: 'M2 6.200a8.6 8.6 0 0 1 12 0M4.3 8.600a5.3 5.3 0 0 1 7.4 0M8 11.800h0M2.5 2.500l11 11',
} as const;

export type IconName = keyof typeof paths;

/** An icon; says nothing to a screen reader, since words or a label stand beside it. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}

/** The mark of the bridge: the caller's voice, a gap, the agent's. */
export function Mark() {
  return (
    <svg className="mark" viewBox="0 0 44 28" width="29" height="18" aria-hidden="true" focusable="false">
      <path data-side="caller" d="M2 12v4M9 7v14M16 3v22" />
      <path data-side="agent" d="M28 3v22M35 7v14M42 12v4" />
    </svg>
  );
}
