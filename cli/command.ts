/**
 * Declaration of a command of `sluice`: its texts, its fields, and the function that runs it. Parsing, help and the types of the
 * values are derived from the declaration. `commands.ts` lists the commands.
 */

import { ENVIRONMENT_NAME, text, wholeNumber } from '#runtime/settings'
import { type Fields, type Filter, flagField, optionField } from '../control/questions/field.ts'
import type { FieldRules } from '../control/questions/field-rules.ts'
import type { Terminal } from './terminal.ts'

/** Converts a name to kebab case. For example, `dryRun` becomes `dry-run`. */
export function toKebabCase(name: string): string {
  return name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
}

/** Returns the flag of an option, such as `--dry-run`. */
export function toFlag(name: string): string {
  return `--${toKebabCase(name)}`
}

interface Declaration<Of extends Fields> extends FieldRules<keyof Of & string> {
  /** Description of the command, in paragraphs. Line breaks within a paragraph are ignored. */
  readonly about: string
  /** Further paragraphs and examples, shown after the options. */
  readonly more: string
  /** Arguments, which are names, and options, in the order of the help. The option `dryRun` is `--dry-run` on the command line. */
  readonly fields: Of
  /** True for a command that has the option `--env` but does not connect to Kafka. */
  readonly withoutKafka?: true
}

/** Reads the values of fields from the command line. */
type ReadFields = <Of extends Fields>(fields: Of) => Filter<Of>

export interface CommandValue extends Declaration<Fields> {
  run(read: ReadFields, terminal: Terminal): Promise<void> | void
}

/** Declares a command. */
export function command<Of extends Fields>({
  run,
  ...declared
}: Declaration<Of> & {
  readonly run: (values: Filter<Of>, terminal: Terminal) => Promise<void> | void
}): CommandValue {
  return { ...declared, run: (read, terminal) => run(read(declared.fields), terminal) }
}

/**
 * Returns the option `--env`. Commands with this option also have the Kafka options.
 *
 * @param what purpose of the environment, such as "to look at"
 */
export function environment(what: string) {
  return optionField(
    '<name>',
    `the environment ${what} (default: SLUICE_ENV, else "local")`,
    ENVIRONMENT_NAME,
  )
}

/** Option of all commands that print a report. With it, they print one JSON document to standard output instead of text. */
export const JSON_OPTION = flagField('print one JSON document')

export const FLAT_OPTION = flagField('print a flat JSON document per line, with names in snake_case')

export const POSITIVE = wholeNumber({ least: 1 })

export const ANY_TEXT = text(/^/, 'a text')
