import base from "./jest.config.js";

/** Judges from outside: foreign programs that read what the engine writes. Each says so where it is not installed. */
export default {
  ...base,
  roots: ["<rootDir>/test/peers"],
  testMatch: ["**/*.peer.ts"],
  globalSetup: null,
  globalTeardown: null,
};
