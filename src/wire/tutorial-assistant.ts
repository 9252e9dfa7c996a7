/**
 * Who answers when no assistant is configured: the well-known tutorial's, with OpenAI's gpt-4 at temperature 0.7,
 * ElevenLabs' Rachel and Deepgram's nova-2. A transient assistant, sent in full with every call.
 */
export const tutorialAssistant = {
  name: 'Tutorial assistant',
  firstMessage: 'Hello! How can I help you today?',
  firstMessageMode: 'assistant-speaks-first',
  model: {
    provider: 'openai',
    model: 'gpt-4',
    temperature: 0.7,
    messages: [
      {
        role: 'system',
        content:
          'You are a helpful assistant on the telephone. Answer in one or two short spoken sentences, without lists ' +
          'or formatting. If you did not understand, ask. If the caller interrupts you, stop and attend to what they say.',
      },
    ],
  },
  /** Rachel's id at ElevenLabs. */
  voice: { provider: '11labs', voiceId: '21m00Tcm4TlvDq8ikWAM' },
  transcriber: { provider: 'deepgram', model: 'nova-2', language: 'en' },
} as const;
