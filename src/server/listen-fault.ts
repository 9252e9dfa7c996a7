/** Why the server could not listen, and what to do about it. */
export function listenFault(error: unknown, port: number, host: string): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  switch (code) {
    case 'EADDRINUSE':
      return `PORT ${port} is taken. Set it to a free one, or stop what listens there.`;
    case 'EACCES':
      return `PORT ${port} may not be opened by this user. Set it to one from 1024 on.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `HOST ${host} is no address of this machine. Set it to one, or leave it out.`;
    default:
      return `PORT ${port} of HOST ${host} cannot be opened (${code}).`;
  }
}
