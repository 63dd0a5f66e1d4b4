/** How values of the command line are read: each is of a kind, and all wrong ones are reported at once. */
import { Option } from 'commander'
import { safeParse } from 'valibot'
import { duration as durationKind } from '../lib/app/settings/duration.ts'
import { ENVIRONMENT_NAME } from '../packages/runtime/settings/general.ts'
import {
  decimal,
  either,
  instant,
  type Kind,
  mapped,
  oneOf,
  text,
  wholeNumber,
} from '../packages/runtime/settings/values.ts'
import { WrongValue } from './declare.ts'

/**
 * The parser of values of this kind, for commander.
 *
 * @param shown how a message shows a wrong value
 */
export function parserOf<Value>(
  { schema, allowed }: Kind<Value>,
  shown: (text: string) => string = text => text,
): (text: string) => Value {
  return text => {
    const { success, output } = safeParse(schema, text)
    // No action sees a wrong value: `requireRightValues` runs before each.
    return success ? output : (new WrongValue(shown(text), allowed) as Value)
  }
}

/** As `parserOf`, for an address, which may hold a user and a password: messages show neither. */
export function addressOf<Value>(kind: Kind<Value>): (text: string) => Value {
  return parserOf(kind, text => text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, '$1…@'))
}

/** As `parserOf`, for an argument or option that can be given several times. */
export function listParserOf<Value>(kind: Kind<Value>) {
  const parse = parserOf(kind)
  return (text: string, before: readonly Value[] = []): readonly Value[] => [...before, parse(text)]
}

/** An option that takes one of these values. */
export function choice(flags: string, description: string, values: readonly string[]): Option {
  return new Option(flags, description).choices(values).argParser(parserOf(oneOf(values)))
}

export const positiveInteger = parserOf(wholeNumber({ least: 1 }))

/** A partition, or an offset: a whole number from 0 on. */
export const naturalNumber = parserOf(wholeNumber({ least: 0 }))

/** A number between two bounds, e.g. degrees. */
export const numberWithin = (least: number, most: number) => parserOf(decimal(least, most))

/**
 * The option that names an environment, as commander takes it.
 *
 * @param what it is named for, as in "to look at"
 */
export function environmentOption(what: string) {
  const description = `the environment ${what} (default: SLUICE_ENV, else "local")`
  return ['--env <name>', description, parserOf(ENVIRONMENT_NAME)] as const
}

/** The option of every command that reports: one JSON document on standard output instead of text. */
export const JSON_OPTION = ['--json', 'print one JSON document'] as const

/** A duration greater than zero, in milliseconds. */
export const duration = parserOf(durationKind())

/** An RFC 3339 time, or a duration before now; in milliseconds since the epoch. */
export const timeOrAgo = parserOf(
  either(
    instant(),
    mapped(durationKind(), ms => Date.now() - ms),
  ),
)

/** Text that says something: an empty option value is most often a shell variable that is not set. */
export const SOME_TEXT = text(/\S/, 'a text that is not empty')

export const someText = parserOf(SOME_TEXT)
