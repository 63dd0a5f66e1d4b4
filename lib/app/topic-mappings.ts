/** Reads foreign records with the mappings of their topic, as the functions do. Tools that show or validate records use it. */
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Application } from '#runtime/consumer/index.ts'
import { ConfigError } from '#runtime/settings/index.ts'
import { loadMappings } from '../mapping/adapters/load-mappings.ts'
import { foreignReader } from '../mapping/foreign-reader.ts'
import type { Mapping } from '../mapping/mapping.ts'
import { FileError } from '../support/file-errors.ts'
import { type DeclaredFunction, mappingsByTopic, readFunctions, serverlessFile } from './functions.ts'
import type { MappingSettings } from './settings/index.ts'
import { signalIn } from './topics.ts'

export type TopicMappingSettings = Pick<MappingSettings, 'mappingsDir'> &
  Partial<Pick<MappingSettings, 'topicMappings'>>

/** Lookup of a topic's mappings by the topic's name in any environment. Empty for a topic without mappings. */
export type MappingsOfTopic = (topic: string) => readonly Mapping[]

/**
 * Loads the mappings of all topics. Returns undefined if no topic has mappings.
 *
 * @param file serverless.yml with the list of functions. A deployed function has no such file, and uses only `TOPIC_MAPPINGS`.
 * @throws ConfigError if a mapping is missing or invalid
 */
export async function mappingsOfTopics(
  { mappingsDir, topicMappings: ofTopics = [] }: TopicMappingSettings,
  file: URL | string = serverlessFile(),
): Promise<MappingsOfTopic | undefined> {
  const named = mappingsByTopic(functionsIn(file), ofTopics)
  if (named.length === 0) return undefined
  const folder = file instanceof URL ? resolve(dirname(fileURLToPath(file)), mappingsDir) : mappingsDir
  const byTopic = new Map(
    await Promise.all(
      named.map(async ({ topic, mappings }) => {
        const loaded = loadMappings(folder, mappings, mappingsDir)
        return [topic, await loaded.catch(error => Promise.reject(unusable(topic, error)))] as const
      }),
    ),
  )
  return topic => byTopic.get(signalIn(topic) ?? topic) ?? []
}

function unusable(topic: string, error: unknown): unknown {
  return error instanceof FileError ? new ConfigError(`The topic ${topic}`, [error.message]) : error
}

/** Returns a reader that converts the foreign records of all topics, with the mappings from `mappingsOfTopics`. */
export async function topicMappings(
  ...from: Parameters<typeof mappingsOfTopics>
): Promise<Application['readForeign']> {
  const ofTopic = await mappingsOfTopics(...from)
  return ofTopic && ((record, event) => foreignReader(ofTopic(record.topic))(record, event))
}

function functionsIn(file: URL | string): readonly DeclaredFunction[] {
  try {
    return readFunctions(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
