import { readFile } from 'node:fs/promises'
import { ConfigError } from '#runtime/settings/config-error.ts'
import { yamlDocument } from '../support/yaml-document.ts'
import type { GeneratorSettings } from '../telemetry/simulator/settings.ts'
import { type GeneratorOverrides, generatorSettings } from './settings/generator.ts'

/** Reads the generator's settings from a YAML or JSON file. @throws ConfigError */
export async function generatorSettingsIn(
  file: string,
  defaults?: GeneratorOverrides,
  maxReadingsPerSecond?: number,
): Promise<GeneratorSettings> {
  const text = await readFile(file, 'utf8').catch(({ code }: NodeJS.ErrnoException) => {
    throw new ConfigError(file, [`the file cannot be read (${code})`])
  })
  const read = yamlDocument(text)
  if (!('content' in read)) throw new ConfigError(file, [`line ${read.line}: ${read.message}`])
  return generatorSettings(read.content, file, defaults, maxReadingsPerSecond)
}
