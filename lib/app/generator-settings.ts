/** Reads the settings document of the generator. */
import { readFile } from 'node:fs/promises'
import { type CombinedParts, ConfigError } from '#runtime/settings/index.ts'
import { describeReadError } from '../support/file-errors.ts'
import type { Families } from '../telemetry/families.ts'
import type { GeneratorSettings } from '../telemetry/simulator/settings.ts'
import { type GENERATOR, type GeneratorOverrides, generatorSettings } from './settings/generator.ts'
import type { FAMILIES, PARTITION_KEY } from './settings/index.ts'

/**
 * Reads the generator's settings from the configured file or parameter.
 *
 * @throws ConfigError
 */
export async function readGeneratorSettings(
  config: CombinedParts<readonly [typeof FAMILIES, typeof GENERATOR, typeof PARTITION_KEY]>,
  connections: { parameter(name: string | undefined): Promise<unknown> },
): Promise<GeneratorSettings> {
  const { families } = config
  const { generatorParameter: name, generatorFile: file, generatorDefaults: defaults, keyBy } = config
  const settings = file
    ? await resolveGeneratorSettings(families, file, defaults)
    : generatorSettings(families, await connections.parameter(name), name && `parameter ${name}`, defaults)
  return keyBy ? { ...settings, keyBy } : settings
}

/** Reads the generator's settings from a YAML or JSON file. @throws ConfigError */
export async function resolveGeneratorSettings(
  families: Families,
  file: string,
  defaults?: GeneratorOverrides,
  maxReadingsPerSecond?: number,
): Promise<GeneratorSettings> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new ConfigError(file, [describeReadError(error)])
  })
  // The parser is loaded on first use: deployed generators read a parameter.
  const { yamlDocument } = await import('../support/yaml-document.ts')
  const read = yamlDocument(text)
  if (!('content' in read)) throw new ConfigError(file, [`line ${read.line}: ${read.message}`])
  return generatorSettings(families, read.content, file, defaults, maxReadingsPerSecond)
}
