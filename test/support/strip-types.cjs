const { stripTypeScriptTypes } = require("node:module");

/** The same type stripping that production runs on (node src/…), so tests see the same code. */
module.exports = { process: (source) => ({ code: stripTypeScriptTypes(source, { mode: "strip" }) }) };
