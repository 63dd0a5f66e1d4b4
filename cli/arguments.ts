/** What several commands take: parsers of option values. What they throw, commander reports with the option's name. */
import { InvalidArgumentError } from 'commander'
import { isStackName } from './stacks/stack.ts'

export function positiveInteger(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 1 on.')
  return Number(text)
}

/** A partition, or an offset: a whole number from 0 on. */
export function naturalNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 0 on.')
  return Number(text)
}

/** A number between two bounds, e.g. degrees. */
export function numberWithin(least: number, most: number): (text: string) => number {
  return text => {
    const value = /^[+-]?\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
    if (value >= least && value <= most) return value
    throw new InvalidArgumentError(`It must be a number from ${least} to ${most}.`)
  }
}

/**
 * The option that names an environment, as commander takes it.
 *
 * @param what it is named for, as in "to look at"
 */
export function environmentOption(what: string) {
  const description = `the environment ${what} (default: SLUICE_ENV, else "local")`
  return ['--env <name>', description, environmentName] as const
}

/** The option of every command that reports: one JSON document on standard output instead of text. */
export const JSON_OPTION = ['--json', 'print one JSON document'] as const

/** The name of a stack, see `stacks/stack.ts`. */
export function stackName(text: string): string {
  if (isStackName(text)) return text
  throw new InvalidArgumentError('It must be 1 to 20 lower-case letters, digits and "-".')
}

/** The name of an environment: the last part of the topics' names. */
function environmentName(text: string): string {
  if (/^[a-z0-9-]{1,20}$/.test(text)) return text
  throw new InvalidArgumentError('It must be 1 to 20 lower-case letters, digits and "-".')
}

/** Text that says something: an empty option value is most often a shell variable that is not set. */
export function someText(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('It must not be empty.')
  return text
}
