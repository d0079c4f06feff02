import { write, type Command } from "./command.ts";

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
    name: "demo",
    summary: "shows the main job on an embedded database with simulators of WhatsApp and a KIS",
    details: "Prints every step from the webhook to the purge certificate, then stays up and prints its URLs.",
    flags: { exit: "end by itself, with status 0 only if every invariant held" },
    run: async ({ flags }) => {
      const { runDemo } = await import("#src/demo/run.ts");
      return runDemo({ exit: flags.has("exit"), write });
    },
  },
];
