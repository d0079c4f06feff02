import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** Every file below a folder an engine works in. Files and folders come and go meanwhile: one that is gone is left out. */
export async function everyFile(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  const below = entries.map((entry) => {
    const path = join(directory, entry.name);
    return entry.isDirectory() ? everyFile(path) : Promise.resolve(entry.isFile() ? [path] : []);
  });
  return (await Promise.all(below)).flat();
}

/** What a file holds; nothing where it is gone. */
export function contentOf(file: string): Promise<Buffer> {
  return readFile(file).catch(() => Buffer.alloc(0));
}
