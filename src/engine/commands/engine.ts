import { join } from "node:path";
import { JSON_FLAG, write, type Command, type Given } from "./command.ts";
import { engineVersion } from "./version.ts";

/** The commands that run an engine. Like all commands, they load what they need when they run: help comes at once. */
export const ENGINE_COMMANDS: readonly Command[] = [
  {
    name: "serve",
    summary: "runs the engine until SIGTERM or SIGINT",
    details:
      "Reads its settings from the environment, deploys every channel file that lints, and resumes where it was.",
    run: async () => {
      const [{ serve }, { readSettings }, { createLog }] = await Promise.all([
        import("../serve.ts"),
        import("../settings.ts"),
        import("../log.ts"),
      ]);
      return serve(readSettings(process.env), createLog());
    },
  },
  {
    name: "migrate",
    summary: "brings the database to this version while the engine of the version before goes on",
    details:
      "All of it or nothing; what the version before needs stays. 1 where it cannot, and nothing has changed then. Where the\nembedded PostgreSQL does not run there is nothing to do: an engine migrates at its start by itself.",
    run: migrate,
  },
  {
    name: "demo",
    summary: "shows the main job on an embedded database with simulators of WhatsApp and a KIS",
    details: "Prints every step from the webhook to the purge certificate, then stays up and prints its URLs.",
    flags: { exit: "end by itself, with status 0 only if every invariant held" },
    run: async ({ flags }) => {
      const { runDemo } = await import("#src/demo/run.ts");
      return runDemo({ exit: flags.has("exit"), write });
    },
  },
  {
    name: "doctor",
    summary: "says what is wrong and what to do, on one page, with the engine running or not",
    details:
      "Looks at settings, key, disk, database, clocks, certificates, channels, destinations, what waits and what is open,\nand changes nothing. 1 where somebody must act. Without secrets: fit to be sent to support.",
    options: { folder: "of setup: takes the settings from the files in it" },
    flags: JSON_FLAG,
    run: doctor,
  },
];

async function migrate(): Promise<number> {
  const [{ readSettings }, { openStore }, { findEmbedded }] = await Promise.all([
    import("../settings.ts"),
    import("#src/store/data-source.ts"),
    import("#src/store/server/server.ts"),
  ]);
  const { dataDir, databaseUrl } = readSettings(process.env);
  const url = databaseUrl ?? (await findEmbedded({ directory: join(dataDir, "postgres") }));
  if (url === undefined) {
    write("the embedded PostgreSQL does not run: the engine migrates it at its start");
    return 0;
  }
  const store = await openStore(url, 1);
  await store.close();
  write("the database is at this version");
  return 0;
}

async function doctor({ flags, options: { folder } }: Given): Promise<number> {
  const [{ examine }, { isSound, json, page }, { environmentOf }] = await Promise.all([
    import("../checkup/examine.ts"),
    import("../checkup/report.ts"),
    import("../setup/environment-file.ts"),
  ]);
  const env = folder === undefined ? process.env : { ...process.env, ...environmentOf(folder) };
  const findings = await examine(env, Date.now);
  const heading = { version: await engineVersion(), at: new Date() };
  if (flags.has("json")) write(json(findings, heading));
  else for (const line of page(findings, heading)) write(line);
  return isSound(findings) ? 0 : 1;
}
