/** Reads the settings of the generator from a file or a parameter. */
import type { CombinedParts } from '#runtime/settings'
import { readConfigFile } from '../../support/adapters/config-file.ts'
import type { GeneratorSettings } from '../../telemetry/simulator/settings.ts'
import type { GENERATOR } from '../settings/generator.ts'
import type { FAMILIES, PARTITION_KEY } from '../settings/index.ts'

/**
 * Reads the generator's settings from the configured file or parameter.
 *
 * @throws FileError, ConfigError
 */
export async function readGeneratorSettings(
  config: CombinedParts<readonly [typeof FAMILIES, typeof GENERATOR, typeof PARTITION_KEY]>,
  connections: { parameter(name: string | undefined): Promise<string> },
): Promise<GeneratorSettings> {
  const { families } = config
  const { generatorParameter: name, generatorFile: path, generatorDefaults: defaults, keyBy } = config
  const file = path
    ? { file: path, text: await readConfigFile(path, path) }
    : { file: `parameter ${name}`, text: await connections.parameter(name) }
  // The reader and its parser are loaded on first use, so that they do not delay cold starts.
  const { readGenerator } = await import('../../telemetry/simulator/parse-settings.ts')
  const settings = readGenerator(families, file, defaults)
  return keyBy ? { ...settings, keyBy } : settings
}
