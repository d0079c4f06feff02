import { fileURLToPath } from "node:url";
import type { Metafile } from "esbuild";

/** A file the browser may keep for ever: its name changes with its content. */
export interface Asset {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Everything the pages load, and which of it the document names first. */
export interface Bundle {
  readonly script: string;
  readonly style: string;
  readonly icon: string;
  readonly assets: readonly Asset[];
}

const APP = fileURLToPath(new URL("../app", import.meta.url));

/**
 * Compiles the browser's side. The compiler is no part of an install for production, where the assets are made
 * beforehand (`npm run web:build`).
 */
export async function bundle(): Promise<Bundle> {
  const { build, stop } = await import("esbuild");
  try {
    const { outputFiles, metafile } = await build({
      absWorkingDir: APP,
      entryPoints: { app: "main.tsx", style: "style/index.css", icon: "icon.svg" },
      bundle: true,
      splitting: true,
      format: "esm",
      target: ["chrome125", "firefox128", "safari18"],
      jsx: "automatic",
      jsxImportSource: "preact",
      loader: { ".svg": "copy" },
      minify: true,
      legalComments: "none",
      entryNames: "[name]-[hash]",
      chunkNames: "part-[hash]",
      outdir: ".",
      write: false,
      metafile: true,
      tsconfigRaw: {},
      logLevel: "silent",
    });
    return {
      script: outputOf(metafile, "main.tsx"),
      style: outputOf(metafile, "style/index.css"),
      icon: outputOf(metafile, "icon.svg"),
      assets: outputFiles.map(({ path, contents }) => ({ name: path.slice(APP.length + 1), bytes: contents })),
    };
  } finally {
    await stop();
  }
}

function outputOf({ outputs }: Metafile, input: string): string {
  const found = Object.entries(outputs).find(([, { entryPoint }]) => entryPoint === input);
  if (!found) throw new Error(`compiling the pages: nothing was made of ${input}`);
  return found[0];
}
