import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'
import { safeParse } from 'valibot'
import { ConfigError, errorLines } from '../lib/runtime/settings/config-error.ts'
import type { Kind } from '../lib/runtime/settings/values.ts'
import { UserError } from './user-error.ts'

/** What the values of some options may be, by their names. Every other option has its text. */
type Kinds<Options> = { readonly [Name in keyof Options]?: Kind<unknown> }

type Texts<Options extends ParseArgsOptionsConfig> = ReturnType<
  typeof parseArgs<{ options: Options; strict: true }>
>['values']

/** What a text, a list of texts or nothing becomes where the text is of a kind. */
type Read<Text, Value> = Text extends string ? Value : Text extends readonly string[] ? Value[] : Text

type Values<Options extends ParseArgsOptionsConfig, K> = {
  readonly [Name in keyof Texts<Options>]: Name extends keyof K
    ? K[Name] extends Kind<infer Value>
      ? Read<Texts<Options>[Name], Value>
      : Texts<Options>[Name]
    : Texts<Options>[Name]
}

/**
 * Reads the arguments of a command that takes options and nothing else.
 *
 * @param command as a person types it; the message sends them to its `--help`
 * @throws UserError where an option is not known, or lacks its value
 * @throws ConfigError naming every option whose value is not allowed
 */
export function readOptions<const O extends ParseArgsOptionsConfig, const K extends Kinds<O>>(
  command: string,
  args: readonly string[],
  options: O,
  kinds?: K,
): Values<O, K> {
  return read(command, args, options, false, kinds ?? ({} as K)).values
}

/** As `readOptions`, of a command that takes arguments beside its options. */
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
  const { values, positionals } = parsed(command, args, options, allowPositionals)
  const errors: string[] = []
  const entries = Object.entries(values).map(([name, value]) => {
    const kind = (kinds as Readonly<Record<string, Kind<unknown>>>)[name]
    if (kind === undefined || value === undefined) return [name, value]
    const readValue = (text: unknown) => {
      const { output, issues = [] } = safeParse(kind.schema, text)
      errors.push(...errorLines(issues).map(line => `--${name}: ${line}`))
      return output
    }
    return [name, Array.isArray(value) ? value.map(readValue) : readValue(value)]
  })
  if (errors.length > 0) throw new ConfigError(`the command line of \`${command}\``, errors)
  return { values: Object.fromEntries(entries), positionals }
}

function parsed(
  command: string,
  args: readonly string[],
  options: ParseArgsOptionsConfig,
  allowPositionals: boolean,
) {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals })
  } catch (error) {
    const [reason] = (error as Error).message.split(/\.\s/)
    throw new UserError(`${reason}. Try: ${command} -- --help`)
  }
}
