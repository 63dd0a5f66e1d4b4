/** Reads foreign records by the mappings that a function's entry names. */
import type { Application } from '../../packages/runtime/consumer/application.ts'
import { APPLICATION } from './application.ts'
import type { MappingSettings } from './settings/index.ts'

/**
 * Reader for `Choices.foreignReader`. A function without mappings loads no code for them.
 *
 * @throws MappingFileError or InvalidMapping if a mapping cannot be used
 */
export async function mappingReader({
  mappings,
  mappingsDir,
}: Pick<MappingSettings, 'mappings' | 'mappingsDir'>): Promise<Application['readForeign']> {
  if (mappings.length === 0) return undefined
  const [{ loadMappings }, { foreignReader }] = await Promise.all([
    import('../mapping/adapters/mapping-files.ts'),
    import('../mapping/foreign.ts'),
  ])
  const read = foreignReader(await loadMappings(mappingsDir, mappings))
  return (record, event) => APPLICATION.readForeign?.(record, event) ?? read(record, event)
}
