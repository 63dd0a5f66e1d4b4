/** Reads the keys of function entries in serverless.yml that the Serverless Framework defines: handlers and limits. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { yamlContent } from '../support/yaml-document.ts'
import { serverlessFile } from './serverless-file.ts'

/** Handler and limits of a function. */
export interface FunctionEntry {
  /** Handler in the form `folder/module.name`. */
  readonly handler: string
  readonly timeoutSeconds: number
  readonly memoryMb: number
}

/** Defaults of the Serverless Framework for missing keys. */
const TIMEOUT_SECONDS = 6
const MEMORY_MB = 1_024

interface Keys {
  readonly handler?: unknown
  readonly timeout?: unknown
  readonly memorySize?: unknown
}

/**
 * Reads the handlers and limits of functions from a `serverless.yml`.
 *
 * @param file path or URL of the file; by default the `serverless.yml` of this project
 * @returns function that returns the entry for a function name
 * @throws Error with file, line and column if the file is not valid YAML
 */
export function readEntries(file: URL | string = serverlessFile()): (name: string) => FunctionEntry {
  const filename = file instanceof URL ? fileURLToPath(file) : file
  const { provider = {}, functions = {} } = yamlContent(readFileSync(filename, 'utf8'), filename) as {
    provider?: Keys
    functions?: Readonly<Record<string, Keys>>
  }
  const numberIn = (values: readonly unknown[], otherwise: number): number =>
    values.find(value => typeof value === 'number') ?? otherwise
  return name => ({
    handler: String(functions[name]?.handler ?? `functions/${name}/handler.handler`),
    timeoutSeconds: numberIn([functions[name]?.timeout, provider.timeout], TIMEOUT_SECONDS),
    memoryMb: numberIn([functions[name]?.memorySize, provider.memorySize], MEMORY_MB),
  })
}
