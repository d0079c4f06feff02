import nodemailer from "nodemailer";

export interface MailServer {
  /** smtp://host:port or smtps://host:port */
  readonly server: string;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
}

export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
}

const PATIENCE_MS = 20_000;

/** Hands one mail to an SMTP server. Rejects when the server does not take it within 20 s. */
export async function sendMail({ server, user, password }: MailServer, mail: Mail): Promise<void> {
  const { protocol, hostname, port } = new URL(server);
  const secure = protocol === "smtps:";
  const transport = nodemailer.createTransport({
    host: hostname.replace(/^\[|\]$/g, ""),
    port: port === "" ? (secure ? 465 : 587) : Number(port),
    secure,
    ...(user !== undefined && { auth: { user, pass: password ?? "" } }),
    connectionTimeout: PATIENCE_MS,
    greetingTimeout: PATIENCE_MS,
    socketTimeout: PATIENCE_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  try {
    await transport.sendMail({ ...mail, to: [...mail.to], headers: { "Auto-Submitted": "auto-generated" } });
  } finally {
    transport.close();
  }
}
