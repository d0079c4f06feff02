import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMasterKey } from "#src/seal/keyring/master-key.ts";
import { freePort } from "./free-port.ts";
import { startKisFhir, type KisFhir } from "#src/simulators/kis/fhir.ts";
import { startKisMllp, type KisMllp } from "#src/simulators/kis/mllp.ts";
import { startWhatsappCloud, type WhatsappCloud } from "#src/simulators/whatsapp-cloud/server.ts";

const HOST = "127.0.0.1";

/** Everything around an engine: WhatsApp, the KIS, a data directory, and the environment that ties them together. */
export interface World {
  readonly whatsapp: WhatsappCloud;
  readonly fhir: KisFhir;
  readonly mllp: KisMllp;
  readonly directory: string;
  readonly adtPort: number;
  readonly env: Readonly<Record<string, string>>;
  readonly apiToken: string;
  close(): Promise<void>;
}

/** @param epoch ISO 8601 length of an epoch, and the retention of the shipped channels */
export async function openWorld(epoch: string, httpPort = 0): Promise<World> {
  const directory = await mkdtemp(join(tmpdir(), "botenstoff-demo-"));
  const secret = () => randomBytes(16).toString("hex");
  const [appSecret, accessToken, verifyToken, apiToken] = [secret(), secret(), secret(), secret()];
  const phoneNumberId = "106540352242922";
  const whatsapp = await startWhatsappCloud({ host: HOST, port: 0, appSecret, accessToken, phoneNumberId });
  const fhir = await startKisFhir({ host: HOST, port: 0 });
  const mllp = await startKisMllp({ host: HOST, port: 0 });
  const adtPort = await freePort(HOST);
  const masterKey = join(directory, "master.key");
  createMasterKey(masterKey);
  return {
    whatsapp,
    fhir,
    mllp,
    directory,
    adtPort,
    apiToken,
    env: {
      BOTENSTOFF_HTTP_HOST: HOST,
      BOTENSTOFF_HTTP_PORT: String(httpPort),
      BOTENSTOFF_DATA_DIR: join(directory, "data"),
      BOTENSTOFF_MASTER_KEY_FILE: masterKey,
      BOTENSTOFF_API_TOKEN: apiToken,
      BOTENSTOFF_EPOCH: epoch,
      BOTENSTOFF_AFTER_FILED: epoch,
      WHATSAPP_PHONE_NUMBER_ID: phoneNumberId,
      WHATSAPP_APP_SECRET: appSecret,
      WHATSAPP_VERIFY_TOKEN: verifyToken,
      WHATSAPP_ACCESS_TOKEN: accessToken,
      WHATSAPP_GRAPH_URL: whatsapp.url,
      KIS_FHIR_URL: fhir.url,
      KIS_MLLP_HOST: HOST,
      KIS_MLLP_PORT: String(mllp.port),
      ADT_MLLP_PORT: String(adtPort),
    },
    close: async () => {
      await Promise.all([whatsapp.close(), fhir.close(), mllp.close()]);
      await rm(directory, { recursive: true, force: true });
    },
  };
}
