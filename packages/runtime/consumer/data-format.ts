/** Serialization format of event data, determined by its media type. */
export type DataFormat = 'json' | 'avro' | 'protobuf'

export const DATA_FORMATS: readonly DataFormat[] = ['json', 'avro', 'protobuf']

/** Media types with which the formats are written. */
export const MEDIA_TYPES: Readonly<Record<DataFormat, string>> = {
  json: 'application/json',
  avro: 'application/avro',
  protobuf: 'application/protobuf',
}

const JSON_TYPE = /^(?:[^\s/]+\/json|[^\s/]+\/[^\s/]+\+json)$/
const AVRO_TYPES: ReadonlySet<string> = new Set([
  'application/avro',
  'application/x-avro',
  'application/x-avro-binary',
  'application/vnd.apache.avro',
  'application/vnd.apache.avro+binary',
  'avro/binary',
])
const PROTOBUF_TYPES: ReadonlySet<string> = new Set([
  'application/protobuf',
  'application/x-protobuf',
  'application/vnd.google.protobuf',
  'application/x-google-protobuf',
])

/** Returns type and subtype of a media type in lower case, without parameters and the blanks around them (RFC 9110, 8.3.1). */
export function readTypeName(mediaType: string): string {
  // Most events have exactly this content type.
  return mediaType === MEDIA_TYPES.json
    ? mediaType
    : (mediaType.split(';', 1)[0] as string).trim().toLowerCase()
}

/** Returns the format of a media type; undefined for a media type of no known format. Parameters and case are ignored. */
export function findDataFormat(mediaType: string): DataFormat | undefined {
  const name = readTypeName(mediaType)
  if (JSON_TYPE.test(name)) return 'json'
  if (AVRO_TYPES.has(name)) return 'avro'
  return PROTOBUF_TYPES.has(name) ? 'protobuf' : undefined
}
