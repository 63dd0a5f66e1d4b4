/**
 * Reads the settings file, a YAML file with settings of functions and commands. Each key corresponds to an environment variable and
 * applies only if the variable is not set.
 */

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { ConfigError, type Environment, readContent } from '#runtime/settings'
import { LOCAL_PORTS } from '../../lib/app/settings/index.ts'
import { describeReadError } from '../../lib/support/file-errors.ts'
import { describeUnknown } from '../../lib/support/suggestion.ts'
import { readText } from '../../lib/support/text-reader.ts'
import { yamlDocument } from '../../lib/support/yaml-document.ts'
import { SLICES } from './config.ts'
import { withPrecedence } from './precedence.ts'

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
  const values = readContent(yaml.content, [...SLICES, LOCAL_PORTS], (path, problem, names) => {
    const message = names ? describeUnknown('key', path.at(-1) ?? '', names) : problem
    errors.push({ line: yaml.positionOf(path).line, message: `${path.join('.')}: ${message}` })
  })
  if (errors.length === 0) return values
  errors.sort((a, b) => a.line - b.line)
  throw new ConfigError(
    file,
    errors.map(({ line, message }) => `line ${line}: ${message}`),
  )
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
