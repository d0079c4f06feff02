/** Whether an address to listen on is this machine's own: nobody else reaches it. A name may mean anything. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}
