/** Reads the list of inputs, for functions, tools and packaging alike. */
import { readFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readSettings } from '#runtime/settings/index.ts'
import { type Input, listInputTypes } from '../intake/input.ts'
import { readInputs } from '../intake/parse-inputs.ts'
import { serverlessFile } from './serverless-file.ts'
import { INPUTS } from './settings/inputs.ts'

/** Inputs of a function: those that are named, or all except those that other functions name. */
export type InputSelection = { readonly only: readonly string[] } | { readonly except: readonly string[] }

/** Inputs that the local environment has beside those of the file, with all mappings. `npm start` creates their topics. */
const LOCAL_INPUTS: readonly Input[] = [{ topic: 'sensor-data' }, { topic: 'sensor_data' }]

/** Returns the inputs that an environment has beside those of the file. Only the environment of `npm start` has any. */
export function listLocalInputs(env: string): readonly Input[] {
  return env === 'local' ? LOCAL_INPUTS : []
}

const READ = new Map<string, readonly Input[]>()

/**
 * Returns the inputs of an environment. The file is read once.
 *
 * @param file path of the file, relative to the project; by default the setting INPUTS_FILE
 * @throws InvalidFile with all errors of the file
 */
export function inputsIn(env: string, file = readSettings([INPUTS]).inputsFile): readonly Input[] {
  const path = resolve(projectFolder(), file)
  const inputs = READ.get(path) ?? readFile(path)
  READ.set(path, inputs)
  return [...inputs, ...listLocalInputs(env).filter(({ topic }) => inputs.every(one => one.topic !== topic))]
}

/** Returns the event types that the inputs of an environment bring to `events`. @param file as for `inputsIn` */
export function inputTypesIn(env: string, file?: string): readonly string[] {
  return listInputTypes(inputsIn(env, file))
}

function readFile(path: string): readonly Input[] {
  try {
    return readInputs(readFileSync(path, 'utf8'), relative(projectFolder(), path))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** Returns the folder to which paths of settings are relative. */
export function projectFolder(): string {
  const file = serverlessFile()
  return dirname(file instanceof URL ? fileURLToPath(file) : resolve(file))
}

/** Returns the names of the inputs that a function reads, in the order of the list. */
export function selectInputs(
  selection: InputSelection | undefined,
  topics: readonly string[],
): readonly string[] {
  if (selection === undefined) return []
  return topics.filter(topic =>
    'only' in selection ? selection.only.includes(topic) : !selection.except.includes(topic),
  )
}
