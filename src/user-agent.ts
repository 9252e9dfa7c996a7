/** How this program names itself to the servers that it calls. The version is that of `package.json`. */
export const USER_AGENT = 'vapi-twilio-bridge/0.1.0';
