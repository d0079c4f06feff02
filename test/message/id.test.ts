import { describe, expect, test } from "@jest/globals";
import { attachmentId, controlId, messageId } from "#src/message/id.ts";

/** Made with Python's uuid.uuid5 and hashlib: what was filed under an id is found again under it by every later version. */
describe("the ids of what arrives", () => {
  test.each([
    ["wamid.A", "", "1d03c448-a202-5d6c-9535-37763b4a21ea"],
    ["wamid.Ü😀", "2", "f6027c01-7063-5101-ac5f-74125e797b92"],
    ["wamid.2", "", "6ff8437a-8708-5f2c-a4c9-9420ffbc2471"],
    ["wamid.1", "", "0eba7e84-771e-5d9d-89fe-24ceaa71779f"],
    ["wamid.0", "", "8f3e1e13-2a9c-5f1a-a961-3b8779f3aaee"],
    ["wamid.3", "", "37ad6cc7-1532-50bf-8d29-542f2e13583b"],
  ])("are UUIDs of version 5 of channel, external id and part: %s %s", (externalId, part, id) => {
    expect(messageId("praxis", externalId, part)).toBe(id);
  });

  test("do not run together", () => {
    expect(messageId("praxis", "1", "12")).not.toBe(messageId("praxis", "11", "2"));
  });

  test("give attachments theirs", () => {
    expect(attachmentId("1d03c448-a202-5d6c-9535-37763b4a21ea", 0)).toBe("3061d395-77f3-5e60-bc90-2f3a7ac85144");
  });

  test("give an HL7 message its control id of 20 characters", () => {
    expect(controlId("1d03c448-a202-5d6c-9535-37763b4a21ea")).toBe("DHE56QRBD6HAC7QUSBET");
  });
});
