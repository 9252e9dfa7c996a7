import type { Settings } from '../settings.ts';

/** What the server says of itself once it listens, line by line. */
export function bannerOf({ agent, server, twilio, call }: Settings, port: number): string[] {
  const isEveryAddress = server.host === '0.0.0.0' || server.host === '::';
  const near = `http://${isEveryAddress ? 'localhost' : server.host}:${port}`;
  const at = server.publicUrl ?? near;
  const listens = `The bridge listens on ${near}${server.publicUrl ? `, for the world at ${server.publicUrl}` : ''}`;
  if (agent.kind === 'simulated') {
    return [
      listens,
      'Its agent is SIMULATED: built in, following a script. For the real one set VAPI_API_KEY, the private key of a Vapi account.',
      'Call it from another terminal: npm run call -- src/simulation/speech/caller/appointment.wav --out heard.wav',
    ];
  }
  const who = agent.assistant === 'tutorial' ? "the tutorial's assistant" : 'your assistant';
  return [
    listens,
    `Its agent is Vapi (${agent.dialect}, ${agent.format}) with ${who}; barge-in is ${call.bargeIn}`,
    `Twilio's voice webhook is ${at}/webhook/twilio; ${twilio.validateSignatures ? 'signed requests only' : 'UNSIGNED requests are let in'}`,
  ];
}
