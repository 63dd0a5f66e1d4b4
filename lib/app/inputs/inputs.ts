/** Reads the list of inputs, for functions, tools and packaging alike. */
import { readFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { KafkaTopic } from '#runtime/operating/servers'
import type { KafkaSettings } from '#runtime/settings'
import type { Input } from '../../intake/input.ts'
import { readInputs } from '../../intake/parse-inputs.ts'
import { readText } from '../../support/text-reader.ts'
import type { Named } from '../naming/names.ts'
import { serverlessFile } from '../serverless-file.ts'
import type { InputSettings } from '../settings/inputs.ts'

/** Inputs that one machine has beside those of the file, with all mappings. */
const LOCAL_INPUTS: readonly Input[] = [{ topic: 'sensor-data' }, { topic: 'sensor_data' }]
/** Layout of their topics. Those that exist are used as they are. */
const LAYOUT = { partitions: 3, keptDays: 7, maxMessageBytes: 1024 * 1024, timestamps: 'CreateTime' } as const

type LocalInputsConfig = Pick<Named, 'names'> & Pick<KafkaSettings, 'isOneMachine'>

/** Returns the inputs that one machine has beside those of the file, except those whose names are given to topics of Sluice. */
export function listLocalInputs({ isOneMachine, names }: LocalInputsConfig): readonly Input[] {
  return isOneMachine ? LOCAL_INPUTS.filter(({ topic }) => names.topicNamed(topic) === undefined) : []
}

/** Settings that decide the inputs of an environment. */
export type InputsConfig = Named & LocalInputsConfig & Pick<InputSettings, 'inputsFile'>

/** Returns the topics of all inputs, which `npm start` and, on one machine, `sluice topics apply` create. */
export function listInputTopics(config: InputsConfig): readonly KafkaTopic[] {
  return resolveInputs(config).map(({ topic }) => ({ name: topic, ...LAYOUT }))
}

/**
 * Reads the inputs of an environment.
 *
 * @throws InvalidFile with all errors of the file
 */
export function resolveInputs(config: InputsConfig): readonly Input[] {
  const inputs = readFile(resolve(projectFolder(), config.inputsFile), config.env)
  return [
    ...inputs,
    ...listLocalInputs(config).filter(({ topic }) => inputs.every(input => input.topic !== topic)),
  ]
}

function readFile(path: string, env: string): readonly Input[] {
  const file = relative(projectFolder(), path)
  try {
    return readInputs(readText(readFileSync(path), file), file, env)
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
