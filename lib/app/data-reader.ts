import { dataReaderOf } from '../../packages/runtime/lambda/data-reader.ts'
import type { DataReader } from '../../packages/runtime/pipeline/ports.ts'
import type { RegistrySettings } from '../../packages/runtime/settings/registry.ts'
import { APPLICATION } from './application.ts'

/** Reads the data of any event of Sluice, with the configured schema registry or else with the packaged schemas. */
export function dataReader(config: RegistrySettings): DataReader {
  return dataReaderOf(APPLICATION, config)
}
