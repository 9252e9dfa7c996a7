/**
 * The yardstick: the least that a program between Twilio and an agent can do. It keeps no audio back, has no timeouts,
 * no states and no marks; what it costs is what Node and `ws` cost.
 */
import { createServer } from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';

const { PORT = '0', AGENT_URL = '' } = process.env;
let sessions = 0;

const server = createServer((request, response) => {
  if (request.url === '/health') {
    response.end(JSON.stringify({ status: 'ok', sessions }));
    return;
  }
  const { user, system } = process.cpuUsage();
  response.end(
    `process_cpu_seconds_total ${(user + system) / 1e6}\nprocess_resident_memory_bytes ${process.memoryUsage.rss()}\n`,
  );
});

new WebSocketServer({ server, perMessageDeflate: false, clientTracking: false }).on(
  'connection',
  (caller) => {
    const waiting: Buffer[] = [];
    let agent: WebSocket | undefined;
    let streamSid = '';
    sessions += 1;

    function start(sid: string): void {
      streamSid = sid;
      const opened = new WebSocket(AGENT_URL, { perMessageDeflate: false });
      agent = opened;
      opened.on('open', () => {
        for (const audio of waiting.splice(0)) opened.send(audio);
      });
      opened.on('message', (data, isBinary) => {
        const bytes = data as Buffer;
        if (isBinary) {
          const payload = bytes.toString('base64');
          caller.send(JSON.stringify({ event: 'media', streamSid, media: { payload } }));
        } else if (JSON.parse(bytes.toString()).type === 'user-interrupted') {
          caller.send(JSON.stringify({ event: 'clear', streamSid }));
        }
      });
      opened.on('close', () => caller.close());
      opened.on('error', () => caller.close());
    }

    caller.on('message', (text) => {
      const message = JSON.parse((text as Buffer).toString());
      if (message.event === 'start') start(message.start.streamSid);
      if (message.event !== 'media') return;
      const audio = Buffer.from(message.media.payload, 'base64');
      if (agent?.readyState === WebSocket.OPEN) agent.send(audio);
      else waiting.push(audio);
    });
    caller.on('close', () => {
      sessions -= 1;
      agent?.close();
    });
  },
);

process.on('SIGTERM', () => process.exit(0));
server.listen(Number(PORT), '127.0.0.1');
