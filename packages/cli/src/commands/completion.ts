import { Argument } from 'commander';
import type { Command } from 'commander';
import type { Io } from '../io.js';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

export function addCompletion(program: Command, io: Io): void {
  program
    .command('completion')
    .description('writes what makes your shell complete commands and options')
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .action((shell: (typeof SHELLS)[number]) => io.out({ bash, zsh, fish }[shell](program)));
}

function commandsOf(program: Command): readonly { readonly name: string; readonly says: string; readonly flags: readonly string[] }[] {
  return program.commands.map((command) => ({
    name: command.name(),
    says: command.description(),
    flags: command.options.flatMap(({ long }) => (long ? [long] : [])),
  }));
}

/** In single quotes a shell reads nothing but the end. */
function quoted(text: string): string {
  return `'${text.replace(/'/g, `'\\''`)}'`;
}

function bash(program: Command): string {
  const commands = commandsOf(program);
  return `# redress completion for bash: source this file, or put it into bash_completion.d
_redress() {
  local word=\${COMP_WORDS[COMP_CWORD]} command=\${COMP_WORDS[1]}
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W ${quoted(commands.map(({ name }) => name).join(' '))} -- "$word"))
    return
  fi
  case "$command" in
${commands.map(({ name, flags }) => `    ${name}) COMPREPLY=($(compgen -W ${quoted(flags.join(' '))} -- "$word")) ;;`).join('\n')}
  esac
}
complete -o default -F _redress redress
`;
}

function zsh(program: Command): string {
  const commands = commandsOf(program);
  return `#compdef redress
_redress() {
  local -a commands
  commands=(
${commands.map(({ name, says }) => `    ${quoted(`${name}:${says.replace(/:/g, '\\:')}`)}`).join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe 'command' commands
    return
  fi
  case "$words[2]" in
${commands.map(({ name, flags }) => `    ${name}) compadd -- ${flags.join(' ')} ;;`).join('\n')}
  esac
  _files
}
compdef _redress redress
`;
}

function fish(program: Command): string {
  const commands = commandsOf(program);
  const lines = commands.flatMap(({ name, says, flags }) => [
    `complete -c redress -n __fish_use_subcommand -a ${name} -d ${quoted(says)}`,
    ...flags.map((flag) => `complete -c redress -n '__fish_seen_subcommand_from ${name}' -l ${flag.slice(2)}`),
  ]);
  return `# redress completion for fish\n${lines.join('\n')}\n`;
}
