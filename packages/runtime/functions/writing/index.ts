/** For functions that write events: what encodes their data. */
export { configureDataWriter, type WritingSettings } from '../../settings/configured-writer.ts'
