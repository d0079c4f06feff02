import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";

/** A TCP port nobody listens on right now; the wanted one if it is free. */
export async function freePort(host: string, wanted = 0): Promise<number> {
  const probe = createServer().listen(wanted, host);
  try {
    await once(probe, "listening");
  } catch (error) {
    if (wanted === 0) throw error;
    return freePort(host);
  }
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}
