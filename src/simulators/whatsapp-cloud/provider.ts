import type { IncomingHttpHeaders } from "node:http";
import { sign } from "./payload.ts";
import type { SignedBody } from "./payload.ts";

/** Which provider is played, and the secrets an engine shares with it. */
export interface ProviderOptions {
  readonly provider?: "meta" | "360dialog";
  /** The app secret at Meta, the platform secret at 360dialog. */
  readonly appSecret: string;
  /** The system user token at Meta, the API key at 360dialog. */
  readonly accessToken: string;
  readonly phoneNumberId: string;
  /** 360dialog: the header set together with the webhook's address. */
  readonly webhookToken?: string;
}

/** What of the simulator differs between the providers. */
export interface PlayedProvider {
  /** The media id or business number a path names. */
  nodeOf(path: string): string | undefined;
  /** The path whose answer proves a token. */
  readonly probe: string;
  authorized(headers: IncomingHttpHeaders): boolean;
  /** The origin of the download addresses handed out. @param own the simulator's */
  mediaOrigin(own: string): string;
  sign(payload: unknown): SignedBody;
}

export function playProvider(options: ProviderOptions): PlayedProvider {
  return options.provider === "360dialog" ? play360dialog(options) : playMeta(options);
}

function playMeta({ appSecret, accessToken, phoneNumberId }: ProviderOptions): PlayedProvider {
  return {
    nodeOf: (path) => /^\/v\d+\.\d+\/([^/]+)$/.exec(path)?.[1],
    probe: phoneNumberId,
    authorized: ({ authorization }) => authorization === `Bearer ${accessToken}`,
    mediaOrigin: (own) => own,
    sign: (payload) => sign(payload, appSecret),
  };
}

/** 360dialog hands out Meta's own download addresses, which its key does not open. */
const LOOKASIDE = "https://lookaside.fbsbx.com";

function play360dialog({ appSecret, accessToken, webhookToken }: ProviderOptions): PlayedProvider {
  return {
    nodeOf: (path) => /^\/([^/]+|v1\/configs\/webhook)$/.exec(path)?.[1],
    probe: "v1/configs/webhook",
    authorized: (headers) => headers["d360-api-key"] === accessToken,
    mediaOrigin: () => LOOKASIDE,
    sign: (payload) => {
      const { body, headers } = sign(payload, appSecret);
      const { "x-hub-signature-256": signature = "", ...others } = headers;
      return {
        body,
        headers: {
          ...others,
          "x-360dialog-signature": signature.replace("sha256=", ""),
          ...(webhookToken !== undefined && { "x-webhook-token": webhookToken }),
        },
      };
    },
  };
}
