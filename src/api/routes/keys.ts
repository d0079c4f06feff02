import { z } from "zod";
import { json, route } from "../route.ts";

const signingKeyListSchema = z.strictObject({
  items: z.array(
    z.strictObject({
      id: z.string().describe("`signing_key_id` of certificates."),
      algorithm: z.literal("Ed25519"),
      public_key: z.base64().describe("SubjectPublicKeyInfo, DER."),
    }),
  ),
});

export const listSigningKeys = route({
  operationId: "listSigningKeys",
  tag: "retention",
  method: "get",
  path: "/api/v1/keys",
  right: "purges.read",
  summary: "Publishes the keys by which anybody checks certificates",
  answer: json("SigningKeyList", signingKeyListSchema, "The keys."),
  handle: (_input, { deps }) => ({
    items: deps
      .signingKeys()
      .map(({ id, publicKey }) => ({ id, algorithm: "Ed25519" as const, public_key: publicKey.toString("base64") })),
  }),
});
