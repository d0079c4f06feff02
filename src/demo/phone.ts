import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { wamid } from "#src/simulators/whatsapp-cloud/payload.ts";
import type { WhatsappCloud } from "#src/simulators/whatsapp-cloud/server.ts";

/** A patient's phone for whoever tries the demo: what is posted to it is sent as a WhatsApp text. */
export interface Phone {
  readonly url: string;
  close(): Promise<void>;
}

const LONGEST_BYTES = 4_096;

/**
 * `curl -d "Guten Morgen" http://127.0.0.1:<port>/` writes as the patient, `…/<digits>` as anybody else.
 * @param webhook where the simulated WhatsApp posts to
 * @param patient E.164 digits
 */
export async function startPhone(whatsapp: WhatsappCloud, webhook: string, patient: string): Promise<Phone> {
  const server = createServer((request, response) => {
    const answer = (status: number, text: string) => response.writeHead(status).end(`${text}\n`);
    const from = /^\/(\d{7,15})?$/.exec(request.url ?? "");
    if (request.method !== "POST" || !from) {
      answer(404, `POST a text to /, or to /<digits> as another number`);
      return;
    }
    const parts: Buffer[] = [];
    let bytes = 0;
    request.on("data", (part: Buffer) => {
      bytes += part.length;
      if (bytes <= LONGEST_BYTES) parts.push(part);
    });
    request.on("end", () => {
      const number = from[1] ?? patient;
      const body = Buffer.concat(parts).toString("utf8");
      const text = whatsapp.textBody({ from: number, id: wamid(number), body });
      void whatsapp
        .post(webhook, whatsapp.signedBody(text))
        .then((status) => answer(status === 200 ? 200 : 502, `the engine answered ${status}`));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
