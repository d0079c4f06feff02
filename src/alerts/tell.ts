import { createHmac } from "node:crypto";
import { postJson } from "#src/wire/http/post-json.ts";
import { sendMail } from "#src/wire/mail/send.ts";
import { announce, type Announcement } from "./announce.ts";
import type { AlertsFile, AlertTarget } from "./file.ts";

/** Tells one target of one alert; rejects when it was not taken. */
export async function tell(file: AlertsFile, target: AlertTarget, told: Announcement): Promise<void> {
  const { subject, text } = announce(file, told);
  if ("mail" in target) {
    const { from, to, ...server } = target.mail;
    await sendMail(server, { from, to, subject, text });
    return;
  }
  const body = JSON.stringify({ ...told, title: subject, text });
  const { url, secret } = target.webhook;
  const signature = secret === undefined ? undefined : createHmac("sha256", secret).update(body).digest("hex");
  await postJson(url, body, signature === undefined ? {} : { "x-botenstoff-signature": `sha256=${signature}` });
}
