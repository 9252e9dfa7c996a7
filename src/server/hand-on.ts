import { apologyTwiml, dialTwiml, hangUpTwiml, thanksTwiml, voicemailTwiml } from '../telephony/twiml.ts';
import type { VoiceWebhook } from '../wire/status-callbacks.ts';

/** To whom, or to what, a caller without an agent is handed on. */
export type HandedTo = 'person' | 'voicemail' | 'apology';

export interface HandOnOptions {
  /** Who is dialled, in E.164 form. Nobody else ever is, whatever a request or an agent says. */
  fallbackNumber: string | undefined;
  /** What is said before a message is taken; none is without it. */
  voicemail: string | undefined;
  /** Whether this server will soon be gone, so that Twilio cannot ask it anything later. */
  leaving(): boolean;
  /** Is told of every caller that is handed on. */
  handedOn(callSid: string, to: HandedTo): void;
}

/** Whose call it is, and by which address Twilio reaches this server (without a slash at the end). */
export interface Asker {
  /** Unknown where Twilio's request could not be read. */
  asked: VoiceWebhook | undefined;
  address: string;
}

/** TwiML for callers without an agent: a person, or else a voicemail, or else an apology. */
export interface HandOn {
  /** The first step; `busy` says why. */
  first(asker: Asker, busy?: boolean): string;
  /** What follows the dialling. */
  afterDial(asker: Asker, answered: boolean): string;
  /** What follows the message. */
  afterVoicemail(): string;
}

const e164 = /^\+[1-9]\d{1,14}$/;

/**
 * The number by which the caller reached us: the person who is dialled sees it, and it is ours to show, which the
 * caller's own (withheld, or a SIP address) need not be.
 */
function ourNumber({ direction, from, to }: VoiceWebhook): string | undefined {
  const ours = direction.startsWith('outbound') ? from : to;
  return e164.test(ours) ? ours : undefined;
}

/** Makes the steps that a caller takes who gets no agent. Each leads only further down, so that they come to an end. */
export function createHandOn(options: HandOnOptions): HandOn {
  const { fallbackNumber, voicemail, leaving, handedOn } = options;

  function note({ asked }: Asker, to: HandedTo): void {
    if (asked) handedOn(asked.callSid, to);
  }

  function withoutAPerson(asker: Asker, busy: boolean): string {
    const { address } = asker;
    if (voicemail === undefined || leaving()) {
      note(asker, 'apology');
      return apologyTwiml(busy);
    }
    note(asker, 'voicemail');
    return voicemailTwiml({
      words: voicemail,
      busy,
      actionUrl: `${address}/webhook/twilio/after-voicemail`,
      recordingStatusUrl: `${address}/webhook/twilio/recording`,
    });
  }

  return {
    first(asker, busy = false) {
      if (fallbackNumber === undefined) return withoutAPerson(asker, busy);
      note(asker, 'person');
      const { asked, address } = asker;
      return dialTwiml(fallbackNumber, {
        busy,
        callerId: asked && ourNumber(asked),
        // An action that nobody answers any more is heard as an error of the application.
        actionUrl: leaving() ? undefined : `${address}/webhook/twilio/after-dial`,
      });
    },
    afterDial: (asker, answered) => (answered ? hangUpTwiml() : withoutAPerson(asker, false)),
    afterVoicemail: thanksTwiml,
  };
}
