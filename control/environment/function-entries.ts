/** Reads the function entries in serverless.yml: the list of functions, and the handlers and limits that the framework defines. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { serverlessFile } from '../../lib/app/serverless-file.ts'
import { readText } from '../../lib/support/text-reader.ts'
import { yamlContent } from '../../lib/support/yaml-document.ts'
import { type DeclaredFunction, type Entry, parseFunctions } from './functions.ts'

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
  const { provider = {}, functions = {} } = readYamlFile(filename) as {
    provider?: Keys
    functions?: Readonly<Record<string, Keys>>
  }
  const findNumber = (values: readonly unknown[], otherwise: number): number =>
    values.find(value => typeof value === 'number') ?? otherwise
  return name => ({
    handler: String(functions[name]?.handler ?? `functions/${name}/handler.handler`),
    timeoutSeconds: findNumber([functions[name]?.timeout, provider.timeout], TIMEOUT_SECONDS),
    memoryMb: findNumber([functions[name]?.memorySize, provider.memorySize], MEMORY_MB),
  })
}

/**
 * Reads the list of functions from a file. Variables are not resolved, so the keys in `FunctionKeys` must not contain variables.
 *
 * @param file path or URL of the file; by default the `serverless.yml` of this project
 * @throws Error with file, line and column if the file is not valid YAML
 */
export function readFunctions(file: URL | string = serverlessFile()): DeclaredFunction[] {
  const filename = file instanceof URL ? fileURLToPath(file) : file
  const { functions } = readYamlFile(filename) as {
    functions?: Readonly<Record<string, Entry>>
  }
  return parseFunctions(functions ?? {})
}

/** Returns the content of a YAML file. @throws Error with file, line and column if it is not valid YAML */
export function readYamlFile(filename: string): unknown {
  return yamlContent(readText(readFileSync(filename), filename), filename)
}
