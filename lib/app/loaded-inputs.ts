/** Loads the inputs of an environment with their mappings and schemas, as the settings name them. */
import { resolve } from 'node:path'
import { loadInputs } from '../intake/adapters/load-inputs.ts'
import type { LoadedInputs } from '../intake/read-record.ts'
import type { TypeSchema } from '../schemas/json-schema.ts'
import { inputsIn, projectFolder } from './inputs.ts'
import type { InputSettings } from './settings/inputs.ts'

type Config = InputSettings & { readonly env: string }

/** @throws FileError if a file is missing or invalid */
export function loadedInputs(
  config: Config,
  inputs = inputsIn(config.env, config.inputsFile),
): Promise<LoadedInputs> {
  const { inputsFile, mappingsDir } = config
  const folder = projectFolder()
  return loadInputs(inputs, {
    file: resolve(folder, inputsFile),
    shown: inputsFile,
    folder: resolve(folder, mappingsDir),
    shownFolder: mappingsDir,
  })
}

/** Loads the schemas of the event types that inputs bring to `events`. @throws FileError as `loadedInputs` */
export async function loadInputSchemas(config: Config): Promise<readonly TypeSchema[]> {
  const inputs = inputsIn(config.env, config.inputsFile).filter(({ as }) => as?.schema !== undefined)
  const loaded = [...(await loadedInputs(config, inputs)).values()]
  return loaded.flatMap(({ as, schema }) => (as && schema ? [{ type: as.type, schema }] : []))
}
