import type { Command } from "./command.ts";
import { write } from "./command.ts";

/** `botenstoff completion bash|zsh`: what the shell reads to complete commands, flags and files. */
export function completionCommand(commands: () => readonly Command[]): Command {
  return {
    name: "completion",
    summary: "prints the completion of bash or zsh",
    details: 'bash: eval "$(botenstoff completion bash)"   zsh: eval "$(botenstoff completion zsh)"',
    words: { name: "bash|zsh", least: 1, most: 1 },
    run: ({ words: [shell = ""] }) => {
      const script = shell === "bash" ? bash(commands()) : shell === "zsh" ? zsh(commands()) : undefined;
      if (script === undefined) {
        process.stderr.write(`botenstoff completion: no shell "${shell}"; it is bash or zsh\n`);
        return Promise.resolve(2);
      }
      write(script);
      return Promise.resolve(0);
    },
  };
}

/** Every word that may come next, by what was typed so far: "" → the first words of all commands. */
function nextWords(commands: readonly Command[]): Map<string, Set<string>> {
  const next = new Map<string, Set<string>>();
  const add = (after: string, word: string) => next.set(after, (next.get(after) ?? new Set()).add(word));
  for (const { name, flags = {}, options = {} } of commands) {
    const words = name.split(" ");
    words.forEach((word, at) => add(words.slice(0, at).join(" "), word));
    for (const option of [...Object.keys(options), ...Object.keys(flags), "help"]) add(name, `--${option}`);
  }
  return next;
}

function bash(commands: readonly Command[]): string {
  const cases = [...nextWords(commands)].map(([after, words]) => `    "${after}") next="${[...words].join(" ")}" ;;`);
  return `_botenstoff() {
  local typed="" word next=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) typed="\${typed:+$typed }$word" ;; esac
  done
  case "$typed" in
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$next" -- "\${COMP_WORDS[COMP_CWORD]}") $(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o filenames -F _botenstoff botenstoff`;
}

function zsh(commands: readonly Command[]): string {
  return `autoload -U +X bashcompinit && bashcompinit\n${bash(commands)}`;
}
