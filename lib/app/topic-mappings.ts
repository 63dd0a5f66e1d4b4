/** Reads foreign records in the same way as the functions of their topic, for everything that shows or validates records. */
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Application } from '../../packages/runtime/consumer/application.ts'
import { ConfigError } from '../../packages/runtime/settings/config-error.ts'
import { loadMappings, MappingFileError } from '../mapping/adapters/mapping-files.ts'
import { foreignReader } from '../mapping/foreign.ts'
import type { Mapping } from '../mapping/mapping.ts'
import { InvalidMapping } from '../mapping/mapping-file.ts'
import { type DeclaredFunction, mappingsByTopic, readFunctions, serverlessFile } from './functions.ts'
import type { MappingSettings } from './settings/index.ts'
import { signalIn } from './topics.ts'

export type TopicMappingSettings = Pick<MappingSettings, 'mappingsDir'> &
  Partial<Pick<MappingSettings, 'topicMappings'>>

/** Returns the mappings of a topic by its name in any environment; none for a topic without mappings. */
export type MappingsOfTopic = (topic: string) => readonly Mapping[]

/**
 * Reads the mappings of all topics; undefined if no topic has mappings.
 *
 * @param file the list of functions; a deployed function has no such file, and `TOPIC_MAPPINGS` has the mappings of all
 * @throws ConfigError if a mapping cannot be used
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
  const isOfFile = error instanceof MappingFileError || error instanceof InvalidMapping
  return isOfFile ? new ConfigError(`The topic ${topic}`, [error.message]) : error
}

/** Returns a reader of the foreign records of all topics, as `mappingsOfTopics` reads their mappings. */
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
