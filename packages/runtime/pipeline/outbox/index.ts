/** What leaves a partition: emissions, their positions and origins, and failure records. The application imports this room through this file. */
export { buildRecord } from './outgoing-record.ts'
export { findEmittingRecord, findOriginTopic, formatOrigin, withoutOrigin } from './position.ts'
