/** Options that settings declare. An option takes precedence over the variable of its setting. */
import { type Command, Option } from 'commander'
import { type GenericSchema, type OptionalSchema, unwrap } from 'valibot'
import type { Setting, Slice } from '#runtime/settings'
import { type Field, type Fields, inTerminal, optionField } from '../control/questions/field.ts'

type Settings = Slice['settings']

/** Returns the option of a setting. Its value in the help is described by the setting, without Markdown. */
export function settingOption<Of extends Settings, Variable extends keyof Of & string>(
  settings: Of,
  variable: Variable,
): Field<Of[Variable] extends Setting<infer Value> ? Exclude<Value, undefined> : never> {
  const { option: flags = '', description, allowed, default: usual, schema } = settings[variable] as Setting
  const [first = ''] = description
    .replace(/\[([^\][]{1,200})\]\([^()[\]]{1,200}\)|`/g, '$1')
    .split(/[.:](?= |$)/)
  const text = first.replace(/^[A-Z](?![A-Z])/, letter => letter.toLowerCase())
  const kind = { allowed, schema: unwrap(schema as OptionalSchema<GenericSchema<string>, string>) }
  const standard = `${variable}${usual === undefined ? '' : `, else ${usual}`}`
  const field = optionField(flags.replace(/^\S+ /, ''), `${text} (default: ${standard})`, kind)
  return inTerminal(field, { variable }) as ReturnType<typeof settingOption<Of, Variable>>
}

/** Returns the options that the settings of a slice declare. */
export function settingOptions({ settings }: Pick<Slice, 'settings'>): Fields {
  const entries = Object.entries(settings).flatMap(([variable, { option: flags }]) =>
    flags === undefined ? [] : [[new Option(flags).attributeName(), settingOption(settings, variable)]],
  )
  return Object.fromEntries(entries)
}

/** An option with the variable that it sets. */
export class DeclaredOption extends Option {
  readonly variable: string | undefined

  constructor(flags: string, { about, terminal }: Field<unknown>) {
    super(flags, about)
    this.variable = terminal?.variable
  }
}

/** Returns the options of a command by the variables that they set. */
export function optionsByVariable(command: Command | undefined): ReadonlyMap<string, Option> {
  const options = command?.options ?? []
  return new Map(
    options.flatMap(own => (own instanceof DeclaredOption && own.variable ? [[own.variable, own]] : [])),
  )
}

/** Matches the name of a variable, with its value if it has one. A name that is already followed by an option is not matched. */
const VARIABLE = /\b([A-Z][A-Z_]*[A-Z])(=[\w-]+)?(?![\w-]| \(--)/g

/** Returns the message with `KAFKA_AUTH (--auth)` instead of `KAFKA_AUTH`, if the command has that option. */
export function addOptionNames(message: string, command: Command | undefined): string {
  const options = optionsByVariable(command)
  return message.replace(VARIABLE, (named, variable: string) => {
    const own = options.get(variable)
    return own === undefined ? named : `${named} (${own.long})`
  })
}
