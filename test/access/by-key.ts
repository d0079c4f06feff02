import { generateKeyPairSync } from "node:crypto";
import { createProvider } from "#src/access/oidc/provider.ts";
import { accessFile } from "#src/access/settings.ts";
import { startIdentityProvider } from "#src/simulators/identity-provider/server.ts";
import { Browser } from "../support/browser.ts";

// A sign-in of a client that proves itself by a key; a process of its own, because the simulated provider takes no
// objects of another realm, as Jest's are. Prints who signed in.

const CLIENT = "http://127.0.0.1:9";
const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const provider = await startIdentityProvider({
  ...{ host: "127.0.0.1", port: 0, clientUrl: CLIENT, providerId: "staff" },
  people: { erin: { name: "Erin Engel", groups: ["engineers"] } },
  clientKeys: [{ ...publicKey.export({ format: "jwk" }), kty: "EC", kid: "client", alg: "ES256", use: "sig" }],
});
const staff = {
  ...{ id: "staff", title: "Staff", issuer: provider.url, client_id: provider.clientId, key_id: "client" },
  private_key: privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
  roles: [{ value: "engineers", role: "engineer" }],
};
const [settings] = accessFile.parse({ providers: [staff] }).providers;
if (!settings) throw new Error("no provider");
const client = createProvider(settings);
const { location, attempt } = await client.begin(`${CLIENT}/auth/callback/staff`);
const browser = new Browser();
const page = await browser.go(location);
const back = await browser.submit(page, { form: /login=erin$/, until: /\/auth\/callback\// });
const { claims } = await client.finish(new URL(back.url), attempt);
process.stdout.write(`${claims.name ?? ""} ${claims.groups.join(" ")}\n`);
await provider.close();
process.exit(0);
