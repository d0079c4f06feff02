import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { SMTPServer } from "smtp-server";
import { sendAdt } from "#src/demo/adt.ts";
import { startKisFhir } from "#src/simulators/kis/fhir.ts";
import { startKisMllp } from "#src/simulators/kis/mllp.ts";
import { startWhatsappCloud } from "#src/simulators/whatsapp-cloud/server.ts";
import { startProxy } from "../survive/proxy.ts";

const HOST = "127.0.0.1";
export const ADT_PORT = 2_576;
const WHATSAPP = {
  appSecret: "an app secret of the test",
  accessToken: "a token of the test",
  phoneNumberId: "106540352242922",
};

/** What a hospital has around the machine: WhatsApp, a KIS behind a network that can go away, a mail server. */
export async function openSurroundings() {
  const whatsapp = await startWhatsappCloud({ host: HOST, port: 0, ...WHATSAPP });
  const fhir = await startKisFhir({ host: HOST, port: 0 });
  const mllp = await startKisMllp({ host: HOST, port: 0 });
  const network = [await startProxy(fhir.port), await startProxy(mllp.port)] as const;
  const mailbox = await openMailbox();
  const answers = {
    whatsapp_phone_number_id: WHATSAPP.phoneNumberId,
    whatsapp_app_secret: WHATSAPP.appSecret,
    whatsapp_access_token: WHATSAPP.accessToken,
    whatsapp_graph_url: whatsapp.url,
    kis_fhir_url: fhir.url.replace(String(fhir.port), String(network[0].port)),
    kis_mllp_host: HOST,
    kis_mllp_port: String(network[1].port),
    adt_mllp_port: String(ADT_PORT),
    alert_language: "en",
    alert_mail_server: `smtp://${HOST}:${mailbox.port}`,
    alert_mail_from: "botenstoff@hospital.example",
    alert_mail_to: "duty@hospital.example",
  };
  return {
    whatsapp,
    fhir,
    mllp,
    mails: mailbox.mails,
    answers: Object.entries(answers)
      .map(([name, answer]) => `${name}: ${JSON.stringify(answer)}\n`)
      .join(""),
    killKis: () => network.forEach((proxy) => proxy.set({ kind: "down" })),
    reviveKis: () => network.forEach((proxy) => proxy.set({ kind: "fair" })),
    /** Known to the chart, and to the engine by ADT. */
    admit: async (patient: string, phone: string) => {
      fhir.addPatient({ identifier: [{ value: patient, system: "urn:oid:1.2.276.0.76.4.1" }] });
      const names = { familyName: "Muster", givenName: "Kim" };
      const admission = { controlId: `ADT${patient}`, patient, ...names, phone, caseNumber: `F${patient}` };
      const { code } = await sendAdt(ADT_PORT, admission);
      if (code !== "AA") throw new Error(`an admission was answered ${code}`);
    },
    close: async () => {
      await Promise.all([...network.map((proxy) => proxy.close()), whatsapp.close(), fhir.close(), mllp.close()]);
      await mailbox.close();
    },
  };
}

export type Surroundings = Awaited<ReturnType<typeof openSurroundings>>;

/** A real SMTP server that keeps what it is handed. */
async function openMailbox() {
  const mails: string[] = [];
  const server = new SMTPServer({
    disabledCommands: ["AUTH", "STARTTLS"],
    onData: (stream, _session, done) => {
      const parts: Buffer[] = [];
      stream.on("data", (part: Buffer) => parts.push(part));
      stream.on("end", () => {
        mails.push(Buffer.concat(parts).toString("utf8"));
        done();
      });
    },
  });
  server.listen(0, HOST);
  await once(server.server, "listening");
  const { port } = server.server.address() as AddressInfo;
  return { mails, port, close: () => new Promise<void>((resolve) => server.close(() => resolve())) };
}
