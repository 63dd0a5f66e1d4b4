/** Entries of functions in serverless.yml, as a reload uses them. Pure. */

import type { InputFiles } from './find-errors.ts'

/**
 * Part of a function's entry in serverless.yml that a reload uses. The Serverless Framework and serverless-offline read the same
 * object, so a change applies to all later starts of the function. Running instances are not affected.
 */
export interface Definition {
  /** Module and export of the handler, such as `functions/clock/handler.handler`. */
  handler: string
  events?: readonly object[]
  environment?: Record<string, string>
}

/** Returns the source file of a handler. */
export function toSourceFile({ handler }: { readonly handler: string }): string {
  return `${handler.slice(0, handler.lastIndexOf('.'))}.ts`
}

/** Returns the files of inputs and mappings that a function reads; undefined if it reads none. */
export function findInputFiles(environment: Definition['environment']): InputFiles | undefined {
  const { INPUTS_FILE: inputsFile, MAPPINGS_DIR: mappingsDir } = environment ?? {}
  return inputsFile && mappingsDir ? { inputsFile, mappingsDir } : undefined
}

/** Returns the topics that functions read. */
export function listTopics(functions: ReadonlyMap<string, Definition>, keys: Iterable<string>): Set<string> {
  const events = [...keys].flatMap(key => functions.get(key)?.events ?? [])
  return new Set(events.flatMap(event => Object.values(event).flatMap(({ topic }) => topic ?? [])))
}
