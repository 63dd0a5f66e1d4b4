/** Decoding of records that are not read by a consumer, such as those that a page shows. The application imports this room through this file. */
export { type Decoded, decode } from './decode.ts'
export { PlainLog, plainEvents, plainRecords } from './plain-records.ts'
