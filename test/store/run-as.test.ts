import { expect, test } from "@jest/globals";
import { execFileSync } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEmbedded } from "#src/store/server/server.ts";
import { uidOf } from "#src/store/server/run-as.ts";

const AS_ROOT = process.getuid?.() === 0;

test("a database has a number of its own that nobody has, the same at every start; a user of its name goes first", () => {
  const passwd = ["root:x:0:0::/:/bin/sh", "nobody:x:65534:65534::/:/bin/false", ""].join("\n");
  const uid = uidOf("/srv/one", passwd);
  expect(uid).toBeGreaterThanOrEqual(62_000);
  expect(uidOf("/srv/one", passwd)).toBe(uid);
  expect(uidOf("/srv/two", passwd)).not.toBe(uid);
  expect(uidOf("/srv/one", `${passwd}somebody:x:${uid}:1::/:/bin/sh\n`)).not.toBe(uid);
  expect(uidOf("/srv/one", `${passwd}botenstoff-db:x:997:997::/:/bin/false\n`)).toBe(997);
});

(AS_ROOT ? test : test.skip)(
  "started by root it is neither root nor nobody, and sees nothing of our environment",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "run-as-"));
    await chmod(folder, 0o755);
    const directory = join(folder, "postgres");
    process.env["BOTENSTOFF_API_TOKEN_OF_THE_TEST"] = "secret";
    const server = await startEmbedded({ directory, settings: { fsync: "off" } });
    const pid = (await readFile(join(directory, "cluster", "postmaster.pid"), "utf8")).split("\n")[0] ?? "";
    expect(await readFile(`/proc/${pid}/environ`, "utf8")).toBe("");
    const uid = Number(execFileSync("ps", ["-o", "uid=", "-p", pid], { encoding: "utf8" }));
    expect(uid).toBe(uidOf(directory));
    for (const name of ["password", "cluster", "cluster/PG_VERSION"]) {
      const { uid: owner, mode } = await stat(join(directory, name));
      expect([name, owner, mode & 0o077]).toEqual([name, uid, 0]);
    }
    await server.stop();
    delete process.env["BOTENSTOFF_API_TOKEN_OF_THE_TEST"];
    await rm(folder, { recursive: true });
  },
);
