import { describe, expect, test } from "@jest/globals";
import { readAck } from "#src/hl7/ack.ts";

const ack = (...segments: readonly string[]) =>
  readAck(Buffer.from(["MSH|^~\\&|KIS|H|BOT|H|20261126||ACK|1|P|2.5.1", ...segments, ""].join("\r")));

describe("the code of an acknowledgement's error, which is logged", () => {
  test.each(["207", "E207", "ZKIS-17", "ISH00123"])("is kept: %s", (code) => {
    expect(ack("MSA|AE|1", `ERR|||${code}|E`)?.errors).toMatchObject([{ code }]);
    expect(ack(`MSA|AE|1||||${code}`)?.errors).toMatchObject([{ code }]);
  });

  test.each(["Musterfrau", "4915112345678", "19640812", "Erika_1"])(
    "is none where a KIS writes what may be about a person: %s",
    (personal) => {
      expect(ack("MSA|AE|1", `ERR|||${personal}|E`)?.errors).toMatchObject([{ code: "" }]);
      expect(ack(`MSA|AE|1||||${personal}`)?.errors).toEqual([]);
    },
  );
});
