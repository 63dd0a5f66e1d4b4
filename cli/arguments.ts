/** What several commands take: parsers of option values. What they throw, commander reports with the option's name. */
import { InvalidArgumentError } from 'commander'
import { safeParse } from 'valibot'
import { duration as durationKind } from '../lib/app/settings/duration.ts'
import { ENVIRONMENT_NAME } from '../lib/runtime/settings/general.ts'
import { decimal, type Kind, text, wholeNumber } from '../lib/runtime/settings/values.ts'
import { STACK_NAME } from '../stacks/stack.ts'

/** The parser of values of this kind. */
function parserOf<Value>({ schema, allowed }: Kind<Value>): (text: string) => Value {
  return text => {
    const { success, output } = safeParse(schema, text)
    if (success) return output
    throw new InvalidArgumentError(`It must be ${allowed}.`)
  }
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

/** The name of a stack, see `stacks/stack.ts`. */
export const stackName = parserOf(STACK_NAME)

/** Text that says something: an empty option value is most often a shell variable that is not set. */
export const someText = parserOf(text(/\S/, 'a text that is not empty'))
