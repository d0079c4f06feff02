import { rm } from "node:fs/promises";

export default async function globalTeardown(): Promise<void> {
  const { server, directory } = globalThis.testServer ?? {};
  await server?.stop();
  if (directory !== undefined) await rm(directory, { recursive: true, force: true });
}
