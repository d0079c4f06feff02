import { createDataSource } from "#src/store/data-source.ts";

/** For the typeorm command line: `DATABASE_URL=… npm run migrate`. */
export default createDataSource(process.env["DATABASE_URL"] ?? "postgres://localhost/botenstoff");
