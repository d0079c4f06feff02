import base from "./jest.config.js";

/** The pages in a real Chromium, on a real engine and PostgreSQL (`npm run test:web`). */
export default {
  ...base,
  roots: ["<rootDir>/test/web"],
  testMatch: ["**/*.browser.ts"],
  testTimeout: 300_000,
};
