/**
 * A command of `sluice` as a value: its texts, its arguments and options, and what it does. Parsing, help and completion derive from it, and so do
 * the types of the values that it receives. `commands.ts` lists the commands.
 */
import { duration } from '../lib/app/settings/duration.ts'
import { ENVIRONMENT_NAME } from '../packages/runtime/settings/general.ts'
import { either, instant, type Kind, mapped, text, wholeNumber } from '../packages/runtime/settings/values.ts'
import type { Terminal } from './terminal.ts'

/** An argument or an option. */
export interface Parameter<Value> {
  readonly description: string
  /** The form of its text; undefined for a flag. */
  readonly kind?: Kind<unknown>
  /** The name of an option's value in the help, such as `<n>`. */
  readonly value?: string
  readonly isRequired?: boolean
  readonly isList?: boolean
  /** Is a flag `--no-…`. */
  readonly isNegated?: boolean
  /** Messages show neither user nor password of its address. */
  readonly isAddress?: boolean
  /** A letter that stands for the option. */
  readonly short?: string
  /** Default value, and its text in the help. */
  readonly initial?: { readonly value: Value; readonly shown?: string }
}

/** Parameters by name, in the order of the help. The option `dryRun` is `--dry-run`. */
export type Parameters = Readonly<Record<string, Parameter<unknown>>>

type ValueOf<P> = P extends Parameter<infer Value> ? Value : never

/** `dryRun` → `dry-run` */
export function dashed(name: string): string {
  return name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
}

/** The flag of an option, such as `--dry-run`. */
export function flagOf(name: string): string {
  return `--${dashed(name)}`
}

/** Values of a command's arguments and options. A value that may be missing is an optional property. */
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

interface Declaration<Arguments extends Parameters, Options extends Parameters> {
  /** Paragraphs, whose line breaks have no meaning. */
  readonly about: string
  /** Below the options: more paragraphs, and examples. */
  readonly more: string
  readonly args?: Arguments
  readonly options?: Options
  /** The command makes no connection to Kafka, although it has an environment. */
  readonly withoutKafka?: true
  /** @param given the names of the options that the command line has */
  run(
    values: ValuesOf<Arguments & Options>,
    terminal: Terminal,
    given: ReadonlySet<string>,
  ): Promise<void> | void
}

type NoParameters = Readonly<Record<never, never>>

/** A command with whatever arguments and options. */
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

/** One or more, as the last argument. */
export function argumentList<Value>(description: string, kind: Kind<Value>): Parameter<readonly Value[]> {
  return { description, kind, isRequired: true, isList: true }
}

/** None or more, as the last argument. */
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

/** @param shown how the help shows the initial value */
export function optionWithDefault<Value>(
  value: string,
  description: string,
  kind: Kind<Value>,
  initial: NoInfer<Value>,
  shown?: string,
): Parameter<Value> {
  return { description, kind, value, initial: { value: initial, ...(shown && { shown }) } }
}

/** Can be given several times. */
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

/** A flag that turns off what is on by default: `follow` is `--no-follow`. */
export function negation(description: string): Parameter<boolean> {
  return { description, isNegated: true }
}

/** The option with a letter, as `-n`. */
export function short<Value>(letter: string, option: Parameter<Value>): Parameter<Value> {
  return { ...option, short: letter }
}

/** The option for an address, which may hold a user and a password: messages show neither. */
export function address<Value>(option: Parameter<Value>): Parameter<Value> {
  return { ...option, isAddress: true }
}

/**
 * The option that names an environment. Commands with it have the options about Kafka, too.
 *
 * @param what it is named for, as in "to look at"
 */
export function environment(what: string): Parameter<string | undefined> {
  return option('<name>', `the environment ${what} (default: SLUICE_ENV, else "local")`, ENVIRONMENT_NAME)
}

/** The option of every command that reports: one JSON document on standard output instead of text. */
export const JSON_OPTION = flag('print one JSON document')

export const POSITIVE = wholeNumber({ least: 1 })

/** A partition, or an offset: a whole number from 0 on. */
export const NATURAL = wholeNumber({ least: 0 })

/** A duration greater than zero, in milliseconds. */
export const DURATION = duration()

/** An RFC 3339 time, or a duration before now; in milliseconds since the epoch. */
export const TIME_OR_AGO = either(
  instant(),
  mapped(duration(), ms => Date.now() - ms),
)

/** Text that says something: an empty option value is most often a shell variable that is not set. */
export const SOME_TEXT = text(/\S/, 'a text that is not empty')

export const ANY_TEXT = text(/^/, 'a text')
