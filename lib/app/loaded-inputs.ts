/** Loads the inputs of an environment with their mappings and schemas, as the settings name them. */
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadInputs } from '../intake/adapters/load-inputs.ts'
import type { LoadedInputs } from '../intake/read-record.ts'
import { inputsIn } from './inputs.ts'
import { serverlessFile } from './serverless-file.ts'
import type { InputSettings } from './settings/inputs.ts'

/** @throws FileError if a file is missing or invalid */
export function loadedInputs({
  env,
  inputsFile,
  mappingsDir,
}: InputSettings & { readonly env: string }): Promise<LoadedInputs> {
  const project = serverlessFile()
  const folder = dirname(project instanceof URL ? fileURLToPath(project) : resolve(project))
  return loadInputs(inputsIn(env, inputsFile), {
    file: resolve(folder, inputsFile),
    shown: inputsFile,
    folder: resolve(folder, mappingsDir),
    shownFolder: mappingsDir,
  })
}
