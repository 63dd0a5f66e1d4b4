/**
 * Reads the settings file, a YAML file with settings of functions and commands. Each key corresponds to an environment variable and
 * applies only if the variable is not set.
 */

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { safeParse } from 'valibot'
import { ConfigError, type Environment, listSettings, type Setting } from '#runtime/settings/index.ts'
import { describeReadError, type FilePath } from '../support/file-errors.ts'
import { isObject } from '../support/json.ts'
import { describeUnknown } from '../support/suggestion.ts'
import { readText } from '../support/text-reader.ts'
import { yamlDocument } from '../support/yaml-document.ts'
import { SLICES } from './config.ts'
import { LOCAL_PORTS } from './settings/index.ts'
import { withPrecedence } from './settings/precedence.ts'

/** Returns the variables by section and key of the file, with their settings. */
function listKeys(): ReadonlyMap<string, ReadonlyMap<string, readonly [variable: string, Setting]>> {
  const all = Object.entries<Setting>(listSettings([...SLICES, LOCAL_PORTS]))
  const sections = Map.groupBy(all, ([, { key }]) => key?.split('.')[0])
  const mapKeys = (settings: typeof all) =>
    new Map(settings.map(row => [row[1].key?.split('.')[1] ?? '', row]))
  return new Map(
    [...sections].flatMap(([section, own]) => (section ? [[section, mapKeys(own)] as const] : [])),
  )
}

/**
 * Returns the environment, completed with values from the settings file named by SLUICE_CONFIG or by a command-line option.
 *
 * @param named path given as an option
 * @param folder base folder of relative paths
 * @throws ConfigError with every error and its line; FileError if the file is not UTF-8
 */
export function mergeSettingsFile(
  environment: Environment,
  named: string | undefined,
  folder: string,
): Environment {
  const file = named ?? environment.SLUICE_CONFIG?.trim()
  if (!file) return environment
  const text = readText(readBytes(resolve(folder, file), file), file)
  return withPrecedence(environment, readSettingsFile(text, file))
}

function readBytes(path: string, file: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new ConfigError(file, [describeReadError(error as NodeJS.ErrnoException)])
  }
}

/**
 * Parses the text of a settings file.
 *
 * @param file name of the file in error messages
 * @returns values by variable
 * @throws ConfigError with every error and its line
 */
export function readSettingsFile(text: string, file: string): Environment {
  const yaml = yamlDocument(text)
  if ('message' in yaml) throw new ConfigError(file, [`line ${yaml.line}: ${yaml.message}`])
  const errors: { line: number; message: string }[] = []
  const report = (path: FilePath, message: string) =>
    errors.push({ line: yaml.positionOf(path).line, message: `${path.join('.')}: ${message}` })
  const values = new Map<string, string>()
  const sections = listKeys()
  for (const [section, content] of listEntries(yaml.content ?? {}, [], report)) {
    const keys = sections.get(section)
    if (keys === undefined) report([section], describeUnknown('key', section, [...sections.keys()]))
    else
      for (const [key, value] of listEntries(content ?? {}, [section], report)) {
        const path = [section, key]
        const [variable, setting] = keys.get(key) ?? []
        const written = formatValue(value)
        if (variable === undefined || setting === undefined)
          report(path, describeUnknown('key', key, [...keys.keys()]))
        else if (written === undefined) report(path, 'must be a string, a number, or a list of them')
        else if (written !== '') {
          const { issues } = safeParse(setting.schema, written)
          for (const { message } of issues ?? []) report(path, message)
          values.set(variable, written)
        }
      }
  }
  if (errors.length === 0) return Object.fromEntries(values)
  errors.sort((a, b) => a.line - b.line)
  throw new ConfigError(
    file,
    errors.map(({ line, message }) => `line ${line}: ${message}`),
  )
}

function listEntries(
  content: unknown,
  path: FilePath,
  report: (path: FilePath, message: string) => void,
): readonly [string, unknown][] {
  if (isObject(content)) return Object.entries(content)
  report(path, 'must be a mapping')
  return []
}

/**
 * Converts a value to the text of an environment variable. Null becomes an empty text. Returns undefined for a value that a
 * variable cannot represent.
 */
function formatValue(value: unknown): string | undefined {
  if (value === null) return ''
  if (typeof value === 'boolean') return value ? 'on' : 'off'
  if (typeof value === 'string' || typeof value === 'number') return String(value).trim()
  const parts = Array.isArray(value)
    ? value.map(formatValue)
    : Object.entries(value as object).map(([name, one]) =>
        one === null ? name : `${name}=${formatValue(one)}`,
      )
  return parts.includes(undefined) ? undefined : parts.join(',')
}

/**
 * Applies the settings file by setting the environment variables of this process, which child processes inherit.
 *
 * @param named path given as a command-line option
 * @throws ConfigError with every error and its line
 */
export function useSettingsFile(named?: string): void {
  const { env } = process
  Object.assign(env, mergeSettingsFile(env, named, process.cwd()))
}
