/** Reads foreign records with the mappings that a function's entry lists. */
import type { Application } from '#runtime/consumer/index.ts'
import { APPLICATION } from './application.ts'
import type { MappingSettings } from './settings/index.ts'

/**
 * Returns a reader of foreign records, for `Choices.foreignReader`. The code of mappings is loaded only if the function has
 * mappings.
 *
 * @throws FileError if a mapping is missing or invalid
 */
export async function mappingReader({
  mappings,
  mappingsDir,
}: Pick<MappingSettings, 'mappings' | 'mappingsDir'>): Promise<Application['readForeign']> {
  if (mappings.length === 0) return undefined
  const [{ loadMappings }, { foreignReader }] = await Promise.all([
    import('../mapping/adapters/load-mappings.ts'),
    import('../mapping/foreign-reader.ts'),
  ])
  const read = foreignReader(await loadMappings(mappingsDir, mappings))
  return (record, event) => APPLICATION.readForeign?.(record, event) ?? read(record, event)
}
