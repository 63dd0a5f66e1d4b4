/**
 * Completes a command line of `sluice` from the declarations of its commands. Pure, because known values are passed as arguments.
 */
import type { Argument, Command, Option } from 'commander'

interface Candidate {
  readonly value: string
  readonly description: string
}

export interface Completion {
  readonly candidates: readonly Candidate[]
  /** True if file names are also allowed; the shell completes them. */
  readonly files: boolean
}

/** Values that can be suggested in addition to the declared choices, by the name of an argument or of an option's value. */
export interface KnownValues {
  /** Returns the known values; undefined if none exist. */
  of(name: string): readonly string[] | undefined
  isFile(name: string): boolean
}

const NOTHING: Completion = { candidates: [], files: false }

/**
 * Returns the candidates for the last word.
 *
 * @param typed words after the program's name. The last word is incomplete and may be empty.
 */
export function complete(program: Command, typed: readonly string[], known: KnownValues): Completion {
  const { words, isSplit } = joinedAtEquals(typed)
  const current = words.at(-1) ?? ''
  const { command, positionals, pending, isOver } = walk(program, words.slice(0, -1))
  if (pending) return valuesOf(pending, current, known)
  if (current.startsWith('-') && !isOver) return optionsOf(command, current, known, isSplit)
  const subcommands = positionals === 0 ? command.createHelp().visibleCommands(command) : []
  if (subcommands.length > 0) {
    const named = subcommands.map(one => ({
      value: one.name(),
      description: one.summary() || one.description(),
    }))
    return { candidates: fitting(named, current), files: false }
  }
  const declared = command.registeredArguments
  const argument = declared[positionals] ?? (declared.at(-1)?.variadic ? declared.at(-1) : undefined)
  return argument ? valuesOf(argument, current, known) : NOTHING
}

interface Walked {
  readonly command: Command
  /** Number of arguments of the command that have already been typed. */
  readonly positionals: number
  /** Option whose value is the next word; undefined if the next word is not a value of an option. */
  readonly pending: Option | undefined
  /** True after `--`: the following words are not options. */
  readonly isOver: boolean
}

function walk(program: Command, words: readonly string[]): Walked {
  let command = program
  let positionals = 0
  let pending: Option | undefined
  let isOver = false
  for (const word of words) {
    if (pending) pending = undefined
    else if (word === '--') isOver = true
    else if (word.startsWith('-') && !isOver) pending = takingNext(command, word)
    else {
      const subcommand = positionals === 0 && command.commands.find(one => one.name() === word)
      if (subcommand) command = subcommand
      else positionals++
    }
  }
  return { command, positionals, pending, isOver }
}

function takingNext(command: Command, word: string): Option | undefined {
  const option = optionNamed(command, word)
  return option?.required ? option : undefined
}

function optionNamed(command: Command, flag: string): Option | undefined {
  return optionsIn(command).find(({ long, short }) => long === flag || short === flag)
}

/** Returns the options of the command and of its parent commands. */
function optionsIn(command: Command): Option[] {
  const help = command.createHelp()
  return [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)]
}

function optionsOf(command: Command, current: string, known: KnownValues, isSplit: boolean): Completion {
  const equals = current.indexOf('=')
  if (equals < 0) {
    const named = optionsIn(command).map(({ long, short, description }) => ({
      value: long ?? short ?? '',
      description,
    }))
    return { candidates: fitting(named, current), files: false }
  }
  const option = optionNamed(command, current.slice(0, equals))
  if (!option) return NOTHING
  const { candidates } = valuesOf(option, current.slice(equals + 1), known)
  // A shell that splits words at "=" replaces only the part after the "=".
  const prefix = isSplit ? '' : current.slice(0, equals + 1)
  return {
    candidates: candidates.map(({ value, description }) => ({ value: prefix + value, description })),
    files: false,
  }
}

function valuesOf(place: Option | Argument, current: string, known: KnownValues): Completion {
  const name = 'flags' in place ? place.attributeName() : place.name()
  const values = place.argChoices ?? known.of(name) ?? []
  const candidates = fitting(
    values.map(value => ({ value, description: '' })),
    current,
  )
  return { candidates, files: known.isFile(name) }
}

function fitting(candidates: readonly Candidate[], current: string): Candidate[] {
  return candidates
    .filter(({ value }) => value.startsWith(current))
    .map(({ value, description }) => ({ value, description: description.split('\n')[0] ?? '' }))
}

/** Joins words that bash has split. Bash passes `--name=value` as three words. */
function joinedAtEquals(typed: readonly string[]): { words: readonly string[]; isSplit: boolean } {
  const words: string[] = []
  let isSplit = false
  typed.forEach((word, index) => {
    const joins = word === '=' && words.at(-1)?.startsWith('--')
    const continues = typed[index - 1] === '=' && words.at(-1)?.endsWith('=')
    if (joins || continues) words.push(`${words.pop()}${word}`)
    else words.push(word)
    isSplit = Boolean(joins || continues)
  })
  return { words, isSplit }
}
