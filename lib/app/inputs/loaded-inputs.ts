/** Loads the inputs of an environment with their mappings and schemas, as the settings name them. */
import { resolve } from 'node:path'
import { loadInputs } from '../../intake/adapters/load-inputs.ts'
import { type LoadedInputs, listInputSchemas } from '../../intake/read-record.ts'
import type { TypeSchema } from '../../schemas/json-schema.ts'
import type { Families } from '../../telemetry/families.ts'
import type { StreamTopics } from '../../views/language/compile-stream.ts'
import type { InputSettings } from '../settings/inputs.ts'
import { type InputsConfig, projectFolder, resolveInputs } from './inputs.ts'

type Config = InputsConfig & InputSettings & { readonly families: Families }

/** @throws FileError if a file is missing or invalid */
export async function loadAllInputs(config: Config, inputs = resolveInputs(config)): Promise<LoadedInputs> {
  const { env, families, inputsFile, mappingsDir, timeZone } = config
  const folder = projectFolder()
  return loadInputs(families, inputs, {
    file: resolve(folder, inputsFile),
    shown: inputsFile,
    folder: resolve(folder, mappingsDir),
    shownFolder: mappingsDir,
    ...{ env, timeZone },
  })
}

/** Loads the topics that statements can name. @throws FileError as `loadAllInputs` */
export async function loadStreamTopics(config: Config): Promise<StreamTopics> {
  const { env, names } = config
  return { inputs: await loadAllInputs(config), findSignal: topic => names.signalNamed(topic, env) }
}

/** Loads the schemas of the event types that inputs bring to `events`. @throws FileError as `loadAllInputs` */
export async function loadInputSchemas(config: Config): Promise<readonly TypeSchema[]> {
  const inputs = resolveInputs(config).filter(({ as }) => as?.schema !== undefined)
  return listInputSchemas(await loadAllInputs(config, inputs))
}
