import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'
import { safeParse } from 'valibot'
import { ConfigError, errorLines, type Kind } from '#runtime/settings/index.ts'

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

/**
 * Parses the arguments of a command that has only options.
 *
 * @param command command as the user enters it; error messages refer to its `--help`
 * @throws ConfigError naming all errors: unknown options, missing values, and invalid values
 */
export function readOptions<const O extends ParseArgsOptionsConfig, const K extends Kinds<O>>(
  command: string,
  args: readonly string[],
  options: O,
  kinds?: K,
): Values<O, K> {
  return read(command, args, options, false, kinds ?? ({} as K)).values
}

/** Parses arguments like `readOptions`, for a command with positional arguments. */
export function readCommandLine<const O extends ParseArgsOptionsConfig, const K extends Kinds<O>>(
  command: string,
  args: readonly string[],
  options: O,
  kinds: K,
): { readonly values: Values<O, K>; readonly positionals: readonly string[] } {
  return read(command, args, options, true, kinds)
}

function read<const O extends ParseArgsOptionsConfig, const K extends Kinds<O>>(
  command: string,
  args: readonly string[],
  options: O,
  allowPositionals: boolean,
  kinds: K,
): { values: Values<O, K>; positionals: readonly string[] } {
  // Use the lenient parser, because the strict one reports only the first error.
  const parsed = parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true })
  const misplaced = parsed.tokens.flatMap(token => errorIn(token, options, allowPositionals, command))
  const isMisplaced = new Set(misplaced.map(({ name }) => name))
  const errors = misplaced.map(({ line }) => line)
  const entries = Object.entries(parsed.values).map(([name, value]) => {
    const kind = (kinds as Readonly<Record<string, Kind<unknown>>>)[name]
    if (kind === undefined || value === undefined || isMisplaced.has(name)) return [name, value]
    const readValue = (text: unknown) => {
      const { output, issues = [] } = safeParse(kind.schema, text)
      errors.push(...errorLines(issues).map(line => `--${name}: ${line}`))
      return output
    }
    return [name, Array.isArray(value) ? value.map(readValue) : readValue(value)]
  })
  if (errors.length > 0) throw new ConfigError(`the command line of \`${command}\``, errors)
  return { values: Object.fromEntries(entries), positionals: parsed.positionals }
}

type Token = NonNullable<ReturnType<typeof parseArgs>['tokens']>[number]

/** Returns the syntax errors of one part of the command line. */
function errorIn(
  token: Token,
  options: ParseArgsOptionsConfig,
  allowPositionals: boolean,
  command: string,
): { readonly name?: string; readonly line: string }[] {
  const help = `see ${command} -- --help`
  if (token.kind === 'positional')
    return allowPositionals ? [] : [{ line: `${token.value}: is not expected; ${help}` }]
  if (token.kind !== 'option') return []
  const { name, rawName, value, inlineValue } = token
  const option = Object.hasOwn(options, name) ? options[name] : undefined
  if (option === undefined) return [{ name, line: `${rawName}: is not an option; ${help}` }]
  if (option.type === 'boolean')
    return value === undefined ? [] : [{ name, line: `${rawName}: takes no value` }]
  if (value === undefined) return [{ name, line: `${rawName}: needs a value` }]
  if (inlineValue || !/^-./.test(value)) return []
  return [{ name, line: `${rawName}: needs a value; if it begins with "-", write ${rawName}=…` }]
}
