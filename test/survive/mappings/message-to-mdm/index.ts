export { default } from "../../../../mappings/message-to-mdm/index.ts";
