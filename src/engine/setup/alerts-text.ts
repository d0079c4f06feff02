import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseDocument } from "yaml";
import type { Answers } from "./questions.ts";

/** Where the password of the mail server lies in a folder of setup. */
export const ALERT_PASSWORD = join("secrets", "alert-mail");
const SHIPPED = new URL("../../../config/alerts.yaml", import.meta.url);

/** The alerts file: the shipped rules with whom to tell; what stands, but for what was said about that. */
export function alertsText(path: string, folder: string, answers: Answers, given: Answers): string | (() => string) {
  const stands = existsSync(path);
  const said = Object.keys(given).some((name) => name.startsWith("alert_"));
  if (stands && !said) return () => "";
  const document = parseDocument(readFileSync(stands ? path : SHIPPED, "utf8"));
  const { alert_language: language, alert_mail_server: server = "none", alert_mail_from: from } = answers;
  const { alert_mail_to: to, alert_mail_user: user = "none", alert_mail_password: password = "none" } = answers;
  if (language !== undefined) document.set("language", language);
  if (server !== "none" && server !== "later") {
    const mail = {
      server,
      ...(user !== "none" && { user }),
      ...(password !== "none" && { password: `\${file:${join(folder, ALERT_PASSWORD)}}` }),
      from,
      to: [to],
    };
    document.set("targets", document.createNode([{ id: "duty", mail }]));
  }
  return document.toString({ lineWidth: 120 });
}
