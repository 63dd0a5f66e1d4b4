/** Reads the list of inputs, for functions, tools and packaging alike. */
import { readFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { KafkaTopic } from '#runtime/adapters/kafka/topic-configuration.ts'
import type { KafkaSettings } from '#runtime/settings/index.ts'
import type { Input } from '../intake/input.ts'
import { readInputs } from '../intake/parse-inputs.ts'
import { readText } from '../support/text-reader.ts'
import { readClusterSettings } from './input-cluster.ts'
import type { Named } from './names.ts'
import { serverlessFile } from './serverless-file.ts'
import type { InputSettings } from './settings/inputs.ts'

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

/** Returns the topics of the local inputs, which `npm start` and `sluice topics apply` create. */
export function listLocalTopics(config: LocalInputsConfig): readonly KafkaTopic[] {
  return listLocalInputs(config).map(({ topic }) => ({ name: topic, ...LAYOUT }))
}

/** Returns the topics of all inputs in Sluice's own cluster, which `npm start` creates in a Kafka that it starts. */
export function listInputTopics(config: InputsConfig): readonly KafkaTopic[] {
  return resolveInputs(config).flatMap(({ topic, cluster }) => (cluster ? [] : [{ name: topic, ...LAYOUT }]))
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

/** Returns the names of the inputs that are in a further cluster. */
export function listFurtherTopics(inputs: readonly Input[]): ReadonlySet<string> {
  return new Set(inputs.flatMap(({ topic, cluster }) => (cluster ? [topic] : [])))
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

/** Settings that decide how the further cluster is reached. */
type FurtherClusterConfig = InputsConfig &
  InputSettings & { readonly kafka: Pick<KafkaSettings['kafka'], 'clusterArn'> }

/** Returns the function that finds the settings of the cluster of a topic; undefined for Sluice's own cluster. */
export function createClusterFinder(config: FurtherClusterConfig, inputs = resolveInputs(config)) {
  const { kafka, inputSignIn } = config
  const found = new Map<string, KafkaSettings>()
  return (topic: string): KafkaSettings | undefined => {
    const cluster = inputs.find(input => input.topic === topic)?.cluster
    if (cluster === undefined) return undefined
    const settings =
      found.get(cluster.name) ?? readClusterSettings(cluster, kafka.clusterArn !== undefined, inputSignIn)
    found.set(cluster.name, settings)
    return settings
  }
}
