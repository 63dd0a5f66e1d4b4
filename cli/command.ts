/**
 * Declaration of a command of `sluice`: its texts, its arguments and options, and the function that runs it. Parsing, help
 * and the types of the values are derived from the declaration. `commands.ts` lists the commands.
 */

import { ENVIRONMENT_NAME, type Kind, text, wholeNumber } from '#runtime/settings'
import { duration } from '../lib/app/settings/duration.ts'
import type { FieldRules } from '../lib/questions/field-rules.ts'
import type { Terminal } from './terminal.ts'

export { SOME_TEXT, TIME_OR_AGO } from '../lib/questions/field.ts'

/** Declaration of an argument or option. */
export interface Parameter<Value> {
  readonly description: string
  /** Kind of value, which parses the text from the command line; undefined for a flag. */
  readonly kind?: Kind<unknown>
  /** Placeholder of an option's value in the help, such as `<n>`. */
  readonly value?: string
  readonly isRequired?: boolean
  /** Name of the option that can be given instead of an argument. */
  readonly flag?: string
  readonly isList?: boolean
  /** True for a flag of the form `--no-…`. */
  readonly isNegated?: boolean
  /** True if the value is an address. Messages do not show its user and password. */
  readonly isAddress?: boolean
  /** Variable that the option sets. */
  readonly variable?: string
  /** Letter of the short form of the option. */
  readonly short?: string
  /** Default value, with its text in the help. */
  readonly initial?: { readonly value: Value; readonly shown?: string }
}

/** Parameters by name, in the order of the help. The option `dryRun` is `--dry-run` on the command line. */
export type Parameters = Readonly<Record<string, Parameter<unknown>>>

type ValueOf<P> = P extends Parameter<infer Value> ? Value : never

/** Converts a name to kebab case. For example, `dryRun` becomes `dry-run`. */
export function toKebabCase(name: string): string {
  return name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
}

/** Returns the flag of an option, such as `--dry-run`. */
export function toFlag(name: string): string {
  return `--${toKebabCase(name)}`
}

/** Values of a command's arguments and options. A value that may be absent is an optional property. */
export type ValuesOf<Declared extends Parameters> = {
  readonly [Name in keyof Declared as undefined extends ValueOf<Declared[Name]> ? never : Name]: ValueOf<
    Declared[Name]
  >
} & {
  readonly [Name in keyof Declared as undefined extends ValueOf<Declared[Name]> ? Name : never]?: Exclude<
    ValueOf<Declared[Name]>,
    undefined
  >
}

interface Declaration<Arguments extends Parameters, Options extends Parameters>
  extends FieldRules<keyof (Arguments & Options) & string> {
  /** Description of the command, in paragraphs. Line breaks within a paragraph are ignored. */
  readonly about: string
  /** Further paragraphs and examples, shown after the options. */
  readonly more: string
  readonly args?: Arguments
  readonly options?: Options
  /** True for a command that has the option `--env` but does not connect to Kafka. */
  readonly withoutKafka?: true
  run(values: ValuesOf<Arguments & Options>, terminal: Terminal): Promise<void> | void
}

type NoParameters = Readonly<Record<never, never>>

/** Command with any arguments and options. */
export type CommandValue = Declaration<Parameters, Parameters>

export function command<
  Arguments extends Parameters = NoParameters,
  Options extends Parameters = NoParameters,
>(declared: Declaration<Arguments, Options>): CommandValue {
  return declared as unknown as CommandValue
}

export function argument<Value>(description: string, kind: Kind<Value>): Parameter<Value> {
  return { description, kind, isRequired: true }
}

export function optionalArgument<Value>(
  description: string,
  kind: Kind<Value>,
): Parameter<Value | undefined> {
  return { description, kind }
}

/** Returns an argument with one or more values, which must be the last argument. */
export function argumentList<Value>(description: string, kind: Kind<Value>): Parameter<readonly Value[]> {
  return { description, kind, isRequired: true, isList: true }
}

/** Returns an argument with any number of values, which must be the last argument. */
export function optionalArguments<Value>(
  description: string,
  kind: Kind<Value>,
): Parameter<readonly Value[]> {
  return { description, kind, isList: true }
}

export function option<Value>(
  value: string,
  description: string,
  kind: Kind<Value>,
): Parameter<Value | undefined> {
  return { description, kind, value }
}

export function requiredOption<Value>(
  value: string,
  description: string,
  kind: Kind<Value>,
): Parameter<Value> {
  return { description, kind, value, isRequired: true }
}

/** Returns an option with a default value. @param shown text of the default value in the help */
export function optionWithDefault<Value>(
  value: string,
  description: string,
  kind: Kind<Value>,
  initial: NoInfer<Value>,
  shown?: string,
): Parameter<Value> {
  return { description, kind, value, initial: { value: initial, ...(shown && { shown }) } }
}

/** Returns an option that can be given several times. */
export function optionList<Value>(
  value: string,
  description: string,
  kind: Kind<Value>,
): Parameter<readonly Value[]> {
  return { description, kind, value, isList: true }
}

export function flag(description: string): Parameter<boolean> {
  return { description }
}

/** Returns a flag that disables something: `follow` becomes `--no-follow`. */
export function negation(description: string): Parameter<boolean> {
  return { description, isNegated: true }
}

/** Adds a short form such as `-n` to an option. */
export function short<Value>(letter: string, option: Parameter<Value>): Parameter<Value> {
  return { ...option, short: letter }
}

/** Marks the value of an option as an address, so that messages do not show its user and password. */
export function address<Value>(option: Parameter<Value>): Parameter<Value> {
  return { ...option, isAddress: true }
}

/**
 * Returns the option `--env`. Commands with this option also have the Kafka options.
 *
 * @param what purpose of the environment, such as "to look at"
 */
export function environment(what: string): Parameter<string | undefined> {
  return option('<name>', `the environment ${what} (default: SLUICE_ENV, else "local")`, ENVIRONMENT_NAME)
}

/** Option of all commands that print a report. With it, they print one JSON document to standard output instead of text. */
export const JSON_OPTION = flag('print one JSON document')

export const FLAT_OPTION = flag('print a flat JSON document per line, with names in snake_case')

export const POSITIVE = wholeNumber({ least: 1 })

/** Kind for a partition or an offset: a non-negative integer. */
export const NATURAL = wholeNumber({ least: 0 })

/** Kind for a duration greater than zero, in milliseconds. */
export const DURATION = duration()

export const ANY_TEXT = text(/^/, 'a text')
