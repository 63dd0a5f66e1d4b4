/** Reads the list of inputs, for functions, tools and packaging alike. */
import { readFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type GeneralSettings, type KafkaSettings, readSettings } from '#runtime/settings/index.ts'
import { type Input, listInputTypes } from '../intake/input.ts'
import { readInputs } from '../intake/parse-inputs.ts'
import { readClusterSettings } from './input-cluster.ts'
import { serverlessFile } from './serverless-file.ts'
import { INPUTS, type InputSettings } from './settings/inputs.ts'
import { topicNamed } from './topics.ts'

/** Inputs of a function: those that are named, or all except those that other functions name. */
export type InputSelection = { readonly only: readonly string[] } | { readonly except: readonly string[] }

/** Inputs that the local environment has beside those of the file, with all mappings. `npm start` creates their topics. */
const LOCAL_INPUTS: readonly Input[] = [{ topic: 'sensor-data' }, { topic: 'sensor_data' }]

/**
 * Returns the inputs that an environment has beside those of the file. Only the environment of `npm start` has any, except those
 * whose names are given to topics of Sluice.
 */
export function listLocalInputs(env: string): readonly Input[] {
  return env === 'local' ? LOCAL_INPUTS.filter(({ topic }) => topicNamed(topic) === undefined) : []
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

/** Returns the names of the inputs that are in a further cluster. @param file as for `inputsIn` */
export function listFurtherTopics(env: string, file?: string): ReadonlySet<string> {
  return new Set(inputsIn(env, file).flatMap(({ topic, cluster }) => (cluster ? [topic] : [])))
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

/** Settings that decide how the further cluster is reached. */
type FurtherClusterConfig = Pick<GeneralSettings, 'env'> &
  InputSettings & { readonly kafka: Pick<KafkaSettings['kafka'], 'clusterArn'> }

/** Returns the function that finds the settings of the cluster of a topic; undefined for Sluice's own cluster. */
export function createClusterFinder({ env, inputsFile, kafka, inputSignIn }: FurtherClusterConfig) {
  const found = new Map<string, KafkaSettings>()
  return (topic: string): KafkaSettings | undefined => {
    const cluster = inputsIn(env, inputsFile).find(one => one.topic === topic)?.cluster
    if (cluster === undefined) return undefined
    const settings =
      found.get(cluster.name) ?? readClusterSettings(cluster, kafka.clusterArn !== undefined, inputSignIn)
    found.set(cluster.name, settings)
    return settings
  }
}
