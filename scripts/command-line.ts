/** Parses the command lines of the programs that `package.json` starts, and words the errors of all command lines. */
import type { ParseArgsOptionsConfig, parseArgs } from 'node:util'
import { Command, CommanderError } from 'commander'
import { safeParse } from 'valibot'
import type { Kind } from '#runtime/settings'
import { UserError } from './user-error.ts'

/** Kinds of option values, by option name. Options that are not listed have text values. */
type Kinds<Options> = { readonly [Name in keyof Options]?: Kind<unknown> }

type Texts<Options extends ParseArgsOptionsConfig> = ReturnType<
  typeof parseArgs<{ options: Options; strict: true }>
>['values']

/** Type of an option's value. The option can be required, repeatable or optional. */
type OptionValue<Text, Value> = Text extends string ? Value : Text extends readonly string[] ? Value[] : Text

type Values<Options extends ParseArgsOptionsConfig, K> = {
  readonly [Name in keyof Texts<Options>]: Name extends keyof K
    ? K[Name] extends Kind<infer Value>
      ? OptionValue<Texts<Options>[Name], Value>
      : Texts<Options>[Name]
    : Texts<Options>[Name]
}

/** Returns the message of commander for an unknown option. An option that negates another one is not similar to it. */
export function withoutOpposite(message: string): string {
  return message.replace(
    /^(error: unknown option '--(no-)?[^'\n]*')\n\(Did you mean --(no-)?[^?\n]*\?\)/,
    (whole, error, typed, meant) => (typed === meant ? whole : error),
  )
}

/** Returns the error for an invalid value, in the words of commander. @param where argument or option */
export function describeInvalid(where: string, text: string, allowed: string): string {
  return `error: ${where}: "${text}" is invalid. It must be ${allowed}.`
}

/**
 * Parses the arguments of a program that has only options.
 *
 * @param command command as the user enters it; error messages refer to its `--help`
 * @throws UserError for an unknown option, a missing value, or invalid values, of which all are named
 */
export function readOptions<const O extends ParseArgsOptionsConfig, const K extends Kinds<O>>(
  command: string,
  args: readonly string[],
  options: O,
  kinds?: K,
): Values<O, K> {
  return parse(new Command(command), args, options, kinds ?? ({} as K))
}

/** Parses arguments like `readOptions`, for a program with positional arguments. */
export function readCommandLine<const O extends ParseArgsOptionsConfig, const K extends Kinds<O>>(
  command: string,
  args: readonly string[],
  options: O,
  kinds: K,
): { readonly values: Values<O, K>; readonly positionals: readonly string[] } {
  const program = new Command(command).argument('[words...]')
  const values = parse(program, args, options, kinds)
  return { values, positionals: program.args }
}

function parse<const O extends ParseArgsOptionsConfig, const K extends Kinds<O>>(
  program: Command,
  args: readonly string[],
  options: O,
  kinds: K,
): Values<O, K> {
  const refuse = (message: string) =>
    new UserError(`${withoutOpposite(message).trim()}\nTry it with ${program.name()} -- --help.`)
  program
    .helpOption(false)
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
  const collect = (text: string, before: readonly string[] = []) => [...before, text]
  const declared = Object.entries(options).map(([name, { type, multiple }]) => {
    const option = program.createOption(type === 'boolean' ? `--${name}` : `--${name} <${name}>`)
    program.addOption(multiple ? option.argParser(collect) : option)
    return [name, option] as const
  })
  try {
    program.parse(args, { from: 'user' })
  } catch (error) {
    throw error instanceof CommanderError ? refuse(error.message) : error
  }
  const errors: string[] = []
  const values = declared.flatMap(([name, option]) => {
    const given = program.getOptionValue(option.attributeName())
    const value = (option.negate ? given === false || undefined : given) ?? options[name]?.default
    const kind = (kinds as Readonly<Record<string, Kind<unknown>>>)[name]
    const read = (text: string) => {
      if (kind === undefined) return text
      const { output, success } = safeParse(kind.schema, text)
      if (!success) errors.push(describeInvalid(`option '${option.flags}'`, text, kind.allowed))
      return output
    }
    if (value === undefined) return []
    return [[name, Array.isArray(value) ? value.map(read) : read(value)]]
  })
  if (errors.length > 0) throw refuse(errors.join('\n'))
  return Object.fromEntries(values)
}
