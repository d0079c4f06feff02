import { ACCESS_COMMANDS } from "./access.ts";
import { CLEARING_COMMANDS } from "./clearing.ts";
import type { Command } from "./command.ts";
import { completionCommand } from "./completion.ts";
import { DECISION_COMMANDS } from "./decisions.ts";
import { DIRECTORY_COMMANDS } from "./directory.ts";
import { ENGINE_COMMANDS } from "./engine.ts";
import { FILE_COMMANDS } from "./files.ts";
import { FIND_COMMAND } from "./find.ts";
import { LINK_COMMANDS } from "./links.ts";
import { PROOF_COMMANDS } from "./proof.ts";
import { REMOTE_COMMANDS } from "./remote.ts";
import { SETUP_COMMAND } from "./setup.ts";

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  SETUP_COMMAND,
  ...ENGINE_COMMANDS,
  ...FILE_COMMANDS,
  ...REMOTE_COMMANDS,
  ...DECISION_COMMANDS,
  FIND_COMMAND,
  ...DIRECTORY_COMMANDS,
  ...CLEARING_COMMANDS,
  ...LINK_COMMANDS,
  ...PROOF_COMMANDS,
  ...ACCESS_COMMANDS,
  completionCommand(() => COMMANDS),
];
