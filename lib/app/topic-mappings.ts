/**
 * Reads foreign records in the same way as the functions of their topic, for everything that shows or
 * validates records.
 */
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Application } from '../../packages/runtime/consumer/application.ts'
import { loadMappings } from '../mapping/adapters/mapping-files.ts'
import { foreignReader } from '../mapping/foreign.ts'
import { type DeclaredFunction, readFunctions, serverlessFile } from './functions.ts'
import { signalIn } from './topics.ts'

type ReadForeign = NonNullable<Application['readForeign']>

/**
 * Returns the names of the mappings for each signal or foreign topic, in the order of the functions that read
 * it. Pure.
 */
export function mappingsByTopic(
  functions: readonly Pick<DeclaredFunction, 'consumes' | 'foreignTopics' | 'mappings'>[],
): ReadonlyMap<string, readonly string[]> {
  const byTopic = new Map<string, readonly string[]>()
  for (const { consumes, foreignTopics, mappings } of functions)
    if (mappings.length > 0)
      for (const topic of [...consumes, ...foreignTopics])
        byTopic.set(topic, [...new Set([...(byTopic.get(topic) ?? []), ...mappings])])
  return byTopic
}

/**
 * Returns the reader of foreign records of all topics, in any environment, using the mappings of the
 * functions; undefined if no function has any.
 *
 * @param file list of functions; a deployed function does not have it, and therefore no mappings of other
 * functions
 * @throws MappingFileError or InvalidMapping if a mapping cannot be used
 */
export async function topicMappings(
  mappingsDir: string,
  file: URL | string = serverlessFile(),
): Promise<ReadForeign | undefined> {
  const named = mappingsByTopic(functionsIn(file))
  if (named.size === 0) return undefined
  const folder = file instanceof URL ? resolve(dirname(fileURLToPath(file)), mappingsDir) : mappingsDir
  const readers = new Map(
    await Promise.all(
      [...named].map(async ([topic, names]) => {
        return [topic, foreignReader(await loadMappings(folder, names, mappingsDir))] as const
      }),
    ),
  )
  return (record, event) => readers.get(signalIn(record.topic) ?? record.topic)?.(record, event)
}

function functionsIn(file: URL | string): readonly DeclaredFunction[] {
  try {
    return readFunctions(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
