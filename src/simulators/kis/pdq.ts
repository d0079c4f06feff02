import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { FRAME_END, FRAME_START, FrameDecoder } from "#src/hl7/frame.ts";
import { parseHl7, type ParsedMessage } from "#src/hl7/parse.ts";

export type PdqBehaviour = "answer" | "silence" | "AE" | "more-than-asked-for" | "everybody";

/** A patient of the supplier: its PID as it stands, and the number by which it is found, as the KIS wrote it. */
export interface PdqPatient {
  readonly number: string;
  readonly pid: string;
}

export interface KisPdq {
  readonly port: number;
  /** The numbers asked for, in order. */
  readonly queries: readonly string[];
  readonly patients: PdqPatient[];
  /** How every query is treated from now on. */
  behave(behaviour: PdqBehaviour): void;
  close(): Promise<void>;
}

const LIMIT = 1024 * 1024;

/** The patient demographics supplier of a KIS (IHE ITI-21): QBP^Q22 in, RSP^K22 out. */
export async function startKisPdq({ host, port }: { host: string; port: number }): Promise<KisPdq> {
  const queries: string[] = [];
  const patients: PdqPatient[] = [];
  const sockets = new Set<Socket>();
  let behaviour: PdqBehaviour = "answer";

  function reply(query: ParsedMessage): string {
    const number = query.value("QPD", 3, 2);
    queries.push(number);
    const found = patients.filter((patient) => behaviour === "everybody" || patient.number === number);
    const failed = behaviour === "AE";
    const status = failed ? "AE" : found.length === 0 ? "NF" : "OK";
    return [
      `MSH|^~\\&|KIS||BOTENSTOFF||20260101000000+0000||RSP^K22^RSP_K22|R${query.value("MSH", 10).slice(1)}|P|2.5||||||UNICODE UTF-8`,
      `MSA|${failed ? "AE" : "AA"}|${query.value("MSH", 10)}`,
      ...(failed ? ["ERR|||207^^HL70357|E"] : []),
      `QAK|${query.value("QPD", 2)}|${status}`,
      `QPD|${query.raw("QPD", 1)}|${query.raw("QPD", 2)}|${query.raw("QPD", 3)}`,
      ...(failed ? [] : found.map(({ pid }) => pid)),
      ...(behaviour === "more-than-asked-for" ? ["DSC|42|I"] : []),
      "",
    ].join("\r");
  }

  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => undefined);
    const decoder = new FrameDecoder(LIMIT);
    socket.on("data", (chunk: Buffer) => {
      for (const frame of decoder.push(chunk)) {
        const text = reply(parseHl7(frame));
        if (behaviour !== "silence") socket.write(Buffer.concat([FRAME_START, Buffer.from(text), FRAME_END]));
      }
    });
  });
  server.listen(port, host);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    queries,
    patients,
    behave: (next) => (behaviour = next),
    close: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, "close");
    },
  };
}
