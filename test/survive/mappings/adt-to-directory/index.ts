export { default } from "../../../../mappings/adt-to-directory/index.ts";
